package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"wedsync/server/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A keyPair is one key of an issuer.
type keyPair struct {
	kid, alg string
	private  crypto.Signer
}

func newRSA(t testing.TB, kid string) *keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &keyPair{kid, "RS256", key}
}

func newEC(t testing.TB, kid string) *keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &keyPair{kid, "ES256", key}
}

func (k *keyPair) public() *rsa.PublicKey { return k.private.Public().(*rsa.PublicKey) }

func (k *keyPair) jwk() map[string]string {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	jwk := map[string]string{"kid": k.kid, "alg": k.alg, "use": "sig"}
	if k.alg == "" {
		delete(jwk, "alg")
	}
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", number(key.N), number(big.NewInt(int64(key.E)))
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err) // it was just made
		}
		jwk["kty"], jwk["crv"] = "EC", "P-256"
		jwk["x"], jwk["y"] = base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
	}
	return jwk
}

func jwksOf(keys ...*keyPair) string {
	list := make([]map[string]string, len(keys))
	for i, k := range keys {
		list[i] = k.jwk()
	}
	b, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		panic(err) // only texts
	}
	return string(b)
}

// signAs signs claims under the name of a key; nil names none.
func signAs(t *testing.T, method jwt.SigningMethod, key, kid any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != nil {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// sign signs claims that are good with a key.
func (k *keyPair) sign(t *testing.T, tokens *Tokens) string {
	t.Helper()
	return signAs(t, jwt.GetSigningMethod(k.alg), k.private, k.kid, claimsOf(tokens, func(jwt.MapClaims) {}))
}

// A fakeIssuer serves a JWKS on this machine, well or badly.
type fakeIssuer struct {
	url string

	mu      sync.Mutex
	body    string
	status  int
	asked   int
	strange string        // a path that is none of ours and was asked for
	hold    chan struct{} // if not nil, answers wait for it
}

func serveKeys(t *testing.T, keys ...*keyPair) *fakeIssuer {
	t.Helper()
	f := &fakeIssuer{body: jwksOf(keys...), status: http.StatusOK}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *fakeIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	body, status, hold := f.body, f.status, f.hold
	if f.asked++; r.URL.Path != "/keys" {
		f.strange = r.URL.Path
	}
	f.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// answer is what is answered from now on.
func (f *fakeIssuer) answer(status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.body = status, body
}

func (f *fakeIssuer) jwks() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.body
}

func (f *fakeIssuer) strayed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.strange
}

// fetch is how a hub gets the JWKS.
func (f *fakeIssuer) fetch(t *testing.T) func(context.Context) ([]byte, error) {
	t.Helper()
	c := outbound.New(outbound.Options{AllowPrivate: true, Answer: MaxJWKS, Within: time.Second})
	t.Cleanup(c.Close)
	return func(ctx context.Context) ([]byte, error) { return c.Get(ctx, f.url+"/keys") }
}

// run runs keys until the test ends.
func run(t *testing.T, fetch func(context.Context) ([]byte, error)) *Keys {
	t.Helper()
	k, err := NewKeys(fetch, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return k
}

// withKeys is the hub's tokens beside those of an issuer that serves keys.
func withKeys(t *testing.T, keys ...*keyPair) (*Tokens, *fakeIssuer) {
	t.Helper()
	f := serveKeys(t, keys...)
	tokens, _ := trusting(t, Issuer{Keys: run(t, f.fetch(t))})
	return tokens, f
}

func TestFaultyJWKSLeavesTheKeysThatWereRead(t *testing.T) {
	old, next := newRSA(t, "old"), newEC(t, "new")
	for name, body := range map[string]string{
		"nothing":             "",
		"garbage":             "<html>Bad gateway</html>",
		"no object":           `["keys"]`,
		"an object":           `{}`,
		"an error":            `{"error":"internal"}`,
		"keys are null":       `{"keys":null}`,
		"keys are a text":     `{"keys":"none"}`,
		"keys are nothing":    `{"keys":[null,7,"x",[],{}]}`,
		"half":                jwksOf(next)[:60],
		"two":                 jwksOf(next) + jwksOf(next),
		"too many":            jwksOf(many(next, maxKeys+1)...),
		"symmetric":           `{"keys":[{"kty":"oct","kid":"new","k":"` + base64.RawURLEncoding.EncodeToString(shared) + `","alg":"HS256"}]}`,
		"for encryption":      strings.ReplaceAll(jwksOf(next), `"sig"`, `"enc"`),
		"not on the curve":    strings.ReplaceAll(jwksOf(next), next.jwk()["x"], next.jwk()["y"]),
		"another algorithm":   strings.ReplaceAll(jwksOf(next), "ES256", "HS256"),
		"another's algorithm": strings.ReplaceAll(jwksOf(next), "ES256", "RS256"),
		"without a name":      strings.ReplaceAll(jwksOf(next), `"kid":"new"`, `"kid":""`),
	} {
		t.Run(name, func(t *testing.T) {
			keys := read(t, jwksOf(old))
			keys.fetch = func(context.Context) ([]byte, error) { return []byte(body), nil }
			if err := keys.read(t.Context()); err == nil {
				t.Error("the fault was not noticed")
			}
			tokens, _ := trusting(t, Issuer{Keys: keys})
			if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); err != nil {
				t.Errorf("the key that was known: %v", err)
			}
		})
	}
}

// read is keys that were read once.
func read(t *testing.T, body string) *Keys {
	t.Helper()
	k, err := NewKeys(func(context.Context) ([]byte, error) { return []byte(body), nil }, slog.New(slog.DiscardHandler))
	if err == nil {
		err = k.read(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// many is n keys of different names.
func many(k *keyPair, n int) []*keyPair {
	all := make([]*keyPair, n)
	for i := range all {
		all[i] = &keyPair{fmt.Sprint(i), k.alg, k.private}
	}
	return all
}

func TestUsableKeysAreTakenBesideOthers(t *testing.T) {
	good := newEC(t, "good")
	var list struct{ Keys []any }
	if err := json.Unmarshal([]byte(jwksOf(good)), &list); err != nil {
		t.Fatal(err)
	}
	weak := map[string]any{"kty": "RSA", "kid": "weak", "n": base64.RawURLEncoding.EncodeToString(make([]byte, 127)) + "_w", "e": "AQAB"}
	list.Keys = append([]any{nil, "x", map[string]any{"kty": "oct", "k": "AAAA", "kid": "good"}, weak, map[string]any{"kty": "OKP", "crv": "Ed448"}}, list.Keys...)
	body, err := json.Marshal(map[string]any{"keys": list.Keys})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := parseKeys(body)
	if err != nil || len(keys) != 1 || keys[0].Marshal().KID != "good" {
		t.Errorf("got %d keys, %v, want the good one", len(keys), err)
	}
}

func TestIssuerThatSaysItHasNoKeysIsBelieved(t *testing.T) {
	old := newEC(t, "old")
	keys := read(t, jwksOf(old))
	keys.fetch = func(context.Context) ([]byte, error) { return []byte(`{"keys":[]}`), nil }
	if err := keys.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	tokens, _ := trusting(t, Issuer{Keys: keys})
	if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); !errors.Is(err, ErrBadToken) {
		t.Errorf("the key that was withdrawn: %v, want ErrBadToken", err)
	}
}

func TestKeysOfAnIssuerThatIsDownStayInUse(t *testing.T) {
	old, next := newRSA(t, "old"), newEC(t, "new")
	tokens, issuer := withKeys(t, old)
	if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func(){
		"broken": func() { issuer.answer(http.StatusInternalServerError, "oops") },
		"huge":   func() { issuer.answer(http.StatusOK, strings.Repeat("x", MaxJWKS+1)) },
		"gone":   func() { issuer.answer(http.StatusNotFound, jwksOf(next)) },
	} {
		fault()
		keys := tokens.issuers[1].Keys
		if err := keys.replace(t.Context()); err == nil {
			t.Errorf("%s: the fault was not noticed", name)
		}
		if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); err != nil {
			t.Errorf("%s: the key that was known: %v", name, err)
		}
	}
}

func TestTokenOfAnIssuerThatNeverAnsweredIsNeitherGoodNorBad(t *testing.T) {
	key := newRSA(t, "rsa")
	f := serveKeys(t, key)
	f.answer(http.StatusInternalServerError, "")
	tokens, _ := trusting(t, Issuer{Keys: run(t, f.fetch(t))})
	if _, err := tokens.Session(t.Context(), key.sign(t, tokens)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if got, err := tokens.Session(t.Context(), mint(t, tokens, olga)); err != nil || got.Principal != olga {
		t.Errorf("the hub's own token: %+v, %v", got, err)
	}
}

func TestSlowIssuerHoldsUpItsOwnTokensAlone(t *testing.T) {
	key := newRSA(t, "rsa")
	f := serveKeys(t, key)
	f.hold = make(chan struct{})
	tokens, _ := trusting(t, Issuer{Keys: run(t, f.fetch(t))})
	theirs := make(chan error)
	go func() { // ends once the issuer answers
		_, err := tokens.Session(t.Context(), key.sign(t, tokens))
		theirs <- err
	}()
	if _, err := tokens.Session(t.Context(), mint(t, tokens, olga)); err != nil {
		t.Errorf("the hub's own token: %v", err)
	}
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tokens.Session(hurried, key.sign(t, tokens)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("whose caller does not wait: %v, want ErrUnavailable", err)
	}
	close(f.hold)
	if err := <-theirs; err != nil {
		t.Errorf("once it answers: %v", err)
	}
}

// A script is an issuer on fake time.
type script struct {
	began time.Time

	mu    sync.Mutex
	body  string
	err   error
	asked []time.Duration // since the beginning
}

func (s *script) fetch(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Since(s.began))
	return []byte(s.body), s.err
}

// answer is what is answered from now on.
func (s *script) answer(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body, s.err = body, nil
}

// onFakeTime runs a story about an issuer. Its tokens' clock is the fake one.
func onFakeTime(t *testing.T, s *script, story func(t *testing.T, tokens *Tokens)) {
	synctest.Test(t, func(t *testing.T) {
		s.began = time.Now()
		tokens, err := New(secret, time.Now).Trust(Issuer{Keys: run(t, s.fetch)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		story(t, tokens)
	})
}

func wantAsked(t *testing.T, s *script, want ...time.Duration) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if fmt.Sprint(s.asked) != fmt.Sprint(want) {
		t.Errorf("the issuer was asked after %v, want %v", s.asked, want)
	}
}

func TestRotatedKeysAreTakenWhenATokenNamesThem(t *testing.T) {
	old, next := newRSA(t, "old"), newEC(t, "new")
	s := &script{body: jwksOf(old)}
	onFakeTime(t, s, func(t *testing.T, tokens *Tokens) {
		time.Sleep(time.Minute)
		s.answer(jwksOf(old, next))
		if _, err := tokens.Session(t.Context(), next.sign(t, tokens)); err != nil {
			t.Errorf("the new key: %v", err)
		}
		if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); err != nil {
			t.Errorf("the old key while it is published: %v", err)
		}
		wantAsked(t, s, 0, time.Minute)
		s.answer(jwksOf(next))
		time.Sleep(readEvery)
		synctest.Wait()
		if _, err := tokens.Session(t.Context(), old.sign(t, tokens)); !errors.Is(err, ErrBadToken) {
			t.Errorf("the old key once it is not: %v, want ErrBadToken", err)
		}
	})
}

func TestUnknownKeysDoNotMakeTheHubAskWithoutEnd(t *testing.T) {
	known, unknown := newEC(t, "known"), newEC(t, "unknown")
	s := &script{body: jwksOf(known)}
	onFakeTime(t, s, func(t *testing.T, tokens *Tokens) {
		time.Sleep(time.Minute)
		for range 100 {
			if _, err := tokens.Session(t.Context(), unknown.sign(t, tokens)); !errors.Is(err, ErrBadToken) {
				t.Fatalf("got %v, want ErrBadToken", err)
			}
		}
		wantAsked(t, s, 0, time.Minute)
		time.Sleep(unknownRest)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { _, _ = tokens.Session(t.Context(), unknown.sign(t, tokens)) })
		}
		all.Wait()
		wantAsked(t, s, 0, time.Minute, time.Minute+unknownRest)
	})
}

func TestIssuerThatIsDownIsAskedLessAndLessOften(t *testing.T) {
	key := newEC(t, "key")
	s := &script{err: errors.New("connection refused")}
	onFakeTime(t, s, func(t *testing.T, tokens *Tokens) {
		time.Sleep(time.Minute)
		wantAsked(t, s, 0, 5*time.Second, 15*time.Second, 35*time.Second)
		if _, err := tokens.Session(t.Context(), key.sign(t, tokens)); !errors.Is(err, ErrUnavailable) {
			t.Errorf("while it is down: %v, want ErrUnavailable", err)
		}
		s.answer(jwksOf(key))
		time.Sleep(unknownRest)
		if _, err := tokens.Session(t.Context(), key.sign(t, tokens)); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add(jwksOf(newEC(f, "ec"), newRSA(f, "rsa")))
	f.Add(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	f.Add(`{"keys":[{"kty":"RSA","kid":"a","n":"AA","e":"AQAB","x5u":"https://example.com"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		keys, err := parseKeys([]byte(body))
		if err != nil {
			return
		}
		for _, k := range keys {
			if !sound(k.Key()) || k.Marshal().KID == "" {
				t.Errorf("%q has an unsound key %v", body, k.Key())
			}
		}
	})
}
