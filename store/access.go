package store

import (
	"context"
	"time"

	"wedsync/conflicts"
)

// A DeviceID names a device of a supplier.
type DeviceID struct{ User, Device string }

// An Access is what a supplier's owners have said about who may do what.
type Access struct {
	Version uint64                    // raised by every change, 0 if there was none
	Roles   map[string]conflicts.Role // by user; only those that were set
	Revoked map[DeviceID]time.Time    // since when
}

// What is remembered of access; more is refused.
const (
	MaxRoles   = 10_000 // users of a supplier whose role was set
	MaxRevoked = 10_000 // devices of a supplier that are revoked
	MaxTickets = 64     // unredeemed tickets of a user, about
)

// Accesses keeps who may do what, durably. A change raises the version of the
// supplier's access by one and is heard by other nodes as a commit is; what
// changes nothing leaves the version as it is. After an error a change may or
// may not be stored.
type Accesses interface {
	// AccessOf reads what holds for a supplier. It is at least as new as its version.
	AccessOf(ctx context.Context, supplier string) (Access, error)
	// SetRole sets the most that a user may do; the empty role forgets what was
	// set. It returns ErrTooMany if MaxRoles others have one.
	SetRole(ctx context.Context, supplier, user string, role conflicts.Role) (version uint64, err error)
	// Revoke shuts a device out, whether or not it was ever seen; again keeps the
	// first time. It returns ErrTooMany if MaxRevoked others are.
	Revoke(ctx context.Context, supplier string, d DeviceID, at time.Time) (version uint64, err error)
	// Readmit takes that back.
	Readmit(ctx context.Context, supplier string, d DeviceID) (version uint64, err error)
}

// A Ticket stands for a token in the URL of a socket that a browser opens. The
// store knows the hash of its text only.
type Ticket struct {
	Hash      [32]byte
	Principal conflicts.Principal
	Expires   time.Time // of the token that it was given for
	Until     time.Time // when it cannot be redeemed any more
}

// Tickets keeps tickets until they are redeemed.
type Tickets interface {
	// PutTicket stores a ticket and sweeps those that cannot be redeemed any
	// more. It returns ErrTooMany if MaxTickets of the same user wait. A ticket
	// may be lost in a power failure, without harm.
	PutTicket(ctx context.Context, t Ticket, now time.Time) error
	// TakeTicket redeems a ticket, durably: of all who ask for it, on whatever
	// node, one gets it. It returns ErrNotFound if it was redeemed before, never
	// was there, or its time is over. After another error it may or may not be redeemed.
	TakeTicket(ctx context.Context, hash [32]byte, now time.Time) (Ticket, error)
}
