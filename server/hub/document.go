package hub

import (
	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A document is what a room has in memory while it is open: a
// [conflicts.Record] or a [conflicts.Directory].
type document interface {
	Graph() *crdt.Graph
	// Listed, Settled and Deleted say whether it counts as a record, may be sent
	// to devices, and is out of use.
	Listed() bool
	Settled() bool
	Deleted() bool
	// Receive takes what a device brought.
	Receive(conflicts.Delivery) *conflicts.Outcome
	// Follow takes over what another node stored.
	Follow(ledger []byte, batches []conflicts.StoredBatch) error
	Ledger() []byte
	Bytes() int
}

// blank is a document of which nothing is stored.
func (r *room) blank(policy *conflicts.Policy) document {
	if r.directory {
		return conflicts.NewDirectory(r.id, r.hub.env)
	}
	return conflicts.New(r.id, r.hub.env, policy)
}

// read makes the document of what is stored of it.
func (r *room) read(policy *conflicts.Policy, stored *store.Stored) (document, error) {
	batches := storedBatches(stored.Batches)
	if r.directory {
		return conflicts.LoadDirectory(r.id, r.hub.env, batches)
	}
	return conflicts.Load(r.id, r.hub.env, policy, stored.Ledger, batches)
}

// deliveryKind is the kind of the batches that devices bring.
func (r *room) deliveryKind() string {
	if r.directory {
		return conflicts.KindDirectory
	}
	return "sync"
}
