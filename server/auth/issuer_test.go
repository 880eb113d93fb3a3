package auth

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
)

var shared = []byte("a secret that another server shares with the hub")

// trusting is the hub's tokens beside those of an issuer.
func trusting(t *testing.T, i Issuer) (*Tokens, *clock) {
	t.Helper()
	tokens, clock := newTokens(t)
	more, err := tokens.Trust(i)
	if err != nil {
		t.Fatal(err)
	}
	return more, clock
}

func TestTokensOfATrustedIssuerAreTakenBesideTheHubsOwn(t *testing.T) {
	tokens, _ := trusting(t, Issuer{Secret: shared, Claims: SupabaseClaims})
	c := supabaseToken(map[string]any{"supplier_id": "barn", "role": "viewer"})
	c["exp"] = tokens.now().Add(time.Hour).Unix()
	got, err := tokens.Session(t.Context(), forge(t, jwt.SigningMethodHS256, shared, c))
	want := Session{conflicts.Principal{Supplier: "barn", User: "0b1a", Role: conflicts.Viewer}, tokens.now().Add(time.Hour)}
	if err != nil || got.Principal != want.Principal || !got.Expires.Equal(want.Expires) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if got, err := tokens.Session(t.Context(), mint(t, tokens, olga)); err != nil || got.Principal != olga {
		t.Errorf("the hub's own: %+v, %v", got, err)
	}
}

func TestClaimsAreReadAsTheIssuersWhoseSignatureItIs(t *testing.T) {
	tokens, _ := trusting(t, Issuer{Secret: shared, Claims: SupabaseClaims})
	ours := claimsOf(tokens, func(jwt.MapClaims) {})
	if p, err := tokens.Session(t.Context(), forge(t, jwt.SigningMethodHS256, shared, ours)); !errors.Is(err, ErrBadToken) {
		t.Errorf("the hub's claims under the issuer's signature act for %+v, %v", p, err)
	}
	theirs := supabaseToken(map[string]any{"supplier_id": "barn"})
	theirs["exp"] = tokens.now().Add(time.Hour).Unix()
	if p, err := tokens.Session(t.Context(), forge(t, jwt.SigningMethodHS256, tokens.key, theirs)); !errors.Is(err, ErrBadToken) {
		t.Errorf("the issuer's claims under the hub's signature act for %+v, %v", p, err)
	}
}

func TestShortSecretIsRefused(t *testing.T) {
	tokens, _ := newTokens(t)
	for name, i := range map[string]Issuer{
		"31 bytes": {Secret: shared[:MinSecret-1]},
		"empty":    {Secret: []byte{}},
		"nothing":  {},
	} {
		if _, err := tokens.Trust(i); err == nil {
			t.Errorf("%s: trusted", name)
		}
	}
}

func TestIssuerAndAudienceAreCheckedIfTheyAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		issuer Issuer
		change func(jwt.MapClaims)
		good   bool
	}{
		"none named":          {Issuer{}, func(jwt.MapClaims) {}, true},
		"the issuer":          {Issuer{Name: "idp"}, func(c jwt.MapClaims) { c["iss"] = "idp" }, true},
		"another issuer":      {Issuer{Name: "idp"}, func(c jwt.MapClaims) { c["iss"] = "idp2" }, false},
		"no issuer":           {Issuer{Name: "idp"}, func(jwt.MapClaims) {}, false},
		"issuer is a number":  {Issuer{Name: "idp"}, func(c jwt.MapClaims) { c["iss"] = 7 }, false},
		"the audience":        {Issuer{Audience: "hub"}, func(c jwt.MapClaims) { c["aud"] = "hub" }, true},
		"one of the audience": {Issuer{Audience: "hub"}, func(c jwt.MapClaims) { c["aud"] = []string{"x", "hub"} }, true},
		"another audience":    {Issuer{Audience: "hub"}, func(c jwt.MapClaims) { c["aud"] = []string{"x"} }, false},
		"no audience":         {Issuer{Audience: "hub"}, func(jwt.MapClaims) {}, false},
		"audience of numbers": {Issuer{Audience: "hub"}, func(c jwt.MapClaims) { c["aud"] = []any{"hub", 7} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.issuer.Secret = shared
			tokens, _ := trusting(t, c.issuer)
			_, err := tokens.Session(t.Context(), forge(t, jwt.SigningMethodHS256, shared, claimsOf(tokens, c.change)))
			if (err == nil) != c.good || err != nil && !errors.Is(err, ErrBadToken) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestIssuersClockMayBeAheadButPutsNoEndOff(t *testing.T) {
	tokens, clock := trusting(t, Issuer{Secret: shared})
	ahead := forge(t, jwt.SigningMethodHS256, shared, claimsOf(tokens, func(c jwt.MapClaims) { c["nbf"] = clock.at.Add(clockSkew).Unix() }))
	if _, err := tokens.Session(t.Context(), ahead); err != nil {
		t.Errorf("a token of a clock that is %s ahead: %v", clockSkew, err)
	}
	over := forge(t, jwt.SigningMethodHS256, shared, claimsOf(tokens, func(c jwt.MapClaims) { c["exp"] = clock.at.Unix() }))
	if _, err := tokens.Session(t.Context(), over); !errors.Is(err, ErrExpired) {
		t.Errorf("a token that ends now: %v, want ErrExpired", err)
	}
}

func TestTimesBeyondAllCalendarsHarmNothing(t *testing.T) {
	tokens, _ := trusting(t, Issuer{Secret: shared})
	for _, exp := range []any{1e300, -1e300, 1e18, -1.0, 0.0} {
		token := forge(t, jwt.SigningMethodHS256, shared, claimsOf(tokens, func(c jwt.MapClaims) { c["exp"] = exp }))
		if s, err := tokens.Session(t.Context(), token); err == nil && (!s.Expires.After(tokens.now()) || s.Expires.Year() > 9999) {
			t.Errorf("exp %v: a session until %v", exp, s.Expires)
		}
	}
}

func TestUnknownExtensionsOfTheHeaderAreRefused(t *testing.T) {
	tokens, _ := newTokens(t)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claimsOf(tokens, func(jwt.MapClaims) {}))
	token.Header["crit"] = []string{"b64"}
	signed, err := token.SignedString(tokens.key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Session(t.Context(), signed); !errors.Is(err, ErrBadToken) || !strings.Contains(err.Error(), "crit") {
		t.Errorf("got %v", err)
	}
}

func TestKeysAreBoundToTheirAlgorithms(t *testing.T) {
	rsaKey, ecKey, other := newRSA(t, "rsa"), newEC(t, "ec"), newRSA(t, "rsa")
	loose := newRSA(t, "loose")
	loose.alg = "" // the issuer does not say which
	tokens, issuer := withKeys(t, rsaKey, ecKey, loose)
	c := claimsOf(tokens, func(jwt.MapClaims) {})
	public, err := x509.MarshalPKIXPublicKey(rsaKey.public())
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	jwks := []byte(issuer.jwks())
	none := jwt.UnsafeAllowNoneSignatureType
	for name, token := range map[string]string{
		"RS256":                           signAs(t, jwt.SigningMethodRS256, rsaKey.private, "rsa", c),
		"ES256":                           signAs(t, jwt.SigningMethodES256, ecKey.private, "ec", c),
		"PS384, algorithm not said":       signAs(t, jwt.SigningMethodPS384, loose.private, "loose", c),
		"!RS512, key says RS256":          signAs(t, jwt.SigningMethodRS512, rsaKey.private, "rsa", c),
		"!PS256, key says RS256":          signAs(t, jwt.SigningMethodPS256, rsaKey.private, "rsa", c),
		"!HS256 with the public key":      signAs(t, jwt.SigningMethodHS256, public, "rsa", c),
		"!HS256 with the key as text":     signAs(t, jwt.SigningMethodHS256, text, "rsa", c),
		"!HS256 with the modulus":         signAs(t, jwt.SigningMethodHS256, rsaKey.public().N.Bytes(), "rsa", c),
		"!HS256 with the JWKS":            signAs(t, jwt.SigningMethodHS256, jwks, "rsa", c),
		"!HS256, no key named":            signAs(t, jwt.SigningMethodHS256, text, nil, c),
		"!none":                           signAs(t, jwt.SigningMethodNone, none, "rsa", c),
		"!none, no key named":             signAs(t, jwt.SigningMethodNone, none, nil, c),
		"!ES256 under the RSA key's name": signAs(t, jwt.SigningMethodES256, ecKey.private, "rsa", c),
		"!ES256 under a loose key's name": signAs(t, jwt.SigningMethodES256, ecKey.private, "loose", c),
		"!RS256 under the EC key's name":  signAs(t, jwt.SigningMethodRS256, rsaKey.private, "ec", c),
		"!another key under the name":     signAs(t, jwt.SigningMethodRS256, other.private, "rsa", c),
		"!RS256, no key named":            signAs(t, jwt.SigningMethodRS256, rsaKey.private, nil, c),
		"!RS256, empty name":              signAs(t, jwt.SigningMethodRS256, rsaKey.private, "", c),
		"!RS256, name is a number":        signAs(t, jwt.SigningMethodRS256, rsaKey.private, 7, c),
		"!RS256, name is a list":          signAs(t, jwt.SigningMethodRS256, rsaKey.private, []string{"rsa"}, c),
		"!RS256, name is a path":          signAs(t, jwt.SigningMethodRS256, rsaKey.private, "../../../dev/null", c),
		"!RS256, name is SQL":             signAs(t, jwt.SigningMethodRS256, rsaKey.private, "x' UNION SELECT 'key", c),
		"!RS256, name is a URL":           signAs(t, jwt.SigningMethodRS256, rsaKey.private, issuer.url, c),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tokens.Session(t.Context(), token)
			if bad := strings.HasPrefix(name, "!"); bad != errors.Is(err, ErrBadToken) || !bad && err != nil {
				t.Errorf("%+v, %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "UNION") || strings.Contains(err.Error(), "dev/null")) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestKeysThatStandInTheTokenAreNotBelieved(t *testing.T) {
	mallory := newRSA(t, "mallory")
	tokens, issuer := withKeys(t, newRSA(t, "rsa"))
	c := claimsOf(tokens, func(jwt.MapClaims) {})
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = "mallory"
	token.Header["jwk"] = mallory.jwk()
	token.Header["jku"] = issuer.url + "/mallory"
	token.Header["x5u"] = issuer.url + "/mallory"
	signed, err := token.SignedString(mallory.private)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := tokens.Session(t.Context(), signed); !errors.Is(err, ErrBadToken) {
		t.Errorf("%+v, %v, want ErrBadToken", p, err)
	}
	if path := issuer.strayed(); path != "" {
		t.Errorf("%s was asked for", path)
	}
}
