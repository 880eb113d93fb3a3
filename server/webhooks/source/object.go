package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/server/outbound"
	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// An Object is what an event is about, as its sender has it.
type Object struct {
	ID       string // the sender's; empty if the event does not say
	Type     string
	Version  string // empty if the sender counts none
	Contacts []store.Contact
	Data     map[string]any // JSON, with numbers as [encoding/json.Number]
}

// Why there is no object. Other errors pass by themselves, or are an *APIError.
var (
	// ErrUnreadable means an event that says nothing that can be used, now or later.
	ErrUnreadable = errors.New("the event cannot be read")
	// ErrGone means that the sender does not have the object any more.
	ErrGone = errors.New("the object is gone")
)

func unreadable(why string) error { return fmt.Errorf("%w: %s", ErrUnreadable, why) }

// An APIError is what a sender's API answered instead of an object.
type APIError struct {
	Status int
	After  time.Duration // when to ask again, if the API said so
}

// Error names the status, and what to do where the connection's key is refused.
func (e *APIError) Error() string {
	if e.Status == 401 || e.Status == 403 {
		return fmt.Sprintf("the sender's API refuses the connection's api_key (status %d): give it another", e.Status)
	}
	return fmt.Sprintf("the sender's API answers with status %d", e.Status)
}

// Passes reports whether it may be otherwise later.
func (e *APIError) Passes() bool { return e.Status == 429 || e.Status == 408 || e.Status >= 500 }

// A Reader reads objects. Its methods may be called from any goroutine.
type Reader struct {
	client *outbound.Client
	now    func() time.Time
}

// NewReader makes a reader that fetches what senders only hint at.
func NewReader(client *outbound.Client, now func() time.Time) *Reader {
	return &Reader{client: client, now: now}
}

// Object reads what an event of a connection is about. That of an unsigned event
// is as the sender has it now; others are as the event says.
func (r *Reader) Object(ctx context.Context, c store.Connection, e store.InboxEvent) (Object, error) {
	s, err := connection.Of(c)
	if err != nil {
		return Object{}, err
	}
	switch src := connection.Source(c.Source); src {
	case connection.Twilio:
		return twilioObject(e)
	case connection.Gmail:
		return gmailObject(e)
	case connection.Graph:
		return graphObject(e)
	case connection.VSCO:
		return r.vscoObject(ctx, s, e)
	default:
		return jsonObject(src, s, e)
	}
}
