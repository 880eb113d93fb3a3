package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
)

// Why a token or ticket is refused. Every error that says so wraps one of them.
var (
	// ErrNoToken means that the request carries none.
	ErrNoToken = errors.New("no token")
	// ErrExpired means a token that was good once and whose time is over.
	ErrExpired = errors.New("token expired")
	// ErrBadToken means anything else: not ours, malformed, a claim missing or wrong.
	ErrBadToken = errors.New("bad token")
	// ErrUnavailable means that nobody can say now whether the token is good,
	// because the keys of its issuer cannot be read.
	ErrUnavailable = errors.New("the keys of the token's issuer cannot be read now")
)

const (
	maxToken = 8 << 10 // bytes of a token; longer ones are refused unread
	maxName  = 256     // bytes of user, supplier and device
)

// A Session is what a token or ticket proves: who it acts for, and how long.
type Session struct {
	Principal conflicts.Principal
	Expires   time.Time
}

// Tokens makes and checks the tokens of one hub. Its methods may be called from
// any goroutine.
type Tokens struct {
	key     []byte
	now     func() time.Time
	issuers []*verifier // the hub itself first
}

// New makes the Tokens of the hub with that secret; now is time.Now but in tests.
func New(secret []byte, now func() time.Time) *Tokens {
	t := &Tokens{key: derive(secret, "wedsync token key 1"), now: now}
	t.issuers = []*verifier{newVerifier(Issuer{Secret: t.key}, "not signed by this hub with HS256", now)}
	return t
}

// derive makes a key for one use of the hub's secret.
func derive(secret []byte, use string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(use))
	return mac.Sum(nil)
}

// Trust makes Tokens that take the tokens of these issuers too.
func (t *Tokens) Trust(issuers ...Issuer) (*Tokens, error) {
	more := *t
	more.issuers = t.issuers[:len(t.issuers):len(t.issuers)]
	for _, i := range issuers {
		if err := i.check(); err != nil {
			return nil, err
		}
		more.issuers = append(more.issuers, newVerifier(i, "not signed by this hub or an issuer that it trusts", t.now))
	}
	return &more, nil
}

// Mint makes a token for p that is good for ttl.
func (t *Tokens) Mint(p conflicts.Principal, ttl time.Duration) (string, error) {
	if ttl <= 0 {
		return "", fmt.Errorf("a token needs a positive time to live, not %s", ttl)
	}
	now := t.now()
	c := jwt.MapClaims{
		"sub": p.User, "supplier_id": p.Supplier,
		"iat": jwt.NewNumericDate(now), "exp": jwt.NewNumericDate(now.Add(ttl)),
	}
	if p.Role != "" {
		c["role"] = string(p.Role)
	}
	if p.Device != "" {
		c["device"] = p.Device
	}
	if _, err := WedSyncClaims.principal(c); err != nil {
		return "", err
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// Session checks a token and says who it acts for until when. The error wraps
// ErrNoToken, ErrExpired, ErrBadToken or ErrUnavailable and never holds the
// token.
func (t *Tokens) Session(ctx context.Context, token string) (Session, error) {
	if token == "" {
		return Session{}, ErrNoToken
	}
	if len(token) > maxToken {
		return Session{}, fmt.Errorf("%w: longer than %d bytes", ErrBadToken, maxToken)
	}
	var refused *foreignError
	for _, i := range t.issuers {
		s, err := i.session(ctx, token)
		var foreign *foreignError
		if !errors.As(err, &foreign) {
			return s, err
		}
		if refused == nil || !refused.telling {
			refused = foreign
		}
	}
	return Session{}, refused.why
}
