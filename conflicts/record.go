package conflicts

import (
	"wedsync/crdt"
)

// An Env is what all records of a hub share.
type Env struct {
	// Secret is the hub's identity; it names hub actors and tags hub changes.
	Secret []byte
	Limits crdt.Limits
}

// A StoredBatch is one batch as the store keeps it.
type StoredBatch struct {
	Chunks [][]byte // in causal order
	Hub    bool     // the last chunk is a hub change that answers the others
}

// A Record is one client record: its history, its critical fields and what the
// hub alone says about them. It is owned by one goroutine. What its methods
// did is true only once their Outcome is stored; if that fails, the Record is
// to be forgotten and loaded again.
type Record struct {
	id     crdt.RecordID
	env    *Env
	policy *Policy
	graph  *crdt.Graph
}

// New is a record that the hub does not know yet.
func New(id crdt.RecordID, env *Env, p *Policy) *Record {
	return &Record{id: id, env: env, policy: p, graph: crdt.NewGraph(env.Limits)}
}

// Load brings back a record from what was stored of it: its newest ledger and
// all its batches in their order.
func Load(id crdt.RecordID, env *Env, p *Policy, ledger []byte, batches []StoredBatch) (*Record, error) {
	return New(id, env, p), nil
}

// ID is the record's name.
func (r *Record) ID() crdt.RecordID { return r.id }

// Graph is the record's history. It is changed by Receive, Edit, Resolve and
// Judge alone.
func (r *Record) Graph() *crdt.Graph { return r.graph }

// Listed reports whether the record was judged. It is false while the hub does
// not hold all heads that the introducing device announced.
func (r *Record) Listed() bool { return false }

// Ledger is what must be stored when an Outcome says that it changed.
func (r *Record) Ledger() []byte { return nil }

// Bytes is about how much memory the record takes.
func (r *Record) Bytes() int { return r.graph.Bytes() }

// Receive takes a device's batch. Changes that cannot be taken become
// Refusals; the others are history from here on.
func (r *Record) Receive(d Delivery) *Outcome { return &Outcome{} }

// Edit writes fields for the API. Critical fields are decided by the rules,
// ordinary ones are written, all in one hub change.
func (r *Record) Edit(e Edit) (*Outcome, error) { return &Outcome{}, nil }

// Resolve decides a conflict.
func (r *Record) Resolve(s Resolution) (*Outcome, error) { return &Outcome{}, nil }

// Judge brings the record in line with a policy outside any batch: it judges
// an incomplete first upload as it stands and evaluates fields that turned
// critical.
func (r *Record) Judge(j Judgement) *Outcome { return &Outcome{} }
