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

// Why a token is refused. Every error of this package wraps one of them.
var (
	// ErrNoToken means that the request carries none.
	ErrNoToken = errors.New("no token")
	// ErrExpired means a token of this hub whose time is over.
	ErrExpired = errors.New("token expired")
	// ErrBadToken means anything else: not ours, malformed, a claim missing or wrong.
	ErrBadToken = errors.New("bad token")
)

const (
	maxToken = 8 << 10 // bytes of a token; longer ones are refused unread
	maxName  = 256     // bytes of sub, supplier_id and device
)

// Tokens makes and checks the tokens of one hub. Its methods may be called from
// any goroutine.
type Tokens struct {
	key    []byte
	now    func() time.Time
	parser *jwt.Parser
}

// New makes the Tokens of the hub with that secret; now is time.Now but in tests.
func New(secret []byte, now func() time.Time) *Tokens {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("wedsync token key 1"))
	return &Tokens{
		key: mac.Sum(nil),
		now: now,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(now),
			jwt.WithStrictDecoding(),
		),
	}
}

type claims struct {
	jwt.RegisteredClaims
	Supplier string         `json:"supplier_id"`
	Role     conflicts.Role `json:"role,omitempty"`
	Device   string         `json:"device,omitempty"`
}

// Mint makes a token for p that is good for ttl.
func (t *Tokens) Mint(p conflicts.Principal, ttl time.Duration) (string, error) {
	now := t.now()
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   p.User,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		Supplier: p.Supplier, Role: p.Role, Device: p.Device,
	}
	if _, err := c.principal(); err != nil {
		return "", err
	}
	if ttl <= 0 {
		return "", fmt.Errorf("a token needs a positive time to live, not %s", ttl)
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// Principal checks a token and says who it acts for. The error wraps
// ErrNoToken, ErrExpired or ErrBadToken and never holds the token.
func (t *Tokens) Principal(_ context.Context, token string) (conflicts.Principal, error) {
	if token == "" {
		return conflicts.Principal{}, ErrNoToken
	}
	if len(token) > maxToken {
		return conflicts.Principal{}, fmt.Errorf("%w: longer than %d bytes", ErrBadToken, maxToken)
	}
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil })
	if err != nil {
		return conflicts.Principal{}, refusal(err)
	}
	return c.principal()
}

func (c *claims) principal() (conflicts.Principal, error) {
	role, err := roleOf(c.Role)
	if err != nil {
		return conflicts.Principal{}, err
	}
	for _, claim := range []struct {
		name, text string
		optional   bool
	}{
		{name: "sub", text: c.Subject},
		{name: "supplier_id", text: c.Supplier},
		{name: "device", text: c.Device, optional: true},
	} {
		if claim.text == "" && !claim.optional {
			return conflicts.Principal{}, fmt.Errorf("%w: claim %s is missing", ErrBadToken, claim.name)
		}
		if len(claim.text) > maxName {
			return conflicts.Principal{}, fmt.Errorf("%w: claim %s is longer than %d bytes", ErrBadToken, claim.name, maxName)
		}
	}
	return conflicts.Principal{Supplier: c.Supplier, User: c.Subject, Device: c.Device, Role: role}, nil
}

func roleOf(r conflicts.Role) (conflicts.Role, error) {
	switch r {
	case "":
		return conflicts.Member, nil
	case conflicts.Owner, conflicts.Member, conflicts.Integration, conflicts.Viewer:
		return r, nil
	}
	return "", fmt.Errorf("%w: unknown role", ErrBadToken)
}

// refusal turns the parser's error into one of ours. The parser's text is not
// kept: it can quote parts of the token.
func refusal(err error) error {
	for _, known := range []struct {
		is   error
		says error
	}{
		// A wrong signature first: nothing else in the token may be believed then.
		{jwt.ErrTokenSignatureInvalid, fmt.Errorf("%w: not signed by this hub with HS256", ErrBadToken)},
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
