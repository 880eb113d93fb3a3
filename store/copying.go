package store

import (
	"context"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// A Told receipt is one with those who know of it.
type Told struct {
	conflicts.Receipt
	Devices []string // that have acknowledged it, ascending
}

// A Whole record is all that a store holds of one, in whatever state, apart from
// its journal entries.
type Whole struct {
	Summary
	Conflicts []conflicts.Conflict // ascending by id
	Merged    []conflicts.Merged   // ascending by id
	Receipts  []Told               // ascending by id
	Answers   []Answer             // ascending by principal, then key
	Devices   []DeviceHeads        // ascending by user, then device
}

// Hooks are a part of what a store holds of a supplier's webhooks.
type Hooks struct {
	Connections []Connection
	Objects     []ObjectID
	Events      []InboxEvent
	Endpoints   []Endpoint
	Deliveries  []Delivery // of endpoints that are stored, or among Endpoints
}

// A KeptItem is all that a store holds of an item, in whatever state.
type KeptItem struct {
	Item
	Shown     [][]Participant // of each of its occurrences
	Erased    bool
	Forgotten []byte // marks of participants that were erased from it
	Links     []Link // ascending by record
}

// Talks are a part of what a store holds of a supplier's communications.
type Talks struct {
	Accounts []Account
	Cursors  []Cursor // of accounts that are stored, or among Accounts
	Items    []KeptItem
}

// A Copier lets all that one store holds be moved into another: its identity,
// then for each supplier the policies and the devices (by SetPolicy and Seen), who
// may do what, the records, the journal, the webhooks, and the communications;
// tickets and jobs are not. No hub may be running on either store.
type Copier interface {
	// Wholes reads records of a supplier, in whatever state, in ascending order
	// of id, beginning after the given one (the zero id is before all), at most
	// limit. A page ends early once it holds more than MaxPage bytes; an empty one
	// means that there is no more.
	Wholes(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]Whole, error)
	// PolicyVersions reads every policy that a supplier has set, in ascending
	// order of version.
	PolicyVersions(ctx context.Context, supplier string) ([]*conflicts.Policy, error)
	// Receive gives the store the identity of another, and keeps it from being
	// served until Received: Identity returns ErrUnfinished meanwhile, whoever
	// opens it. A store that has this identity already stays as it is, however
	// much it holds. It returns ErrNotEmpty if the store has another identity and
	// knows a supplier; nothing has changed then.
	Receive(ctx context.Context, id Identity) error
	// Restore stores records as they are, all or none; after nil they survive a
	// power failure. What is announced by devices that were never seen is left
	// out. It returns ErrNotEmpty if one of the ids is bound already; nothing has
	// changed then.
	Restore(ctx context.Context, records []Whole) error
	// RestoreAccess makes a supplier's access the given one, its version
	// included, durably.
	RestoreAccess(ctx context.Context, supplier string, a Access) error
	// RestoreHooks stores a part of a supplier's webhooks as they are, versions,
	// numbers and cursors included, all or none, durably. What is stored already
	// under the same id is replaced.
	RestoreHooks(ctx context.Context, supplier string, h Hooks) error
	// KeptItems reads items of a supplier, in whatever state, in ascending order of
	// id, beginning after the given one ("" is before all), at most limit. A page
	// ends early once it holds more than MaxPage bytes; an empty one means that
	// there is no more.
	KeptItems(ctx context.Context, supplier, after string, limit int) ([]KeptItem, error)
	// RestoreTalks stores a part of a supplier's communications as they are,
	// versions included, all or none, durably. What is stored already under the same
	// id is replaced.
	RestoreTalks(ctx context.Context, supplier string, t Talks) error
	// Enter stores journal entries of a supplier under the numbers and versions
	// that they have, all or none; after nil they survive a power failure. It
	// returns ErrStale unless the numbers go on from the journal's last, and
	// ErrNotFound if the supplier does not have one of the records; nothing has
	// changed then.
	Enter(ctx context.Context, supplier string, entries []Entry) error
	// Received ends what Receive began, durably.
	Received(ctx context.Context) error
}
