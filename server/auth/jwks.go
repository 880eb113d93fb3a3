package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// Bounds of a JWKS.
const (
	MaxJWKS = 256 << 10 // bytes; a longer one is not read
	maxKeys = 64        // a JWKS of more is refused
	minRSA  = 2048      // bits
	maxRSA  = 8192      // bits; larger keys make checking slow
)

// publicMethods are the algorithms whose keys an issuer can publish.
var publicMethods = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// parseKeys reads a JWKS. What is no public key for signatures, or one of an
// unknown kind, is left out; a JWKS of nothing else is refused. One that says
// that it has no keys is believed.
func parseKeys(body []byte) ([]jwkset.JWK, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the JWKS is no JSON object")
	}
	if set.Keys == nil {
		return nil, errors.New("the JWKS has no list of keys")
	}
	if len(*set.Keys) > maxKeys {
		return nil, fmt.Errorf("the JWKS has %d keys, more than %d", len(*set.Keys), maxKeys)
	}
	var keys []jwkset.JWK
	for _, raw := range *set.Keys {
		if key, ok := parseKey(raw); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 && len(*set.Keys) > 0 {
		return nil, fmt.Errorf("none of the %d keys of the JWKS can be used", len(*set.Keys))
	}
	return keys, nil
}

// parseKey reads the public part of a key. Certificates, and addresses of
// certificates, are not looked at.
func parseKey(raw []byte) (jwkset.JWK, bool) {
	var all jwkset.JWKMarshal
	if json.Unmarshal(raw, &all) != nil || all.KID == "" || all.USE != "" && all.USE != jwkset.UseSig {
		return jwkset.JWK{}, false
	}
	key, err := jwkset.NewJWKFromMarshal(jwkset.JWKMarshal{
		KTY: all.KTY, ALG: all.ALG, KID: all.KID, USE: all.USE,
		N: all.N, E: all.E, CRV: all.CRV, X: all.X, Y: all.Y,
	}, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil || !sound(key.Key()) {
		return jwkset.JWK{}, false
	}
	alg := all.ALG.String()
	return key, alg == "" || slices.Contains(publicMethods, alg) && fits(jwt.GetSigningMethod(alg), key.Key())
}

// sound reports whether a key is public and of reasonable size.
func sound(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return minRSA <= bits && bits <= maxRSA
	case *ecdsa.PublicKey:
		_, err := key.ECDH() // says whether the point is on the curve
		return err == nil
	case ed25519.PublicKey:
		return true
	}
	return false
}

// fits reports whether a key is one of the algorithm.
func fits(method jwt.SigningMethod, key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(method.Alg(), "RS") || strings.HasPrefix(method.Alg(), "PS")
	case *ecdsa.PublicKey:
		m, ok := method.(*jwt.SigningMethodECDSA)
		return ok && m.CurveBits == key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return method == jwt.SigningMethodEdDSA
	}
	return false
}
