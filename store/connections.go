package store

import (
	"context"
	"fmt"
	"time"
)

// What is kept of webhooks; more is refused with ErrTooMany.
const (
	MaxConnections = 100     // of a supplier
	MaxEndpoints   = 50      // of a supplier
	MaxHookBytes   = 1 << 20 // of each settings, header, body, outcome and log
)

// A Connection is a source of events about a supplier's clients, a CRM for
// instance. What its settings say is known to those who work with it alone; they
// hold secrets.
type Connection struct {
	Supplier string
	ID       string // unique over all suppliers
	Source   string // the kind of source; it never changes
	// Version is that which was read, 0 for a new one. Storing it makes it Version+1.
	Version  uint64
	Settings []byte
	Created  time.Time // it never changes
	Changed  time.Time
}

// Connections keeps connections, durably. After an error other than those that
// are named a change may or may not be stored.
type Connections interface {
	// Connections reads those of a supplier in ascending order of id.
	Connections(ctx context.Context, supplier string) ([]Connection, error)
	// Connection reads one of whatever supplier, or ErrNotFound. The caller
	// checks whose it is.
	Connection(ctx context.Context, id string) (Connection, error)
	// SetConnection stores a connection. It returns ErrStale unless c.Version is
	// the stored one's, also if it is gone or is another supplier's, and
	// ErrTooMany for a new one if the supplier has MaxConnections.
	SetConnection(ctx context.Context, c Connection) error
	// DeleteConnection forgets a connection and what its objects are, or returns
	// ErrNotFound. Its events stay.
	DeleteConnection(ctx context.Context, supplier, id string) error
}

// CheckHook returns ErrTooMany if one of the parts of what is to be stored of
// webhooks has more than MaxHookBytes.
func CheckHook(parts ...[]byte) error {
	for _, part := range parts {
		if len(part) > MaxHookBytes {
			return fmt.Errorf("%d bytes, at most %d are kept: %w", len(part), MaxHookBytes, ErrTooMany)
		}
	}
	return nil
}
