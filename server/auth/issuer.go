package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MinSecret is the least number of bytes of a secret that an issuer shares with
// the hub.
const MinSecret = 32

// clockSkew is how far an issuer's clock may be ahead of the hub's: a token is
// taken that much before the time of its claim nbf. Its end is never put off.
const clockSkew = 30 * time.Second

// longest is how long a session lasts at most.
const longest = 10 * 365 * 24 * time.Hour

// An Issuer signs tokens that a hub takes beside its own. Either Secret or Keys
// is set.
type Issuer struct {
	Secret   []byte // for HS256
	Keys     *Keys  // for public-key algorithms
	Name     string // what the claim iss must be; anything if empty
	Audience string // what the claim aud must be or contain; anything if empty
	Claims   Claims // where a token says who it is for; WedSyncClaims if zero
}

func (i Issuer) check() error {
	if (i.Keys == nil) == (i.Secret == nil) {
		return errors.New("an issuer needs either a secret or keys")
	}
	if i.Keys == nil && len(i.Secret) < MinSecret {
		return fmt.Errorf("the secret has %d bytes, and needs %d at least", len(i.Secret), MinSecret)
	}
	return nil
}

// A verifier checks the tokens of one issuer.
type verifier struct {
	Issuer
	stranger string // what is said of a token that the issuer did not sign
	now      func() time.Time
	parser   *jwt.Parser
}

func newVerifier(i Issuer, stranger string, now func() time.Time) *verifier {
	if i.Claims.User == nil {
		i.Claims = WedSyncClaims
	}
	methods := publicMethods
	if i.Keys == nil {
		methods = []string{jwt.SigningMethodHS256.Alg()}
	}
	return &verifier{Issuer: i, stranger: stranger, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods(methods),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(now),
		jwt.WithLeeway(clockSkew),
		jwt.WithStrictDecoding(),
	)}
}

// A foreignError means a token that this issuer did not sign, as far as can be
// told: another may have.
type foreignError struct {
	why     error
	telling bool // says more than that the signature is wrong
}

func (e *foreignError) Error() string { return e.why.Error() }

// session is what a token of the issuer proves.
func (v *verifier) session(ctx context.Context, token string) (Session, error) {
	c := jwt.MapClaims{}
	if _, err := v.parser.ParseWithClaims(token, c, v.key(ctx)); err != nil {
		return Session{}, v.refusal(err)
	}
	expires, err := c.GetExpirationTime()
	if err != nil || expires == nil {
		return Session{}, fmt.Errorf("%w: claim exp is missing", ErrBadToken) // unheard of: the parser found it
	}
	if !v.now().Before(expires.Time) { // the parser was lenient here too
		return Session{}, ErrExpired
	}
	if err := v.meant(c); err != nil {
		return Session{}, err
	}
	p, err := v.Claims.principal(c)
	if err != nil {
		return Session{}, err
	}
	if latest := v.now().Add(longest); expires.After(latest) {
		expires.Time = latest // what lies beyond all calendars is as good as that
	}
	return Session{Principal: p, Expires: expires.Time}, nil
}

// key finds the key of a token whose algorithm is one of the issuer's.
func (v *verifier) key(ctx context.Context) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) {
		if _, ok := t.Header["crit"]; ok {
			return nil, &reason{"its header has extensions that are unknown here (crit)"}
		}
		if v.Keys == nil {
			return v.Secret, nil
		}
		return v.Keys.of(ctx, t)
	}
}

// meant refuses tokens that the issuer did not make for this hub.
func (v *verifier) meant(c jwt.MapClaims) error {
	if v.Name != "" {
		if name, err := c.GetIssuer(); err != nil || name != v.Name {
			return fmt.Errorf("%w: claim iss is not that of the issuer", ErrBadToken)
		}
	}
	if v.Audience != "" {
		if audience, err := c.GetAudience(); err != nil || !slices.Contains(audience, v.Audience) {
			return fmt.Errorf("%w: claim aud does not name this hub's audience", ErrBadToken)
		}
	}
	return nil
}

// A reason is why no key can be had for a token, as the caller may be told.
type reason struct{ text string }

func (r *reason) Error() string { return r.text }

// refusal turns the parser's error into one of ours. The parser's text is not
// kept: it can quote parts of the token.
func (v *verifier) refusal(err error) error {
	var why *reason
	if errors.As(err, &why) {
		return &foreignError{fmt.Errorf("%w: %w", ErrBadToken, why), true}
	}
	if errors.Is(err, ErrUnavailable) {
		return &foreignError{ErrUnavailable, true}
	}
	for _, known := range []struct {
		is   error
		says error
	}{
		// A wrong signature first: nothing else in the token may be believed then.
		{jwt.ErrTokenSignatureInvalid, &foreignError{fmt.Errorf("%w: %s", ErrBadToken, v.stranger), false}},
		{jwt.ErrTokenUnverifiable, &foreignError{fmt.Errorf("%w: %s", ErrBadToken, v.stranger), false}},
		{jwt.ErrTokenMalformed, fmt.Errorf("%w: not a JWT", ErrBadToken)},
		{jwt.ErrTokenRequiredClaimMissing, fmt.Errorf("%w: claim exp is missing", ErrBadToken)},
		{jwt.ErrTokenExpired, ErrExpired},
		{jwt.ErrTokenNotValidYet, fmt.Errorf("%w: not valid yet", ErrBadToken)},
	} {
		if errors.Is(err, known.is) {
			return known.says
		}
	}
	return fmt.Errorf("%w: not acceptable", ErrBadToken)
}
