package signature_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/server/webhooks/signature"
)

var now = time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)

const (
	secret  = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	renewed = "plJ3nmyCDGBKInavdOK15jsl2LaLaSwM"
	body    = `{"value":[{"clientState":"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]}`
	url     = "https://hub.example.com/api/webhooks/client-integrations/01J?token=d6"
)

// A scheme is a way to sign, and what can be tried against it.
type scheme struct {
	name    string
	sign    func(secret, body string, at time.Time) signature.Request
	verify  func(signature.Request, []string) (signature.Signed, error)
	header  string // that has the signature; empty if none has
	timed   bool   // the time is signed
	body    bool   // the body is signed
	several bool   // there may be several signatures
	garbled string // the signature in another encoding
}

func mac(secret, message string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(message))
	return h.Sum(nil)
}

func request(body string, values map[string]string) signature.Request {
	return signature.Request{Header: headers(values), URL: url, Body: []byte(body), Now: now}
}

var schemes = []scheme{
	{
		name: "client-integrations", header: "X-Webhook-Signature", body: true,
		garbled: base64.StdEncoding.EncodeToString(mac(secret, body)),
		sign: func(secret, body string, _ time.Time) signature.Request {
			return request(body, map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac(secret, body))})
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.HMAC(r, "x-webhook-signature", "", secrets)
		},
	},
	{
		name: "GitHub", header: "X-Hub-Signature-256", body: true,
		garbled: hex.EncodeToString(mac(secret, body)), // without its prefix
		sign: func(secret, body string, _ time.Time) signature.Request {
			return request(body, map[string]string{"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac(secret, body))})
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.HMAC(r, "X-Hub-Signature-256", "sha256=", secrets)
		},
	},
	{
		name: "Standard Webhooks", header: "Webhook-Signature", timed: true, body: true, several: true,
		garbled: "v1," + hex.EncodeToString(mac(key(secret), fmt.Sprintf("msg_1.%d.%s", now.Unix(), body))),
		sign: func(secret, body string, at time.Time) signature.Request {
			signed := mac(key(secret), fmt.Sprintf("msg_1.%d.%s", at.Unix(), body))
			return request(body, map[string]string{
				"Webhook-Id": "msg_1", "Webhook-Timestamp": fmt.Sprint(at.Unix()), "Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(signed),
			})
		},
		verify: signature.Standard,
	},
	{
		name: "Stripe", header: "Stripe-Signature", timed: true, body: true, several: true,
		garbled: fmt.Sprintf("t=%d,v1=%s", now.Unix(), base64.StdEncoding.EncodeToString(mac(secret, fmt.Sprintf("%d.%s", now.Unix(), body)))),
		sign: func(secret, body string, at time.Time) signature.Request {
			return request(body, map[string]string{"Stripe-Signature": fmt.Sprintf("t=%d,v1=%x", at.Unix(), mac(secret, fmt.Sprintf("%d.%s", at.Unix(), body)))})
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.Timestamped(r, "Stripe-Signature", secrets)
		},
	},
	{
		name: "Twilio", header: "X-Twilio-Signature", body: true,
		garbled: hex.EncodeToString(twilioMAC(secret, url+body)),
		sign: func(secret, body string, _ time.Time) signature.Request { // a form of one name without a value
			return request(body, map[string]string{"X-Twilio-Signature": base64.StdEncoding.EncodeToString(twilioMAC(secret, url+body))})
		},
		verify: signature.Twilio,
	},
	{
		name: "Pub/Sub", header: "Authorization", timed: true,
		garbled: "Bearer " + base64.StdEncoding.EncodeToString([]byte(pushToken(secret, now))),
		sign: func(secret, body string, at time.Time) signature.Request {
			return request(body, map[string]string{"Authorization": "Bearer " + pushToken(secret, at)})
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.PubSub(r, signature.Pusher{Audience: "https://hub.example.com", EMail: "push@project.iam.gserviceaccount.com"}, published(secrets))
		},
	},
	{
		name: "Microsoft Graph",
		sign: func(secret, _ string, _ time.Time) signature.Request {
			return request(`{"value":[{"clientState":"`+secret+`"}]}`, nil)
		},
		verify: signature.ClientState,
	},
	{
		name: "secret URL", sign: func(secret, body string, _ time.Time) signature.Request {
			r := request(body, nil)
			r.URL = "https://hub.example.com/x?token=" + signature.URLToken(secret, "01J")
			return r
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.Secret(r, "01J", "", secrets)
		},
	},
	{
		name: "secret URL and header", header: "X-Wedsync-Secret", garbled: base64.StdEncoding.EncodeToString([]byte(secret)),
		sign: func(secret, body string, _ time.Time) signature.Request {
			r := request(body, map[string]string{"X-Wedsync-Secret": secret})
			r.URL = "https://hub.example.com/x?token=" + signature.URLToken(secret, "01J")
			return r
		},
		verify: func(r signature.Request, secrets []string) (signature.Signed, error) {
			return signature.Secret(r, "01J", "x-wedsync-secret", secrets)
		},
	},
}

// key is a secret of Standard Webhooks as bytes.
func key(secret string) string {
	b, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func twilioMAC(secret, text string) []byte {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// keysOf are Google's keys: each secret has its own.
var keysOf = func() func(secret string) *rsa.PrivateKey {
	var mu sync.Mutex
	made := make(map[string]*rsa.PrivateKey)
	return func(secret string) *rsa.PrivateKey {
		mu.Lock()
		defer mu.Unlock()
		if made[secret] == nil {
			k, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			made[secret] = k
		}
		return made[secret]
	}
}()

func pushClaims(at time.Time) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://accounts.google.com", "aud": "https://hub.example.com", "sub": "113774264463038321964",
		"email": "push@project.iam.gserviceaccount.com", "email_verified": true,
		"iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
	}
}

func pushToken(secret string, at time.Time) string { return signedBy(secret, pushClaims(at)) }

func signedBy(secret string, claims jwt.MapClaims) string {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = secret
	text, err := t.SignedString(keysOf(secret))
	if err != nil {
		panic(err)
	}
	return text
}

// published finds the key of a token, as Google publishes them.
func published(secrets []string) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) {
		if kid, _ := t.Header["kid"].(string); slices.Contains(secrets, kid) {
			return &keysOf(kid).PublicKey, nil
		}
		return nil, signature.Wrong
	}
}

func reasonOf(err error) signature.Reason {
	var r signature.Reason
	if err != nil && !errors.As(err, &r) {
		return signature.Reason("no reason: " + err.Error())
	}
	return r
}

// TestSchemesRefuseAllButWhatTheSenderSigned is the table of all schemes and all
// that can be wrong with a request.
func TestSchemesRefuseAllButWhatTheSenderSigned(t *testing.T) {
	both := []string{renewed, secret}
	for _, s := range schemes {
		for _, c := range []struct {
			name    string
			skip    bool
			request func() signature.Request
			secrets []string
			want    signature.Reason
		}{
			{name: "right", secrets: []string{secret}},
			{name: "one of two secrets", secrets: both},
			{name: "the other of two secrets", secrets: both, request: func() signature.Request { return s.sign(renewed, body, now) }},
			{name: "the same again", secrets: both}, // known by its id, see package inbound
			{name: "no secret", secrets: nil, want: signature.Wrong},
			{name: "wrong secret", secrets: []string{renewed}, want: signature.Wrong},
			{
				name: "changed body", skip: !s.body, secrets: both, want: signature.Wrong,
				request: func() signature.Request {
					r := s.sign(secret, body, now)
					r.Body = []byte(strings.Replace(body, "value", "valve", 1))
					return r
				},
			},
			{
				name: "old timestamp", skip: !s.timed, secrets: both, want: signature.Untimely,
				request: func() signature.Request { return s.sign(secret, body, now.Add(-2*time.Hour)) },
			},
			{
				name: "timestamp at the edge", skip: !s.timed || s.name == "Pub/Sub", secrets: both,
				request: func() signature.Request { return s.sign(secret, body, now.Add(-signature.Tolerance)) },
			},
			{
				name: "timestamp beyond the edge", skip: !s.timed || s.name == "Pub/Sub", secrets: both, want: signature.Untimely,
				request: func() signature.Request { return s.sign(secret, body, now.Add(-signature.Tolerance-time.Second)) },
			},
			{
				name: "future timestamp", skip: !s.timed, secrets: both, want: signature.Untimely,
				request: func() signature.Request { return s.sign(secret, body, now.Add(signature.Tolerance+time.Second)) },
			},
			{
				name: "missing header", skip: s.header == "", secrets: both, want: signature.Missing,
				request: func() signature.Request {
					r := s.sign(secret, body, now)
					delete(r.Header, s.header)
					return r
				},
			},
			{
				name: "empty header", skip: s.header == "", secrets: both, want: signature.Missing,
				request: func() signature.Request {
					r := s.sign(secret, body, now)
					r.Header[s.header] = []string{""}
					return r
				},
			},
			{
				name: "two headers", skip: s.header == "", secrets: both, want: signature.Malformed,
				request: func() signature.Request {
					r := s.sign(secret, body, now)
					r.Header[s.header] = append(r.Header[s.header], r.Header[s.header]...)
					return r
				},
			},
			{
				name: "two signatures, the second ours", skip: !s.several, secrets: []string{secret},
				request: func() signature.Request { return s.twice(renewed, secret) },
			},
			{
				name: "two signatures, none ours", skip: !s.several, secrets: []string{secret}, want: signature.Wrong,
				request: func() signature.Request { return s.twice(renewed, renewed) },
			},
			{
				name: "wrong encoding", skip: s.header == "", secrets: both, want: signature.Malformed,
				request: func() signature.Request {
					r := s.sign(secret, body, now)
					r.Header[s.header] = []string{s.garbled}
					return r
				},
			},
		} {
			if c.skip {
				continue
			}
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				r := s.sign(secret, body, now)
				if c.request != nil {
					r = c.request()
				}
				_, err := s.verify(r, c.secrets)
				if got := reasonOf(err); got != c.want && !(c.name == "wrong encoding" && got == signature.Wrong) {
					t.Errorf("%q, want %q", got, c.want)
				}
				if err != nil && err.Error() != signature.Wrong.Error() {
					t.Errorf("the error tells %q", err)
				}
			})
		}
	}
}

// twice is a request with the signatures of two secrets.
func (s scheme) twice(first, second string) signature.Request {
	r, other := s.sign(first, body, now), s.sign(second, body, now)
	separator, added := " ", other.Header[s.header][0]
	if s.name == "Stripe" {
		_, added, _ = strings.Cut(added, ",")
		separator = ","
	}
	r.Header = maps.Clone(r.Header)
	r.Header[s.header] = []string{r.Header[s.header][0] + separator + added}
	return r
}

func TestStandardSignsItsID(t *testing.T) {
	r := schemes[2].sign(secret, body, now)
	if signed, err := signature.Standard(r, []string{"whsec_" + secret}); err != nil || signed.ID != "msg_1" || !signed.At.Equal(now) {
		t.Errorf("%+v, %v", signed, err)
	}
	for id, want := range map[string]signature.Reason{"msg_2": signature.Wrong, "": signature.Missing, "msg.1": signature.Malformed} {
		r.Header["Webhook-Id"] = []string{id}
		if _, err := signature.Standard(r, []string{secret}); reasonOf(err) != want {
			t.Errorf("id %q: %q, want %q", id, reasonOf(err), want)
		}
	}
}

func TestTwilioSignsEveryValueOfAName(t *testing.T) {
	const form = "MediaUrl=a&MediaUrl=b&Body=x"
	r := request(form, nil)
	r.Header["X-Twilio-Signature"] = []string{base64.StdEncoding.EncodeToString(twilioMAC(secret, url+"Bodyx"+"MediaUrla"+"MediaUrlb"))}
	if _, err := signature.Twilio(r, []string{secret}); err != nil {
		t.Errorf("%q", reasonOf(err))
	}
	r.Body = []byte(form + "&Body=y")
	if _, err := signature.Twilio(r, []string{secret}); reasonOf(err) != signature.Wrong {
		t.Errorf("with a second value: %q", reasonOf(err))
	}
	r = schemes[4].sign(secret, body, now)
	r.URL += "&more=1"
	if _, err := signature.Twilio(r, []string{secret}); reasonOf(err) != signature.Wrong {
		t.Errorf("at another URL: %q", reasonOf(err))
	}
}

func TestPushIsOfTheSubscriptionThatIsMeant(t *testing.T) {
	pusher := signature.Pusher{Audience: "https://hub.example.com", EMail: "push@project.iam.gserviceaccount.com"}
	for name, change := range map[string]func(jwt.MapClaims){
		"another audience":      func(c jwt.MapClaims) { c["aud"] = "https://other.example.com" },
		"no audience":           func(c jwt.MapClaims) { delete(c, "aud") },
		"another account":       func(c jwt.MapClaims) { c["email"] = "push@other.iam.gserviceaccount.com" },
		"an unverified account": func(c jwt.MapClaims) { c["email_verified"] = false },
		"another issuer":        func(c jwt.MapClaims) { c["iss"] = "https://accounts.example.com" },
		"no end":                func(c jwt.MapClaims) { delete(c, "exp") },
	} {
		claims := pushClaims(now)
		change(claims)
		r := request(body, map[string]string{"Authorization": "Bearer " + signedBy(secret, claims)})
		if _, err := signature.PubSub(r, pusher, published([]string{secret})); reasonOf(err) != signature.Wrong {
			t.Errorf("%s: %q", name, reasonOf(err))
		}
	}
	forged, err := jwt.NewWithClaims(jwt.SigningMethodHS256, pushClaims(now)).SignedString([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	r := request(body, map[string]string{"Authorization": "Bearer " + forged})
	if _, err := signature.PubSub(r, pusher, func(*jwt.Token) (any, error) { return []byte("x"), nil }); reasonOf(err) != signature.Wrong {
		t.Errorf("HS256: %q", reasonOf(err))
	}
	r = request(body, map[string]string{"Authorization": "Bearer " + pushToken(secret, now)})
	if _, err := signature.PubSub(r, signature.Pusher{}, published([]string{secret})); reasonOf(err) != signature.Wrong {
		t.Errorf("nobody in particular: %q", reasonOf(err))
	}
	unreachable := errors.New("unreachable")
	if _, err := signature.PubSub(r, pusher, func(*jwt.Token) (any, error) { return nil, unreachable }); err != unreachable {
		t.Errorf("without keys: %v", err)
	}
}

func TestEveryNotificationNeedsTheClientState(t *testing.T) {
	for body, want := range map[string]signature.Reason{
		`{"value":[{"clientState":"` + secret + `"},{"clientState":"` + renewed + `"}]}`: "",
		`{"value":[{"clientState":"` + secret + `"},{"clientState":"x"}]}`:               signature.Wrong,
		`{"value":[{"clientState":"` + secret + `"},{}]}`:                                signature.Missing,
		`{"value":[]}`: signature.Missing,
		`{}`:           signature.Missing,
		`[]`:           signature.Malformed,
		`{"value":[` + strings.Repeat(`{},`, signature.MaxNotifications) + `{}]}`: signature.Malformed,
	} {
		if _, err := signature.ClientState(request(body, nil), []string{secret, renewed}); reasonOf(err) != want {
			t.Errorf("%.60s: %q, want %q", body, reasonOf(err), want)
		}
	}
}

func TestSecretURLIsThatOfOneConnection(t *testing.T) {
	r := schemes[8].sign(secret, body, now)
	if _, err := signature.Secret(r, "01K", "X-Wedsync-Secret", []string{secret}); reasonOf(err) != signature.Wrong {
		t.Errorf("%q", reasonOf(err))
	}
	r.Header["X-Wedsync-Secret"] = []string{renewed}
	if _, err := signature.Secret(r, "01J", "X-Wedsync-Secret", []string{secret, renewed}); reasonOf(err) != signature.Wrong {
		t.Errorf("a header of another secret than the URL's: %q", reasonOf(err))
	}
	r.URL += "&token=x"
	if _, err := signature.Secret(r, "01J", "", []string{secret}); reasonOf(err) != signature.Malformed {
		t.Errorf("two tokens: %q", reasonOf(err))
	}
}

func TestSecretsOfStandardWebhooksAreOfTheLengthItAsksFor(t *testing.T) {
	for secret, want := range map[string]bool{
		"whsec_" + secret: true, secret: true, "whsec_": false, "whsec_YWJj": false, "not base64!": false,
		base64.StdEncoding.EncodeToString(make([]byte, 65)): false,
	} {
		if signature.CheckStandard(secret) != want {
			t.Errorf("%q: %v", secret, !want)
		}
	}
}

// FuzzSchemes feeds every scheme whatever may come over the wire.
func FuzzSchemes(f *testing.F) {
	for i, s := range schemes {
		r := s.sign(secret, body, now)
		var value string
		if s.header != "" {
			value = r.Header[s.header][0]
		}
		f.Add(uint8(i), value, fmt.Sprint(now.Unix()), r.URL, r.Body)
	}
	f.Fuzz(func(t *testing.T, which uint8, value, other, url string, body []byte) {
		s := schemes[int(which)%len(schemes)]
		r := signature.Request{Header: map[string][]string{"Webhook-Id": {other}, "Webhook-Timestamp": {other}}, URL: url, Body: body, Now: now}
		if s.header != "" {
			r.Header[s.header] = []string{value}
		}
		before := string(body)
		if _, err := s.verify(r, nil); reasonOf(err) == "" || err.Error() != signature.Wrong.Error() {
			t.Errorf("%s without a secret: %v", s.name, err)
		}
		_, _ = s.verify(r, []string{secret, renewed}) // must return
		if string(body) != before {
			t.Errorf("%s changed the body", s.name)
		}
	})
}
