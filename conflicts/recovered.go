package conflicts

import (
	"cmp"
	"slices"

	"wedsync/crdt"
)

// recover judges a record whose hub changes came back after the hub lost its
// store, or part of it. What the latest of them shows is the last decision and
// becomes the next revision; edits that it does not know are judged after it.
// Changes with graph indexes from from on have not been judged yet.
func (b *batch) recover(from int) {
	past, err := b.hubHistory()
	if err != nil {
		b.out.Err = err
		return
	}
	b.renew()
	b.log(LogEntry{Act: ActRecovered, By: b.from.author()})
	last := past.latest()
	view := b.graph.View(last.Hash)
	marks := b.fields.Value(marksPath, view).Map
	for _, fp := range b.policy.Fields {
		b.takeOver(fp)
	}
	var again []touch
	for _, path := range b.ledger.critical() {
		f, mark := b.ledger.Fields[path], marks[string(path)].Str
		unknown := mark != "" && (f.Pending == nil || f.Pending.ID != mark)
		b.restore(f, last, b.fields.Value(path, view), mark)
		if unknown {
			again = append(again, b.contested(past, f, mark)...)
			f.Reopens = mark
		}
	}
	again = append(again, b.missed(past, view, from)...)
	b.judge(again)
	for _, f := range b.ledger.Fields {
		f.Reopens = ""
	}
}

// restore makes a value the recovered revision of a field, unless the field was
// never set. A pending conflict that the recovered change does not name was
// decided by it; one that it names says that even an empty field is a decision.
func (b *batch) restore(f *field, last *crdt.Change, value crdt.Value, mark string) {
	if f.revision() == 0 && b.measure(f).cleared(value) && f.Pending == nil && mark == "" {
		return
	}
	r := Revision{Value: value, Cause: CauseRecovered, Change: last.Hash}
	if f.Pending != nil && f.Pending.ID != mark {
		b.settle(f, value, Decision{Action: Recover, At: b.now}, r)
		return
	}
	b.raise(f, r)
}

// A hubHistory is what the hub itself wrote into a record, by graph index.
type hubHistory struct {
	graph *crdt.Graph
	own   map[int]bool
}

// hubHistory finds the genuine hub changes of the record.
func (b *batch) hubHistory() (hubHistory, error) {
	past := hubHistory{b.graph, make(map[int]bool)}
	for i := range b.graph.Len() {
		c, err := crdt.Decode(b.graph.At(i).Raw, b.env.storedLimits())
		if err != nil {
			return past, err
		}
		past.own[i] = b.genuine(c)
	}
	return past, nil
}

// latest is the hub change that no other knows; of several, which a hub wrote
// that had lost the others, the last by its own clock.
func (p hubHistory) latest() *crdt.Change {
	var tips []*crdt.Change
	for i := p.graph.Len() - 1; i >= 0; i-- {
		c := p.graph.At(i)
		known := func(tip *crdt.Change) bool { return p.graph.Contains(tip.Hash, c.Hash) }
		if p.own[i] && !slices.ContainsFunc(tips, known) {
			tips = append(tips, c)
		}
	}
	return slices.MaxFunc(tips, func(x, y *crdt.Change) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), x.Hash.Compare(y.Hash))
	})
}

// missed are the edits of changes that were not judged yet and that the last
// decision does not know.
func (b *batch) missed(past hubHistory, known crdt.View, from int) []touch {
	var touches []touch
	for i := from; i < b.graph.Len(); i++ {
		if past.own[i] || known.Has(i) {
			continue
		}
		for _, path := range b.ledger.critical() {
			if b.edits(i, path) {
				touches = append(touches, touch{i, path})
			}
		}
	}
	return touches
}

// edits reports whether a change shows its author another value than before.
func (b *batch) edits(i int, path crdt.Path) bool {
	c := b.graph.At(i)
	after := b.fields.Value(path, b.graph.View(c.Hash))
	return !after.Equal(b.fields.Value(path, b.graph.View(c.Deps...)))
}

// contested are the edits from which a conflict arose that the last decision
// names and the store has lost: those since the field was last without it,
// between two hub changes the last of each line.
func (b *batch) contested(past hubHistory, f *field, mark string) []touch {
	path := f.Policy.Path
	before := crdt.View{}
	var named []int
	for i := range b.graph.Len() {
		if !past.own[i] {
			continue
		}
		view := b.graph.View(b.graph.At(i).Hash)
		if b.fields.Value(marksPath, view).Map[string(path)].Str == mark {
			named = append(named, i)
		} else if len(named) == 0 {
			before = view
		}
	}
	var touches []touch
	for _, hub := range named {
		view := b.graph.View(b.graph.At(hub).Deps...)
		touches = append(touches, b.lastEdits(past, path, before, view)...)
		before = b.graph.View(b.graph.At(hub).Hash)
	}
	return touches
}

// lastEdits are the edits of a field between two views that no other edit
// between them knows.
func (b *batch) lastEdits(past hubHistory, path crdt.Path, before, after crdt.View) []touch {
	var last []touch
	for i := b.graph.Len() - 1; i >= 0; i-- {
		if past.own[i] || before.Has(i) || !after.Has(i) || !b.edits(i, path) {
			continue
		}
		h := b.graph.At(i).Hash
		known := func(t touch) bool { return b.graph.Contains(b.graph.At(t.index).Hash, h) }
		if !slices.ContainsFunc(last, known) {
			last = append(last, touch{i, path})
		}
	}
	return last
}
