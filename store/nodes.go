package store

import (
	"context"

	"wedsync/crdt"
)

// An End says how far a supplier has come.
type End struct {
	Number uint64 // of the last journal entry, 0 for none
	Policy uint64 // version of the policy in force
	Access uint64 // version of who may do what
}

// A Move is a commit as other nodes hear of it.
type Move struct {
	Number  uint64
	Record  crdt.RecordID
	Version uint64
}

// A Listener hears what other nodes do. Its functions return soon.
type Listener struct {
	Moved func(supplier string) // there is something new of a supplier: commits, its policy or who may do what
	Told  func(message []byte)  // another node told something
}

// MaxTold bounds a message that is told, in bytes.
const MaxTold = 5 << 10

// Nodes is how the nodes on a store, each a process that has it open, hear of
// each other.
type Nodes interface {
	// Shared reports whether other nodes may be on the store at the same time.
	Shared() bool
	// Ends reads how far suppliers have come, in one query. Unknown suppliers are
	// there as End{0, 1, 0}.
	Ends(ctx context.Context, suppliers []string) (map[string]End, error)
	// Moves reads a supplier's commits above after as Journal does, without their
	// batches: ascending, without a gap, at most limit.
	Moves(ctx context.Context, supplier string, after uint64, limit int) ([]Move, error)
	// Listen calls l soon after another node has committed or told something,
	// until ctx ends, which is no error, or until it can hear no more: call it
	// again. Calls are coalesced, and what happens while nobody listens is not
	// repeated: who must miss nothing also asks for Ends now and then. What this
	// node does is not heard.
	Listen(ctx context.Context, l Listener) error
	// Tell sends a message to the listeners of other nodes, at best effort, in no
	// order, never stored. Nil does not mean that anybody heard it. One of more
	// than MaxTold bytes is ErrTooMany.
	Tell(ctx context.Context, message []byte) error
}
