package store

import (
	"context"

	"wedsync/crdt"
)

// A Supplier is one whose records the store holds.
type Supplier struct {
	Name    string
	Entries uint64 // of its journal: the number of the last one
}

// A Counted record is one of a supplier's, in whatever state.
type Counted struct {
	Record crdt.RecordID
	Heads
}

// A Census reads all that a store holds, for whoever checks and mends it.
type Census interface {
	// Suppliers reads the suppliers in ascending order of name, beginning after
	// the given one, at most limit.
	Suppliers(ctx context.Context, after string, limit int) ([]Supplier, error)
	// Count reads the records of a supplier, introducing and deleted ones too, in
	// ascending order of id, beginning after the given one (the zero id is before
	// all), at most limit.
	Count(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]Counted, error)
	// Release frees an id that was bound though no change was ever stored under it:
	// the next commit binds it anew. What the journal has of it stays, under an id
	// that nobody knows. It returns ErrNotFound if the id is not bound, and
	// ErrNotEmpty if it holds changes or held some until it was erased; nothing has changed then. No hub may be
	// running.
	Release(ctx context.Context, id crdt.RecordID) error
}
