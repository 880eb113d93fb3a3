package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
	"wedsync/server/hub"
)

const sharedSecret = "a secret that Supabase shares with the hub"

// supabaseToken is an access token as Supabase makes them, signed with a key.
func supabaseToken(t *testing.T, method jwt.SigningMethod, key any, kid, supplier string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims{
		"iss": "https://project.supabase.co/auth/v1", "aud": "authenticated", "exp": time.Now().Add(time.Hour).Unix(),
		"sub": "8e3b", "role": "authenticated", "app_metadata": map[string]any{"supplier_id": supplier, "role": "owner"},
	})
	if kid != "" {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A keyServer publishes one key, once it is told to.
type keyServer struct {
	*httptest.Server
	key  *ecdsa.PrivateKey
	up   atomic.Bool
	body []byte
}

func serveKey(t *testing.T, kid string) *keyServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	s := &keyServer{key: key}
	s.body, err = json.Marshal(map[string]any{"keys": []map[string]string{
		{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": text(point[1:33]), "y": text(point[33:])},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !s.up.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (h *hubProcess) apiOf(token string) *api {
	return &api{t: h.t, base: "http://" + h.address, token: token}
}

func TestHubServesWithoutItsIssuerAndTakesItsTokensOnceItAnswers(t *testing.T) {
	t.Parallel()
	issuer := serveKey(t, "k1")
	h := startHubFlags(t, "--jwks", issuer.URL+"/keys", "--claims", "supabase", "--allow-private-targets",
		"--jwt-issuer", "https://project.supabase.co/auth/v1", "--jwt-audience", "authenticated")
	h.log.await(t, "--allow-private-targets")
	h.log.await(t, "cannot be read")
	theirs := h.apiOf(supabaseToken(t, jwt.SigningMethodES256, issuer.key, "k1", "barn"))
	if status := theirs.do("GET", "/api/clients", nil, nil); status != http.StatusServiceUnavailable {
		t.Errorf("before the keys are known: status %d, want 503", status)
	}
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"}).ClientID
	issuer.up.Store(true)
	h.log.await(t, "keys of the token issuer were read")
	if got := theirs.get(id); got.Fields["name"] != "Ada & Ben" {
		t.Errorf("got %+v", got.Fields)
	}
	joinWire(t, "ws://"+h.address+"/sync?token="+theirs.token, "tab")
	stranger := h.apiOf(supabaseToken(t, jwt.SigningMethodES256, issuer.key, "k1", "mill"))
	if status := stranger.do("GET", "/api/clients/"+id, nil, nil); status != http.StatusNotFound {
		t.Errorf("a token of another supplier: status %d, want 404", status)
	}
}

func TestSecretOfOtherServersComesFromAFileOrTheEnvironment(t *testing.T) {
	t.Parallel()
	file := writeFile(t, sharedSecret+"\n")
	for name, flag := range map[string]string{"file": "--jwt-secret-file=" + file, "environment": "WEDSYNC_JWT_SECRET=" + sharedSecret} {
		t.Run(name, func(t *testing.T) {
			h := startHubFlags(t, flag, "--claims=supabase")
			for secret, want := range map[string]int{sharedSecret: 200, sharedSecret + "!": 401} {
				a := h.apiOf(supabaseToken(t, jwt.SigningMethodHS256, []byte(secret), "", "barn"))
				if status := a.do("GET", "/api/clients", nil, nil); status != want {
					t.Errorf("status %d, want %d", status, want)
				}
			}
		})
	}
}

func TestServeRefusesIssuersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	short := writeFile(t, "secret")
	for want, flags := range map[string][]string{
		"32 at least":             {"--jwt-secret-file", short},
		"no such file":            {"--jwt-secret-file", short + "er"},
		"begin with https":        {"--jwks", "http://login.example.com/keys"},
		"--allow-private-targets": {"--jwks", "http://127.0.0.1:1/keys"},
		"user or password":        {"--jwks", "https://user:word@login.example.com/keys"},
		"no preset":               {"--jwks", "https://login.example.com/keys", "--claims", "auth0"},
		"none of user":            {"--jwks", "https://login.example.com/keys", "--claims", "owner=sub"},
		"--jwks or":               {"--claims", "supabase"},
		"a limit must be 1":       {"--max-sockets", "0"},
		"the tokens of others":    {"--jwt-issuer", "https://login.example.com"},
		"expected a valid 64 bit": {"--max-requests", "many"},
	} {
		out, err := wedsync(t, append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, flags...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q\n%s", flags, err, want, out)
		}
	}
}

func TestTokensAndTicketsAreInNoLog(t *testing.T) {
	t.Parallel()
	h := startHubFlags(t, "--log-level=debug", "--jwt-secret-file="+writeFile(t, sharedSecret), "--claims=supabase")
	ours, theirs := h.token(member("ada")), supabaseToken(t, jwt.SigningMethodHS256, []byte(sharedSecret), "", "barn")
	foreign := supabaseToken(t, jwt.SigningMethodHS256, []byte("another secret of more than 32 bytes"), "", "barn")
	secrets := map[string]string{"the secret": sharedSecret}
	for name, token := range map[string]string{"hub": ours, "issuer": theirs, "stranger": foreign, "guess": "wst_" + strings.Repeat("guess", 12)} {
		secrets["token of "+name] = token
		h.apiOf(token).do("GET", "/api/clients?token="+token+"&limit=x", nil, nil)
		h.apiOf(token).do("GET", "/api/nothing?ticket="+token, nil, nil)
		for _, query := range []string{"token", "ticket"} {
			c := dialWire(t, "ws://"+h.address+"/sync?"+query+"="+token)
			c.send(joinOf("peer"))
			c.send(frame{"type": "leave", "senderId": "peer"})
			c.awaitClose()
		}
	}
	var ticket struct{ Ticket string }
	h.apiOf(ours).must("POST", "/api/realtime/ticket", nil, &ticket)
	secrets["ticket"] = ticket.Ticket
	url := "ws://" + h.address + "/sync?ticket=" + ticket.Ticket
	joinWire(t, url, "tab")
	if code := dialWire(t, url).awaitClose(); int(code) != int(hub.Unauthorised) {
		t.Errorf("a used ticket: closed with %d", code)
	}
	h.stop()
	log := h.log.String()
	if !strings.Contains(log, "sync connection refused") || !strings.Contains(log, "device left") {
		t.Errorf("the log tells nothing:\n%s", log)
	}
	for name, secret := range secrets {
		parts := strings.Split(secret, ".")
		if strings.Contains(log, secret) || strings.Contains(log, parts[len(parts)-1]) {
			t.Errorf("the %s is in the log:\n%s", name, log)
		}
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSocketsOfASupplierBeyondTheFlagAreRefused(t *testing.T) {
	t.Parallel()
	h := startHubFlags(t, "--max-supplier-sockets=2")
	joinWire(t, h.sync(member("ada")), "a")
	joinWire(t, h.sync(member("ben")), "b")
	if code := dialWire(t, h.sync(member("cy"))).awaitClose(); int(code) != int(hub.TooMany) {
		t.Errorf("closed with %d, want %d", code, hub.TooMany)
	}
	joinWire(t, h.sync(who{"mill", "mia", string(conflicts.Owner), ""}), "c")
}
