package conflicts

import (
	"fmt"

	"wedsync/crdt"
)

// An Env is what all records of a hub share.
type Env struct {
	// Secret is the hub's identity; it names hub actors and tags hub changes.
	Secret []byte
	Limits crdt.Limits
}

// storedLimits are those of changes that the hub itself has stored: its own
// changes may hold the values of many fields at once.
func (e *Env) storedLimits() crdt.Limits {
	l := e.Limits
	l.MaxChunk, l.MaxInflated, l.MaxOps, l.MaxPreds = 16*l.MaxChunk, 16*l.MaxInflated, 16*l.MaxOps, 16*l.MaxPreds
	l.MaxHeads, l.MaxDeps, l.MaxActors = 16*l.MaxHeads, 16*l.MaxDeps, 16*l.MaxActors
	return l
}

// hubShare is the part of a record's room that devices leave to the hub, so
// that what they write last can still be answered and decided.
const hubShare = 16

// room is how many changes devices may bring a record to.
func (e *Env) room() int { return e.Limits.MaxChanges - e.Limits.MaxChanges/hubShare - 1 }

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
	hand
	env    *Env
	graph  *crdt.Graph
	fields *crdt.Fields // over watched()
	roots  *crdt.Roots
	ledger *ledger

	policy   *Policy
	adopted  *Policy // the policy that the ledger follows; nil before the first batch
	watching []crdt.Path
	carriers map[crdt.Hash]Principal // who delivered the changes that wait
}

// New is a record that the hub does not know yet.
func New(id crdt.RecordID, env *Env, p *Policy) *Record {
	return newRecord(id, env, p, newLedger())
}

func newRecord(id crdt.RecordID, env *Env, p *Policy, l *ledger) *Record {
	r := &Record{
		hand:     hand{id: id, secret: env.Secret},
		env:      env,
		graph:    crdt.NewGraph(env.Limits),
		ledger:   l,
		policy:   p,
		carriers: make(map[crdt.Hash]Principal),
	}
	r.watching = r.watched()
	r.fields = crdt.NewFields(r.watching...)
	r.roots = crdt.NewRoots(r.graph)
	return r
}

// Load brings back a record from what was stored of it: its newest ledger and
// all its batches in their order. Changes that waited for others are not
// among them; devices bring those again.
func Load(id crdt.RecordID, env *Env, p *Policy, ledger []byte, batches []StoredBatch) (*Record, error) {
	l, err := parseLedger(ledger)
	if err != nil {
		return nil, err
	}
	r := newRecord(id, env, p, l)
	for i, batch := range batches {
		if err := r.restoreBatch(batch); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i, err)
		}
	}
	for _, a := range l.Answers {
		r.seal(a)
	}
	return r, nil
}

// restoreBatch adds a stored batch to the history.
func (r *Record) restoreBatch(batch StoredBatch) error {
	start := r.graph.Len()
	for i, chunk := range batch.Chunks {
		c, err := crdt.Decode(chunk, r.env.storedLimits())
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		added, err := r.graph.AddHub(c)
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		if len(added) != 1 {
			return fmt.Errorf("change %d is not one that only needs earlier ones", i)
		}
		r.fields.Apply(r.graph.Len()-1, c)
		r.roots.Apply(r.graph.Len()-1, c)
		c.Ops = nil
	}
	if end := r.graph.Len() - 1; batch.Hub && end >= start {
		r.seal(answer{From: start, To: end, By: r.graph.At(end).Hash})
	}
	return nil
}

// full reports whether no hub change can be added.
func (r *Record) full() bool { return r.graph.Len() >= r.env.Limits.MaxChanges }

// ID is the record's name.
func (r *Record) ID() crdt.RecordID { return r.id }

// Graph is the record's history. It is changed by Receive, Edit, Resolve and
// Judge alone.
func (r *Record) Graph() *crdt.Graph { return r.graph }

// Listed reports whether the record was judged. It is false while the hub does
// not hold all heads that the introducing device announced.
func (r *Record) Listed() bool { return r.ledger.Listed }

// Settled reports whether everything in the history was judged. While it is
// false nothing of the record may be sent to a device but what it sent itself.
func (r *Record) Settled() bool { return r.ledger.Listed && r.ledger.Awaiting == nil }

// View is what reads show of the critical fields.
func (r *Record) View() *LedgerView { return r.ledger.view() }

// Ledger is what must be stored when an Outcome says that it changed.
func (r *Record) Ledger() []byte {
	b, err := r.ledger.encode()
	if err != nil {
		panic(fmt.Sprintf("conflicts: ledger of %s: %v", r.id, err)) // it holds nothing that JSON cannot
	}
	return b
}

// Bytes is about how much memory the record takes.
func (r *Record) Bytes() int {
	const perChange = 256 // its place in the graph, and its operations on watched paths
	return r.graph.Bytes() + r.graph.Len()*perChange + r.roots.Bytes()
}

// Judge brings the record in line with a policy outside of any batch: a record
// that waits for a device is judged as it stands, and fields that turned
// critical are evaluated.
func (r *Record) Judge(j Judgement) *Outcome {
	b := r.begin(j.By, j.Policy, j.Now)
	b.out.Input = &Input{Judges: true}
	if b.ledger.Awaiting != nil {
		b.complete()
	}
	b.answer(b.fields, nil)
	return b.outcome()
}
