package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/server/communications/pushing"
)

// hook posts a webhook to the hub at a URL that its sender knows it by.
func (h *hubProcess) hook(url, body string, header map[string]string) (status int, answer string) {
	h.t.Helper()
	url = strings.Replace(url, "https://hub.example.com", "http://"+h.address, 1)
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

// connect makes a connection of olga's, and says its URL as its sender is told.
func (h *hubProcess) connect(settings map[string]any) (url, secret string) {
	h.t.Helper()
	var made struct{ URL, Secret string }
	if status := h.api(owner("olga")).do("POST", "/api/webhooks/connections", settings, &made); status != http.StatusCreated {
		h.t.Fatalf("status %d", status)
	}
	return made.URL, made.Secret
}

func TestGoogleAndTwilioReachTheHubByItsPublicURL(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "g1",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) }))
	t.Cleanup(google.Close)
	h := startHubFlags(t, "--public-url", "https://hub.example.com", "--google-keys", google.URL+"/certs", "--allow-private-targets",
		"--google-topic", "projects/p/topics/t", "--google-pusher", "push@p.iam.gserviceaccount.com")

	url, _ := h.connect(map[string]any{"source": "gmail", "name": "Gmail", "audience": "https://hub.example.com", "account": "push@p.iam.gserviceaccount.com"})
	token := func(account string, below ...string) map[string]string {
		t.Helper()
		claims := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": "https://accounts.google.com", "aud": "https://hub.example.com" + strings.Join(below, ""), "email": account, "email_verified": true,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		})
		claims.Header["kid"] = "g1"
		text, err := claims.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"Authorization": "Bearer " + text}
	}
	push := `{"message":{"data":"eyJlbWFpbEFkZHJlc3MiOiAidXNlckBleGFtcGxlLmNvbSIsICJoaXN0b3J5SWQiOiAiMTIzNDU2Nzg5MCJ9","messageId":"1"},"subscription":"s"}`
	if status, _ := h.hook(url, push, token("push@p.iam.gserviceaccount.com")); status != http.StatusAccepted {
		t.Errorf("Google is told %d", status)
	}
	if status, _ := h.hook(url, push, token("another@p.iam.gserviceaccount.com")); status != http.StatusUnauthorized {
		t.Errorf("another account of Google's is told %d", status)
	}
	// What is for accounts whose communication is read has URLs of its own.
	if status, _ := h.hook("https://hub.example.com"+pushing.GooglePath, push, token("push@p.iam.gserviceaccount.com", pushing.GooglePath)); status != http.StatusAccepted {
		t.Errorf("Google is told %d of a mailbox", status)
	}
	if status, _ := h.hook("https://hub.example.com"+pushing.GooglePath, push, token("push@p.iam.gserviceaccount.com")); status != http.StatusUnauthorized {
		t.Errorf("whoever has a token for another URL is told %d", status)
	}
	if status, said := h.hook("https://hub.example.com"+pushing.MicrosoftPath+"01A?validationToken=a%3Cb", "", nil); status != http.StatusOK || said != "a<b" {
		t.Errorf("Microsoft is told %d %q", status, said)
	}
	if status, _ := h.hook("https://hub.example.com"+pushing.MicrosoftPath+"01A", `{"value":[{"clientState":"x"}]}`, nil); status != http.StatusUnauthorized {
		t.Errorf("whoever has another state is told %d", status)
	}

	secret := "the auth token of the account"
	url, shown := h.connect(map[string]any{"source": "twilio", "name": "Phone", "secret": secret})
	if shown != secret || !strings.HasPrefix(url, "https://hub.example.com/api/webhooks/client-integrations/") {
		t.Errorf("made %s", url)
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(url + "BodyHi" + "MessageSidSM1"))
	status, answer := h.hook(url, "MessageSid=SM1&Body=Hi", map[string]string{
		"X-Twilio-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "Content-Type": "application/x-www-form-urlencoded",
	})
	if status != http.StatusOK || !strings.HasSuffix(answer, "<Response/>") {
		t.Errorf("Twilio is told %d %q", status, answer)
	}
}

func TestServeRefusesURLsThatWebhooksCannotUse(t *testing.T) {
	t.Parallel()
	for want, flags := range map[string][]string{
		"must be https://HOST": {"--public-url", "hub.example.com"},
		"with a path":          {"--public-url", "https://hub.example.com?x=1"},
		"projects/PROJECT":     {"--google-topic", "t"},
		"needs --google-topic": {"--google-pusher", "push@p.iam.gserviceaccount.com", "--public-url", "https://hub.example.com"},
		"begin with https":     {"--google-keys", "http://login.example.com/keys"},
	} {
		out, err := wedsync(t, append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, flags...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q\n%s", flags, err, want, out)
		}
	}
}
