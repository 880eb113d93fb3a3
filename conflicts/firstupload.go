package conflicts

import (
	"cmp"
	"fmt"

	"wedsync/crdt"
)

// await keeps an account of what a device must still bring before the record
// can be judged: all heads that it announced. It reports whether the record
// waited and need not wait any more.
func (b *batch) await(announced []crdt.Hash, lost bool) bool {
	a := b.ledger.Awaiting
	switch {
	case a == nil && !lost && (b.ledger.Listed || b.graph.Len() == 0):
		return false
	case a == nil:
		a = &awaiting{User: b.from.User, Device: b.from.Device, Heads: announced, From: b.start, Lost: lost}
	case lost || a.User == b.from.User && a.Device == b.from.Device:
		a = &awaiting{User: b.from.User, Device: b.from.Device, Heads: announced, From: a.From, Lost: a.Lost || lost}
	}
	b.ledger.Awaiting = a
	b.dirty = true
	b.delivered().Announced = announced
	for _, h := range a.Heads {
		if !b.graph.Has(h) {
			return false
		}
	}
	return true
}

// complete judges a record that waited, as it stands.
func (b *batch) complete() {
	a := b.ledger.Awaiting
	b.ledger.Awaiting = nil
	b.ledger.Listed = true
	b.late = answer{From: a.From, To: b.start}
	b.apart = b.allApart()
	b.dirty = true
	if a.Lost {
		b.recover(a.From)
		return
	}
	b.evaluate(b.policy.Fields)
}

// evaluate takes over fields that were not critical until now: what they show
// becomes their next revision, whatever the mode; other live values form one
// conflict.
func (b *batch) evaluate(fields []FieldPolicy) {
	for _, fp := range fields {
		f := b.takeOver(fp)
		live := b.fields.Live(fp.Path, b.graph.All())
		if value, i, ok := b.fields.Shown(fp.Path, b.graph.All()); ok {
			if b.counts(f, value) {
				b.create(f, value, b.graph.At(i))
			} else {
				b.contest(f, live[0], InvalidValue)
			}
			live = live[1:]
		}
		for _, l := range live {
			b.contest(f, l, "")
		}
	}
}

// create makes a shown value the next revision, established by the change
// that wrote the shown operation.
func (b *batch) create(f *field, value crdt.Value, c *crdt.Change) {
	author := b.owner(c)
	b.raise(f, Revision{Value: value, Cause: CauseCreated, Author: author, Change: c.Hash})
	b.out.Verdicts = append(b.out.Verdicts, Verdict{
		Field: f.Policy.Path, Outcome: string(EditAccepted), Reason: string(CauseCreated),
		Author: author, Change: c.Hash.String(),
	})
}

// takeOver is the field of a policy in the ledger, critical from here on. What
// it accepted when it was critical before may read otherwise.
func (b *batch) takeOver(fp FieldPolicy) *field {
	f := b.ledger.Fields[fp.Path]
	if f == nil {
		f = &field{}
		b.ledger.Fields[fp.Path] = f
	}
	f.Policy, f.Critical = fp, true
	f.Shown = b.measure(f).shown(f.accepted())
	b.changed(fp.Path)
	return f
}

// counts reports whether a shown value may become a revision.
func (b *batch) counts(f *field, v crdt.Value) bool {
	c := b.measure(f).canon(v)
	return c.fits && !c.cleared
}

// contest makes a live value that is not the accepted one a proposal, for a
// reason or, if that is empty, for the one that the rules give.
func (b *batch) contest(f *field, l crdt.Live, reason string) {
	m := b.measure(f)
	if m.cleared(l.Value) || m.same(l.Value, f.accepted()) {
		return
	}
	c := b.graph.At(l.Change)
	author := b.owner(c)
	base := f.base(b.graph, author.key(), b.graph.View(c.Hash))
	a := &Attempt{Value: l.Value, Author: author, Base: base, At: b.now}
	j := &judge{f.standing(b.policy.zone()), *a, m}
	r := Ruling{Result: EditDiverted}
	r.Joins, _ = j.equalOpen(nil)
	r.Reason = cmp.Or(reason, j.reason(j.Pending))
	b.do(f, a, source{
		change: c.Hash, edited: authored(c), cause: fmt.Sprintf("%d@%s", l.ID.Counter, l.ID.Actor),
	}, r)
}
