package store

import (
	"context"

	"wedsync/crdt"
)

// An End says how far a supplier has come.
type End struct {
	Number uint64 // of the last journal entry, 0 for none
	Policy uint64 // version of the policy in force
}

// A Move is a commit as other processes on the store hear of it.
type Move struct {
	Number  uint64
	Record  crdt.RecordID
	Version uint64
}

// A Listener hears of what other processes on the store do. Its functions
// return soon.
type Listener struct {
	Moved func(supplier string) // there is something new of a supplier: commits or a policy
	Told  func(message []byte)  // another process told something
}

// MaxTold bounds the bytes of what is told at once.
const MaxTold = 5000

// Nodes is how processes that share a store hear of each other.
type Nodes interface {
	// Shared reports whether other processes may work on the store at the same time.
	Shared() bool
	// Ends reads how far suppliers have come, in one query. Unknown suppliers
	// are there as End{0, 1}.
	Ends(ctx context.Context, suppliers []string) (map[string]End, error)
	// Moves reads a supplier's commits above after, like Journal, without their batches.
	Moves(ctx context.Context, supplier string, after uint64, limit int) ([]Move, error)
	// Listen calls l soon after another process has committed or told something,
	// until ctx ends (nil) or it can hear no more (an error; call again). Calls
	// are coalesced, and what happens while nobody listens is not repeated: who
	// must miss nothing also asks for Ends now and then. Own commits are not heard.
	Listen(ctx context.Context, l Listener) error
	// Tell sends a message of at most MaxTold bytes to the listeners of other
	// processes: at best effort, in no order, never stored.
	Tell(ctx context.Context, message []byte) error
}
