package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"wedsync/store"
)

// How a ticket is made: the prefix, then chance and a seal over it in base64.
// The seal lets a hub refuse what no hub made without asking the store.
const (
	ticketPrefix = "wst_"
	ticketChance = 32 // bytes
	ticketSeal   = 16 // bytes
	ticketGood   = 30 * time.Second
)

// Tickets stand in for tokens where a browser can send nothing but a URL: each
// opens one socket or stream within half a minute, on any hub of the store.
type Tickets struct {
	store store.Tickets
	key   []byte
	now   func() time.Time
}

// NewTickets makes the tickets of the hub with that secret; now is time.Now but
// in tests.
func NewTickets(s store.Tickets, secret []byte, now func() time.Time) *Tickets {
	return &Tickets{s, derive(secret, "wedsync ticket key 1"), now}
}

// Issue makes a ticket for a session, good until a time that is never after the
// session's end. The store knows only its hash. The error is a *LimitError if too
// many tickets of the user wait.
func (t *Tickets) Issue(ctx context.Context, s Session) (ticket string, until time.Time, err error) {
	now := t.now()
	until = now.Add(ticketGood)
	if s.Expires.Before(until) {
		until = s.Expires
	}
	chance := make([]byte, ticketChance, ticketChance+ticketSeal)
	rand.Read(chance)
	ticket = ticketPrefix + base64.RawURLEncoding.EncodeToString(append(chance, t.seal(chance)...))
	err = t.store.PutTicket(ctx, store.Ticket{
		Hash: sha256.Sum256([]byte(ticket)), Principal: s.Principal, Expires: s.Expires, Until: until,
	}, now)
	if errors.Is(err, store.ErrTooMany) {
		return "", time.Time{}, &LimitError{"tickets of this user that wait to be used", ticketGood}
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("keep ticket: %w", err)
	}
	return ticket, until, nil
}

// Redeem gives the session of a ticket, once. The error wraps ErrBadToken if
// there is no such ticket any more, or what the store could not do.
func (t *Tickets) Redeem(ctx context.Context, ticket string) (Session, error) {
	if !t.ours(ticket) {
		return Session{}, fmt.Errorf("%w: not a ticket of this hub", ErrBadToken)
	}
	now := t.now()
	kept, err := t.store.TakeTicket(ctx, sha256.Sum256([]byte(ticket)), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Session{}, fmt.Errorf("%w: the ticket was used before or is too old", ErrBadToken)
	case err != nil:
		return Session{}, fmt.Errorf("take ticket: %w", err)
	case !now.Before(kept.Expires):
		return Session{}, ErrExpired
	}
	return Session{Principal: kept.Principal, Expires: kept.Expires}, nil
}

// ours reports whether a hub with this secret made the ticket.
func (t *Tickets) ours(ticket string) bool {
	text, ok := strings.CutPrefix(ticket, ticketPrefix)
	if !ok || len(text) != base64.RawURLEncoding.EncodedLen(ticketChance+ticketSeal) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && hmac.Equal(raw[ticketChance:], t.seal(raw[:ticketChance]))
}

func (t *Tickets) seal(chance []byte) []byte {
	return derive(t.key, string(chance))[:ticketSeal]
}
