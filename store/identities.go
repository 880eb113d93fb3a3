package store

import (
	"context"

	"wedsync/crdt"
)

// An ObjectID says which record an object of a connection is.
type ObjectID struct {
	Connection string
	External   string // the sender's id of the object
	Record     crdt.RecordID
}

// Identities remembers which record an object of a connection is, durably.
type Identities interface {
	// Identified reads which record an object is, or ErrNotFound.
	Identified(ctx context.Context, supplier, connection, external string) (crdt.RecordID, error)
	// Identify says which record an object is, unless somebody has said so before,
	// and returns which it is now. The record need not exist yet. It returns
	// ErrNotFound if the record is erased or another supplier's.
	Identify(ctx context.Context, supplier, connection, external string, id crdt.RecordID) (crdt.RecordID, error)
	// Unidentify forgets which record an object is; again changes nothing.
	Unidentify(ctx context.Context, supplier, connection, external string) error
	// ObjectsOf reads the objects that a record is, in ascending order of
	// connection, then external id, at most limit.
	ObjectsOf(ctx context.Context, supplier string, record crdt.RecordID, limit int) ([]ObjectID, error)
	// Objects reads the objects of a supplier in ascending order of connection,
	// then external id, beginning after the given one, at most limit.
	Objects(ctx context.Context, supplier string, after ObjectID, limit int) ([]ObjectID, error)
}
