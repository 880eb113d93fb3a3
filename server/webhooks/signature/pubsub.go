package signature

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxToken  = 16 << 10         // bytes of a token
	clockSkew = 30 * time.Second // of Google's clock and ours
)

// A Pusher is whom a Pub/Sub subscription has its messages pushed as.
type Pusher struct {
	Audience string // what the claim aud must be or contain
	EMail    string // of the service account
}

// googleIssuers is who Google says it is.
var googleIssuers = []string{"https://accounts.google.com", "accounts.google.com"}

// PubSub verifies a push of Google Cloud Pub/Sub: a token of Google's for the
// audience and the service account. Keys finds Google's key of a token; an error
// of it that is no [Reason] is returned as it is, for then nothing is known. The
// body is not signed.
func PubSub(r Request, p Pusher, keys jwt.Keyfunc) (Signed, error) {
	given, err := r.header("Authorization")
	if err != nil {
		return Signed{}, err
	}
	scheme, token, _ := strings.Cut(given, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return Signed{}, Malformed
	}
	var unknown error
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return r.Now }),
	)
	var c pushClaims
	_, err = parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if _, ok := t.Header["crit"]; ok {
			return nil, Malformed // extensions that are unknown here
		}
		key, err := keys(t)
		if err != nil && !errors.As(err, new(Reason)) {
			unknown = err
		}
		return key, err
	})
	switch {
	case unknown != nil:
		return Signed{}, unknown
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Signed{}, Malformed
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return Signed{}, Wrong
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return Signed{}, Untimely
	case err != nil, !c.from(p):
		return Signed{}, Wrong
	}
	return Signed{}, nil
}

// pushClaims are those of a token that Pub/Sub sends.
type pushClaims struct {
	jwt.RegisteredClaims
	EMail    string `json:"email"`
	Verified bool   `json:"email_verified"`
}

// from reports whether the claims are those of a pusher.
func (c *pushClaims) from(p Pusher) bool {
	return p.Audience != "" && slices.Contains(c.Audience, p.Audience) &&
		p.EMail != "" && c.Verified && strings.EqualFold(c.EMail, p.EMail) &&
		slices.Contains(googleIssuers, c.Issuer)
}
