package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"wedsync/conflicts"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	olga   = conflicts.Principal{Supplier: "barn", User: "olga", Device: "olgas-phone", Role: conflicts.Owner}
)

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newTokens(t *testing.T) (*Tokens, *clock) {
	t.Helper()
	c := &clock{time.Date(2027, 6, 12, 10, 0, 0, 0, time.UTC)}
	return New(secret, c.now), c
}

func mint(t *testing.T, tokens *Tokens, p conflicts.Principal) string {
	t.Helper()
	token, err := tokens.Mint(p, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge signs claims as somebody would who does not go by Mint.
func forge(t *testing.T, method jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func claimsOf(tokens *Tokens, change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "olga", "supplier_id": "barn", "role": "owner", "exp": tokens.now().Add(time.Hour).Unix()}
	change(c)
	return c
}

func TestMintedTokenActsForItsPrincipal(t *testing.T) {
	tokens, _ := newTokens(t)
	got, err := tokens.Session(t.Context(), mint(t, tokens, olga))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Session{olga, tokens.now().Add(time.Hour)}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTokenWithoutRoleIsAMembers(t *testing.T) {
	tokens, _ := newTokens(t)
	token := forge(t, jwt.SigningMethodHS256, tokens.key, claimsOf(tokens, func(c jwt.MapClaims) { delete(c, "role") }))
	got, err := tokens.Session(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if got.Principal.Role != conflicts.Member {
		t.Errorf("role %q, want member", got.Principal.Role)
	}
}

func TestTokenEndsWithItsTime(t *testing.T) {
	tokens, clock := newTokens(t)
	token := mint(t, tokens, olga)
	clock.at = clock.at.Add(time.Hour - time.Second)
	if _, err := tokens.Session(t.Context(), token); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	clock.at = clock.at.Add(time.Second)
	if _, err := tokens.Session(t.Context(), token); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v, want ErrExpired", err)
	}
}

func TestClaimsThatAreWrongAreRefused(t *testing.T) {
	tokens, _ := newTokens(t)
	for name, change := range map[string]func(jwt.MapClaims){
		"no exp":           func(c jwt.MapClaims) { delete(c, "exp") },
		"exp is text":      func(c jwt.MapClaims) { c["exp"] = "tomorrow" },
		"exp is null":      func(c jwt.MapClaims) { c["exp"] = nil },
		"not valid yet":    func(c jwt.MapClaims) { c["nbf"] = tokens.now().Add(time.Minute).Unix() },
		"no sub":           func(c jwt.MapClaims) { delete(c, "sub") },
		"empty sub":        func(c jwt.MapClaims) { c["sub"] = "" },
		"sub is a number":  func(c jwt.MapClaims) { c["sub"] = 7 },
		"no supplier":      func(c jwt.MapClaims) { delete(c, "supplier_id") },
		"supplier list":    func(c jwt.MapClaims) { c["supplier_id"] = []string{"barn", "mill"} },
		"unknown role":     func(c jwt.MapClaims) { c["role"] = "admin" },
		"role in capitals": func(c jwt.MapClaims) { c["role"] = "Owner" },
		"role list":        func(c jwt.MapClaims) { c["role"] = []string{"owner"} },
		"device object":    func(c jwt.MapClaims) { c["device"] = map[string]any{} },
		"long device":      func(c jwt.MapClaims) { c["device"] = strings.Repeat("x", maxName+1) },
	} {
		t.Run(name, func(t *testing.T) {
			token := forge(t, jwt.SigningMethodHS256, tokens.key, claimsOf(tokens, change))
			if got, err := tokens.Session(t.Context(), token); !errors.Is(err, ErrBadToken) {
				t.Errorf("got %+v, %v, want ErrBadToken", got, err)
			}
		})
	}
}

func TestForgedSignaturesAreRefused(t *testing.T) {
	tokens, clock := newTokens(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	as := claimsOf(tokens, func(jwt.MapClaims) {})
	good := mint(t, tokens, olga)
	parts := strings.Split(good, ".")
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, token := range map[string]string{
		"alg none":              forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, as),
		"alg None in capitals":  part(map[string]string{"alg": "None", "typ": "JWT"}) + "." + parts[1] + ".",
		"alg is missing":        part(map[string]string{"typ": "JWT"}) + "." + parts[1] + "." + parts[2],
		"HS384, right key":      forge(t, jwt.SigningMethodHS384, tokens.key, as),
		"HS512, right key":      forge(t, jwt.SigningMethodHS512, tokens.key, as),
		"RS256":                 forge(t, jwt.SigningMethodRS256, rsaKey, as),
		"header says RS256":     part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + parts[1] + "." + parts[2],
		"key in the header":     part(map[string]any{"alg": "HS256", "jwk": map[string]string{"kty": "oct", "k": "AAAA"}}) + "." + parts[1] + "." + parts[2],
		"another hub's":         mint(t, New([]byte("another secret"), clock.now), olga),
		"the secret itself":     forge(t, jwt.SigningMethodHS256, secret, as),
		"empty key":             forge(t, jwt.SigningMethodHS256, []byte{}, as),
		"another's claims":      parts[0] + "." + part(as) + "." + parts[2],
		"no signature":          parts[0] + "." + parts[1] + ".",
		"signature cut off":     parts[0] + "." + parts[1],
		"padded signature":      good + "=",
		"garbage":               "not a token",
		"dots alone":            "..",
		"longer than any token": good + strings.Repeat("A", maxToken),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tokens.Session(t.Context(), token)
			if !errors.Is(err, ErrBadToken) {
				t.Errorf("got %+v, %v, want ErrBadToken", got, err)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestExpiredTokenOfAnotherHubIsBadNotExpired(t *testing.T) {
	tokens, clock := newTokens(t)
	token := mint(t, New([]byte("another secret"), clock.now), olga)
	clock.at = clock.at.Add(2 * time.Hour)
	if _, err := tokens.Session(t.Context(), token); !errors.Is(err, ErrBadToken) {
		t.Errorf("%v, want ErrBadToken", err)
	}
}

func TestNoTokenIsSaidToBeMissing(t *testing.T) {
	tokens, _ := newTokens(t)
	if _, err := tokens.Session(t.Context(), ""); !errors.Is(err, ErrNoToken) {
		t.Errorf("%v, want ErrNoToken", err)
	}
}

func TestMintRefusesWhatSessionWouldRefuse(t *testing.T) {
	tokens, _ := newTokens(t)
	for name, p := range map[string]conflicts.Principal{
		"no user":      {Supplier: "barn", Role: conflicts.Owner},
		"no supplier":  {User: "olga", Role: conflicts.Owner},
		"unknown role": {Supplier: "barn", User: "olga", Role: "emperor"},
	} {
		if token, err := tokens.Mint(p, time.Hour); err == nil {
			t.Errorf("%s: minted %s", name, token)
		}
	}
	if token, err := tokens.Mint(olga, 0); err == nil {
		t.Errorf("without time to live: minted %s", token)
	}
}

func FuzzSession(f *testing.F) {
	at := time.Date(2027, 6, 12, 10, 0, 0, 0, time.UTC)
	tokens := New(secret, func() time.Time { return at })
	good, err := tokens.Mint(olga, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := tokens.Session(t.Context(), token)
		if err == nil && token != good {
			t.Errorf("a token that was never made acts for %+v", p)
		}
	})
}
