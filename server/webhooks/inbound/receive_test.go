package inbound_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

func mac(secret, message string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(message))
	return h.Sum(nil)
}

func signed(body string) map[string]string {
	return map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac(secret, body))}
}

// A delivery is a webhook as its sender sends it, and what is to be kept of it.
type delivery struct {
	connection                store.Connection
	query, body               string
	header                    map[string]string
	status                    int
	external, subject, ofType string
	unsigned                  string // what to take away or change so that nothing shows whose it is: a header, or "query" or "body"
}

const (
	legacyBody = `{"source":"honeybook","event_type":"client.updated","client_data":{"supplier_id":"barn","id":"c-1","updated_at":"2027-06-01","name":"Ada"}}`
	stripeBody = `{"id":"evt_1","type":"invoice.paid","created":1,"data":{"object":{"id":"in_1"}}}`
	twilioBody = "MessageSid=SM1&SmsStatus=received&From=%2B4915112345678&Body=Hi"
	graphBody  = `{"value":[{"subscriptionId":"s1","clientState":"` + secret + `","changeType":"updated","resource":"Users/1/Messages/2","resourceData":{"id":"2","@odata.etag":"W/\"x\""}}]}`
)

func pubsubBody() string {
	data := base64.URLEncoding.EncodeToString([]byte(`{"emailAddress":"anna@barn.example","historyId":9876543210}`))
	return `{"message":{"data":"` + data + `","messageId":"2070443601311540"},"subscription":"projects/p/subscriptions/s"}`
}

var googleKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// google is what Google publishes.
func google(context.Context) ([]byte, error) {
	k := googleKey()
	return json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "g1",
		"n": base64.RawURLEncoding.EncodeToString(k.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes()),
	}}})
}

func pushToken() string {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": "https://accounts.google.com", "aud": host, "email": "push@p.iam.gserviceaccount.com", "email_verified": true,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	t.Header["kid"] = "g1"
	text, err := t.SignedString(googleKey())
	if err != nil {
		panic(err)
	}
	return "Bearer " + text
}

// deliveries has one of each source.
func deliveries() []delivery {
	twilioURL := host + connection.Path + "/05" + "?x=1"
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(twilioURL + "BodyHi" + "From+4915112345678" + "MessageSidSM1" + "SmsStatusreceived"))
	standardKey, _ := base64.StdEncoding.DecodeString(secret)
	return []delivery{
		{
			connection: of(connection.ClientIntegrations, "01", from("honeybook")), body: legacyBody, header: signed(legacyBody), unsigned: "X-Webhook-Signature",
			external: `object "client.updated" "c-1" "2027-06-01"`, subject: "c-1", ofType: "client.updated",
		},
		{
			connection: of(connection.StandardWebhooks, "02"), body: `{"type":"client.updated","data":{"id":"c-1"}}`, unsigned: "Webhook-Signature",
			header: map[string]string{
				"Webhook-Id": "msg_1", "Webhook-Timestamp": fmt.Sprint(now.Unix()),
				"Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac(string(standardKey), fmt.Sprintf("msg_1.%d.%s", now.Unix(), `{"type":"client.updated","data":{"id":"c-1"}}`))),
			},
			external: "event msg_1", subject: "c-1", ofType: "client.updated",
		},
		{
			connection: of(connection.Timestamped, "03"), body: stripeBody, unsigned: "Stripe-Signature",
			header:   map[string]string{"Stripe-Signature": fmt.Sprintf("t=%d,v1=%x", now.Unix(), mac(secret, fmt.Sprintf("%d.%s", now.Unix(), stripeBody)))},
			external: "event evt_1", subject: "in_1", ofType: "invoice.paid",
		},
		{
			connection: of(connection.GitHub, "04"), body: `{"id":7,"action":"edited"}`, unsigned: "X-Hub-Signature-256",
			header:   map[string]string{"X-Hub-Signature-256": fmt.Sprintf("sha256=%x", mac(secret, `{"id":7,"action":"edited"}`)), "X-GitHub-Delivery": "d-1", "X-GitHub-Event": "issues"},
			external: "event d-1", subject: "7", ofType: "issues",
		},
		{
			connection: of(connection.Twilio, "05"), query: "?x=1", body: twilioBody, unsigned: "X-Twilio-Signature",
			header: map[string]string{"X-Twilio-Signature": base64.StdEncoding.EncodeToString(h.Sum(nil)), "Content-Type": "application/x-www-form-urlencoded"},
			status: 200, external: "event SM1 message received ", subject: "SM1", ofType: "message.received",
		},
		{
			connection: of(connection.Gmail, "06", func(s *connection.Settings) {
				s.Secrets, s.Params.Audience, s.Params.Account = nil, host, "push@p.iam.gserviceaccount.com"
			}),
			body: pubsubBody(), header: map[string]string{"Authorization": pushToken()}, unsigned: "Authorization",
			external: "event projects/p/subscriptions/s 2070443601311540", subject: "anna@barn.example", ofType: "mailbox.changed",
		},
		{
			connection: of(connection.Graph, "07"), body: graphBody, unsigned: "body",
			external: `event s1 updated Users/1/Messages/2 W/"x"`, subject: "Users/1/Messages/2", ofType: "updated",
		},
		{
			connection: of(connection.VSCO, "08", func(s *connection.Settings) { s.Params.APIKey = "k" }), query: "?event=job.created&token=" + signature.URLToken(secret, "08"),
			body: `{"id":"01h35ccwymj5ctckp8px1azhg6","modified":"2027-06-01T00:00:00Z"}`, unsigned: "query",
			external: `object "job.created" "job 01h35ccwymj5ctckp8px1azhg6" "2027-06-01T00:00:00Z"`, subject: "job 01h35ccwymj5ctckp8px1azhg6", ofType: "job.created",
		},
		{
			connection: of(connection.Zapier, "09"), query: "?token=" + signature.URLToken(secret, "09"), body: `{"id":"p-1","name":"Ada"}`,
			header: map[string]string{"X-WedSync-Secret": secret}, unsigned: "X-WedSync-Secret",
			external: "body 503559 " + bodyHash(`{"id":"p-1","name":"Ada"}`), subject: "p-1",
		},
	}
}

func bodyHash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:16])
}

func (d delivery) path() string { return connection.Path + "/" + d.connection.ID + d.query }

func connectionsOf(all []delivery) (connections []store.Connection) {
	for _, d := range all {
		connections = append(connections, d.connection)
	}
	return connections
}

func TestEachSourceIsKeptOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	all := deliveries()
	s := sceneWith(t, google, connectionsOf(all)...)
	for _, d := range all {
		for range 3 {
			w := s.post(d.path(), d.body, d.header)
			if want := max(d.status, 202*(1-d.status/200)); w.Code != want {
				t.Fatalf("%s: %d %s, want %d", d.connection.Source, w.Code, w.Body, want)
			}
			if d.connection.Source == "twilio" && (w.Body.String() != `<?xml version="1.0" encoding="UTF-8"?><Response/>` || w.Header().Get("Content-Type") != "text/xml; charset=utf-8") {
				t.Errorf("Twilio is told %q", w.Body)
			}
		}
		kept := slices.DeleteFunc(s.store.kept(), func(e store.InboxEvent) bool { return e.Connection != d.connection.ID })
		if len(kept) != 1 {
			t.Fatalf("%s: %d events kept", d.connection.Source, len(kept))
		}
		e := kept[0]
		if e.External != d.external || e.Subject != d.subject || e.Type != d.ofType || e.Supplier != "barn" || e.State != store.EventReceived || !e.Due.Equal(now) {
			t.Errorf("%s: kept %q of %q, type %q, %s", d.connection.Source, e.External, e.Subject, e.Type, e.State)
		}
		if strings.Contains(string(e.Header)+string(e.Body), secret) {
			t.Errorf("%s: the secret is kept with the event", d.connection.Source)
		}
		labels := map[string]string{"source": d.connection.Source, "arrival": "known"}
		if n := s.count("wedsync_webhooks_events_total", labels); n != 2 {
			t.Errorf("%s: %v repetitions counted", d.connection.Source, n)
		}
	}
}

func TestWhoShowsNothingIsToldNothing(t *testing.T) {
	t.Parallel()
	all := deliveries()
	s := sceneWith(t, google, connectionsOf(all)...)
	want := s.post(connection.Path+"/00", legacyBody, signed(legacyBody)) // no such connection
	if want.Code != 401 {
		t.Fatalf("%d", want.Code)
	}
	told := func(name, path, body string, header map[string]string) {
		t.Helper()
		got := s.post(path, body, header)
		if got.Code != want.Code || got.Body.String() != want.Body.String() || fmt.Sprint(got.Header()) != fmt.Sprint(want.Header()) {
			t.Errorf("%s is told %d %q %v", name, got.Code, got.Body, got.Header())
		}
	}
	for _, d := range all {
		header, path, body := make(map[string]string), d.path(), d.body
		for k, v := range d.header {
			header[k] = v
		}
		delete(header, d.unsigned)
		if d.unsigned == "query" {
			path = connection.Path + "/" + d.connection.ID
		}
		if d.unsigned == "body" {
			body = strings.ReplaceAll(body, secret, "guess")
		}
		told(d.connection.Source+" without what shows it", path, body, header)
		told(d.connection.Source+" without anything", connection.Path+"/"+d.connection.ID, "x", nil)
	}
	wrong := map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac(another, legacyBody))}
	told("the wrong secret", connection.Path, legacyBody, wrong)
	told("the wrong secret at a connection", connection.Path+"/01", legacyBody, wrong)
	told("no signature", connection.Path, legacyBody, nil)
	stranger := strings.Replace(legacyBody, "barn", "mill", 1)
	told("an unknown supplier", connection.Path, stranger, signed(stranger))
	told("no supplier", connection.Path, `{}`, signed(`{}`))
	told("no JSON", connection.Path, `x`, signed(`x`))
	if kept := s.store.kept(); len(kept) != 0 {
		t.Errorf("%d events are kept", len(kept))
	}
	for labels, least := range map[[2]string]float64{{"client-integrations", "wrong"}: 2, {"client-integrations", "missing"}: 3, {"unknown", "unknown"}: 4, {"twilio", "missing"}: 2} {
		if n := s.count("wedsync_webhooks_requests_total", map[string]string{"source": labels[0], "result": labels[1]}); n < least {
			t.Errorf("%v: counted %v, want %v", labels, n, least)
		}
	}
}

func TestLegacyRequestGoesToTheConnectionThatSignedItAndTakesItsSource(t *testing.T) {
	t.Parallel()
	second := of(connection.ClientIntegrations, "02", from("tave"), func(s *connection.Settings) { s.Secrets[0].Value = another })
	mill := of(connection.ClientIntegrations, "03", from("*"))
	mill.Supplier = "mill"
	s := newScene(t, of(connection.ClientIntegrations, "01", from("honeybook")), second, mill, of(connection.Zapier, "04"))
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 202 {
		t.Fatalf("%d", w.Code)
	}
	tave := strings.Replace(legacyBody, "honeybook", "tave", 1)
	if w := s.post(connection.Path, tave, map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac(another, tave))}); w.Code != 202 {
		t.Fatalf("%d", w.Code)
	}
	// A source that nobody has spoken of, with a good signature, is kept all the same.
	if w := s.post(connection.Path, tave, signed(tave)); w.Code != 202 {
		t.Fatalf("%d", w.Code)
	}
	var got []string
	for _, e := range s.store.kept() {
		got = append(got, fmt.Sprintf("%s %q %s", e.Supplier, e.Connection, e.State))
	}
	if want := []string{`barn "01" received`, `barn "02" received`, `barn "" unrouted`}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	s.receiver.Close()
	if len(s.store.jobs) != 2 {
		t.Errorf("%d jobs, want none for what is unrouted", len(s.store.jobs))
	}
}

func TestBothSecretsWorkUntilTheOlderOneEnds(t *testing.T) {
	t.Parallel()
	for overlap, want := range map[time.Duration]int{time.Hour: 202, 0: 401} {
		c := of(connection.ClientIntegrations, "01", from("*"), func(s *connection.Settings) {
			s.Secrets[0].Created = now.Add(-48 * time.Hour)
			s.Rotate(connection.Secret{ID: "2", Value: another, Created: now.Add(-time.Minute)}, overlap)
		})
		s := newScene(t, c)
		if w := s.post(connection.Path+"/01", legacyBody, signed(legacyBody)); w.Code != want {
			t.Errorf("the older one, overlap %v: %d", overlap, w.Code)
		}
		newer := map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac(another, legacyBody))}
		if w := s.post(connection.Path+"/01", legacyBody, newer); w.Code != 202 {
			t.Errorf("the newer one, overlap %v: %d", overlap, w.Code)
		}
	}
}

func TestPausedConnectionTellsItsSenderAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*"), func(s *connection.Settings) { s.Paused = true }))
	for _, path := range []string{connection.Path, connection.Path + "/01"} {
		if w := s.post(path, legacyBody, signed(legacyBody)); w.Code != 410 {
			t.Errorf("%s: its sender is told %d", path, w.Code)
		}
		if w := s.post(path, legacyBody, nil); w.Code != 401 {
			t.Errorf("%s: another is told %d", path, w.Code)
		}
	}
	if len(s.store.kept()) != 0 {
		t.Error("something is kept")
	}
}

func TestLargeRequestIsRefusedWhoeverSendsIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*")))
	body := `{"client_data":{"supplier_id":"barn","notes":"` + strings.Repeat("x", inbound.MaxBody) + `"}}`
	if w := s.post(connection.Path, body, signed(body)); w.Code != 413 {
		t.Errorf("%d", w.Code)
	}
	fits := `{"client_data":{"supplier_id":"barn","notes":"` + strings.Repeat("x", inbound.MaxBody-50) + `"}}`
	if w := s.post(connection.Path, fits, signed(fits)); len(fits) > inbound.MaxBody || w.Code != 202 {
		t.Errorf("%d bytes: %d", len(fits), w.Code)
	}
}

func TestGraphIsAnsweredWhatItAsks(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.Graph, "07"), of(connection.Zapier, "09"))
	token := `Validation: Testing client application reachability for subscription <b>&amp;`
	w := s.post(connection.Path+"/07?validationToken="+url.QueryEscape(token), "", nil)
	if w.Code != 200 || w.Body.String() != token || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	for _, path := range []string{"/09", "/00", ""} {
		if w := s.post(connection.Path+path+"?validationToken=x", "", nil); w.Code != 401 || strings.Contains(w.Body.String(), "x-x") {
			t.Errorf("%q answers %d %q", path, w.Code, w.Body)
		}
	}
	body := `{"value":[
		{"subscriptionId":"s1","clientState":"` + secret + `","changeType":"created","resource":"Users/1/Messages/2","resourceData":{"@odata.etag":"1"}},
		{"subscriptionId":"s1","clientState":"` + secret + `","changeType":"updated","resource":"Users/1/Messages/2","resourceData":{"@odata.etag":"1"}},
		{"subscriptionId":"s1","clientState":"` + secret + `","lifecycleEvent":"reauthorizationRequired"}]}`
	if w := s.post(connection.Path+"/07", body, nil); w.Code != 202 {
		t.Fatalf("%d", w.Code)
	}
	var got []string
	for _, e := range s.store.kept() {
		got = append(got, e.Type+" of "+e.Subject)
		if strings.Contains(string(e.Body), secret) {
			t.Errorf("the client state is kept: %s", e.Body)
		}
	}
	if want := []string{"created of Users/1/Messages/2", "updated of Users/1/Messages/2", "lifecycle.reauthorizationRequired of subscription s1"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestNothingIsAcceptedBeforeItIsKept(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*")))
	s.store.fail = store.ErrUnavailable
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 503 {
		t.Errorf("the store fails: %d", w.Code)
	}
	s.store.fail, s.store.most = nil, 1
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 202 {
		t.Errorf("%d", w.Code)
	}
	more := strings.Replace(legacyBody, "c-1", "c-2", 1)
	if w := s.post(connection.Path, more, signed(more)); w.Code != 503 {
		t.Errorf("the inbox is full: %d", w.Code)
	}
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 202 {
		t.Errorf("what is known is accepted also then: %d", w.Code)
	}
}

func TestJobThatCannotBePutIsNotTheSendersBusiness(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*")))
	s.store.failJobs = errors.New("the disk of jobs is full")
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 202 {
		t.Errorf("%d", w.Code)
	}
	<-s.store.rung
	if kept := s.store.kept(); len(kept) != 1 || kept[0].State != store.EventReceived || !kept[0].Due.Equal(now) {
		t.Errorf("kept %+v, want one that the sweep finds", kept)
	}
}

func TestClosingKeepsWhatHasCome(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*")))
	s.store.gate = make(chan struct{}, 1)
	answered := make(chan int)
	go func() { answered <- s.post(connection.Path, legacyBody, signed(legacyBody)).Code }() // ends below
	s.store.gate <- struct{}{}
	if code := <-answered; code != 202 {
		t.Errorf("%d", code)
	}
	s.receiver.Close()
	if len(s.store.kept()) != 1 || len(s.store.jobs) != 1 {
		t.Errorf("%d events, %d jobs", len(s.store.kept()), len(s.store.jobs))
	}
	if w := s.post(connection.Path, legacyBody, signed(legacyBody)); w.Code != 503 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// A cut is a body that ends before its end.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestRequestThatIsCutOffIsNoEvent(t *testing.T) {
	t.Parallel()
	s := newScene(t, of(connection.ClientIntegrations, "01", from("*")))
	r := httptest.NewRequest("POST", host+connection.Path, cut{})
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	if w.Code != 400 || s.count("wedsync_webhooks_requests_total", map[string]string{"source": "unknown", "result": "cut_off"}) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
