package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// A batch is a record at work: what one delivery, edit or resolution does to
// it, until finish writes the one hub change that answers it.
type batch struct {
	*Record
	from    Principal
	now     time.Time
	out     Outcome
	start   int     // graph index of the first change of the batch
	touches []touch // of watched paths, by the batch's changes

	dirty   bool               // the ledger changed
	look    map[crdt.Path]bool // fields that the mirror rule must look at besides the touched ones
	moved   []*Conflict        // conflicts that changed
	decided []crdt.Path        // fields whose last revision the hub change is to establish
	due     bool               // a device's edit diverted: a hub change is due whatever the fields show
	late    answer             // changes of earlier batches that are judged now
	replays *Delivered         // what is replayed; nil for what comes now

	apart  []string   // root keys that were written apart, or are now, and moved
	merged []*Merged  // entries that changed
	using  *MergedUse // the choice that the batch carries out, nil if it is none

	listed      bool            // the record was, before the batch
	pendings    []foundConflict // as the batch found them
	answering   bool            // the hub change is being stored
	reachedMore bool            // keys that Outcome.Changed does not name
}

// A touch is a change that reaches a watched path.
type touch struct {
	index int // in the graph
	path  crdt.Path
}

// begin begins a batch under a policy. A field that turned critical is
// evaluated before anything of the batch is judged.
func (r *Record) begin(from Principal, p *Policy, now time.Time) *batch {
	b := &batch{Record: r, from: from, now: now, start: r.graph.Len()}
	b.find()
	b.adopt(p)
	return b
}

// outcome ends a batch.
func (b *batch) outcome() *Outcome {
	b.letGo()
	b.chain()
	b.merge()
	for _, c := range b.moved {
		b.out.Conflicts = append(b.out.Conflicts, c.row())
	}
	for _, m := range b.merged {
		b.out.Merged = append(b.out.Merged, m.row())
	}
	for i, c := range b.out.Stored {
		by, waited := b.carriers[c.Hash]
		if !waited {
			continue
		}
		b.delivered().Waited = append(b.delivered().Waited, Wait{c.Hash, by})
		if by != b.from {
			b.out.Carried = append(b.out.Carried, Carriage{i, by})
		}
		delete(b.carriers, c.Hash)
	}
	b.tellSteps()
	b.out.LedgerChanged = b.dirty
	return &b.out
}

// store notes a change that joined the history, and lets go of its operations.
func (b *batch) store(c *crdt.Change) {
	i, _ := b.graph.Index(c.Hash)
	for _, p := range b.fields.Apply(i, c) {
		b.touches = append(b.touches, touch{i, p})
	}
	for _, key := range b.roots.Apply(i, c) {
		if !slices.Contains(b.apart, key) {
			b.apart = append(b.apart, key)
		}
	}
	if !b.answering || b.out.Input.edits() {
		b.reach()
	}
	c.Ops = nil
	b.out.Stored = append(b.out.Stored, c)
}

// move notes that a conflict changed.
func (b *batch) move(c *Conflict) {
	if !slices.Contains(b.moved, c) {
		b.moved = append(b.moved, c)
	}
	b.changed(c.Field)
}

// changed notes that the ledger says something new about a field.
func (b *batch) changed(path crdt.Path) {
	if b.look == nil {
		b.look = make(map[crdt.Path]bool)
	}
	b.look[path] = true
	b.dirty = true
}

// measure reads values as a field does.
func (b *batch) measure(f *field) measure { return measure{f.Policy.Kind, b.policy.zone()} }

// raise makes a value the next revision of a field. If no change is named,
// the batch's hub change establishes it.
func (b *batch) raise(f *field, r Revision) {
	r.At = b.now
	f.raise(r, b.measure(f))
	b.log(LogEntry{
		Act: ActDecided, By: r.Author, Field: f.Policy.Path, Revision: f.revision(),
		Value: r.Value, Cause: r.Cause, Rule: r.Rule,
	})
	if r.Change.IsZero() {
		b.decided = append(b.decided, f.Policy.Path)
	}
	if f.Pending != nil {
		b.move(f.Pending)
	}
	b.changed(f.Policy.Path)
}
