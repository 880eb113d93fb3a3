package conflicts

import (
	"cmp"
	"slices"
	"time"

	"wedsync/crdt"
)

// An edit is what one change of a device does to one critical field.
type edit struct {
	field  *field
	change *crdt.Change
	index  int // of the change
	order  int // in which the batch's changes are judged
	author Author
	view   crdt.View  // what the author saw right after it
	value  crdt.Value // there
	before crdt.Value // and right before it
	found  int        // the change that wrote what the author found, or -1
	base   uint64     // as it stood before the batch
	idle   bool       // its author changed nothing in his own eyes
}

// judge decides the edits that some changes made, in causal order.
func (b *batch) judge(touches []touch) {
	var edits []edit
	order := b.order(touches)
	for _, t := range touches {
		if f := b.ledger.Fields[t.path]; f != nil && f.Critical {
			edits = append(edits, b.edit(f, t, order[t.index]))
		}
	}
	edits = b.fold(edits)
	for i := range edits {
		b.decide(&edits[i])
	}
}

// edit reads an edit as its author saw it.
func (b *batch) edit(f *field, t touch, order int) edit {
	c := b.graph.At(t.index)
	view := b.graph.View(c.Hash)
	e := edit{
		field:  f,
		change: c,
		index:  t.index,
		order:  order,
		author: b.author(c),
		view:   view,
		found:  -1,
	}
	value, made, _ := b.fields.Shown(t.path, view)
	before, found, ok := b.fields.Shown(t.path, b.graph.View(c.Deps...))
	e.value, e.before = value, before
	if ok {
		e.found = found
	}
	e.base = f.base(b.graph, e.author.key(), view)
	e.idle = b.measure(f).same(before, value)
	b.out.Typed = b.out.Typed || value.Kind == crdt.Text && made != t.index && value.Str != before.Str
	return e
}

// decide decides one edit.
func (b *batch) decide(e *edit) {
	key := e.author.key()
	base := e.field.base(b.graph, key, e.view)
	open, rejected := e.field.buildsOn(b.graph, key, e.view, base)
	result := b.rule(e.field, &Attempt{
		Value: e.value, Before: &e.before, Author: e.author,
		Base: base, BuildsOn: open, Rejected: rejected, At: b.now,
	}, source{
		change: e.change.Hash, edited: authored(e.change), cause: string(e.change.Hash[:]),
	})
	if (result == EditDiverted || result == EditRejected) && b.repeats(e) {
		b.out.Repeated = append(b.out.Repeated, e.field.Policy.Path)
	}
}

// repeats reports whether an edit sets what its author had set before and the
// hub change whose value the author found has replaced.
func (b *batch) repeats(e *edit) bool {
	if e.found < 0 {
		return false
	}
	mirror := b.graph.At(e.found)
	if !b.isHubActor(mirror.Actor) {
		return false
	}
	m := b.measure(e.field)
	for _, l := range b.fields.Live(e.field.Policy.Path, b.graph.View(mirror.Deps...)) {
		if b.graph.At(l.Change).Actor == e.change.Actor && m.same(l.Value, e.value) {
			return true
		}
	}
	return false
}

// authored is when a change was made by its author's clock, which may say
// anything: what no calendar holds becomes the nearest that one does.
func authored(c *crdt.Change) time.Time {
	const year10000 = 253_402_300_800
	return time.Unix(min(max(c.Time, 0), year10000-1), 0).UTC()
}

// fold makes one edit of those that one author made of one field, each on top
// of the last and knowing the same revision: the value of the last, compared
// with what the first found. An edit that changes nothing is left by itself.
func (b *batch) fold(edits []edit) []edit {
	slices.SortStableFunc(edits, func(x, y edit) int { return cmp.Compare(x.order, y.order) })
	var folded []edit
	for _, e := range edits {
		if i := b.foldable(folded, e); i >= 0 {
			e.before, e.found = folded[i].before, folded[i].found
			folded = slices.Delete(folded, i, i+1)
		}
		folded = append(folded, e)
	}
	return folded
}

// foldable is the index of the edit that e goes on with, the last of several,
// or -1.
func (b *batch) foldable(folded []edit, e edit) int {
	if e.idle {
		return -1
	}
	for i, earlier := range slices.Backward(folded) {
		if earlier.field == e.field && earlier.author.same(e.author) && earlier.base == e.base &&
			e.view.Has(earlier.index) && !earlier.idle {
			return i
		}
	}
	return -1
}
