package oracle

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// Now is the hub's clock.
type Now = time.Time

// A batch is what the record does with the input at hand.
type batch struct {
	now      Now
	before   Past // what the history held
	result   *Result
	answered bool                     // something diverted or was rejected, and must be answered
	decided  bool                     // a decision must be established by the hub change
	written  map[crdt.Path]crdt.Value // ordinary fields that the API writes
}

// An edit is what one author did to one field, folded.
type edit struct {
	author  Author
	role    string
	changes []*crdt.Change
	base    uint64 // as it stood before the batch
}

func (e *edit) last() *crdt.Change { return e.changes[len(e.changes)-1] }

// judge decides what new changes did to every critical field.
func (r *Record) judge(added []*crdt.Change) {
	ordered := causal(added)
	everything := r.History.See(r.History.All())
	for _, f := range r.fields {
		if !f.critical {
			continue
		}
		for _, e := range r.fold(f, ordered, everything) {
			r.decideEdit(f, e)
		}
	}
}

// causal puts changes in causal order, ties by hash.
func causal(added []*crdt.Change) []*crdt.Change {
	var ordered []*crdt.Change
	rest := slices.Clone(added)
	for len(rest) > 0 {
		best := -1
		for i, c := range rest {
			waits := slices.ContainsFunc(rest, func(o *crdt.Change) bool { return slices.Contains(c.Deps, o.Hash) })
			if !waits && (best < 0 || c.Hash.Compare(rest[best].Hash) < 0) {
				best = i
			}
		}
		ordered = append(ordered, rest[best])
		rest = slices.Delete(rest, best, best+1)
	}
	return ordered
}

// touched reports whether a change acts at a path, above it or below.
func (d *Document) touched(p crdt.Path, c *crdt.Change) bool {
	return slices.ContainsFunc(c.Ops, func(op crdt.Op) bool { return d.Touches(p, op) })
}

// fold collects the edits of a field. Edits by one author, each an ancestor of
// the next and all with the same base as it stood before the batch, are one; it
// stands where its last change does, and has the rights of that. A change that leaves the value as its
// author saw it is decided by rule 1 at once, and is no part of that.
func (r *Record) fold(f *field, ordered []*crdt.Change, everything *Document) []*edit {
	var edits []*edit
	for _, c := range ordered {
		if !everything.touched(f.Path, c) {
			continue
		}
		author, role := r.author(c)
		past := r.History.Past(c.Deps...)
		before, after := r.History.See(past).Field(f.Path), r.History.See(r.History.Past(c.Hash)).Field(f.Path)
		if r.same(f, before, after) {
			r.verdict(f, attempt{author: author, change: c.Hash}, 1, "no_change", "")
			continue
		}
		base := r.base(f, author, past)
		e := &edit{author: author, role: role, base: base}
		for i := len(edits) - 1; i >= 0; i-- {
			if edits[i].author.same(author) && edits[i].base == base && r.History.In(past, edits[i].last().Hash) {
				e.changes = edits[i].changes
				edits = slices.Delete(edits, i, i+1)
				break
			}
		}
		e.changes = append(e.changes, c)
		edits = append(edits, e)
	}
	return edits
}

// base is the newest revision that the author of an edit knew.
func (r *Record) base(f *field, a Author, past Past) uint64 {
	for n := f.revision(); n > 0; n-- {
		if r.History.In(past, f.revisions[n-1].established) {
			return n
		}
		for _, p := range f.proposals() {
			if p.State == "accepted" && p.DecidedAt == n && r.proposedIn(p, a, past) {
				return n
			}
		}
	}
	return 0
}

// proposedIn reports whether a change by which the author proposed or joined
// a proposal is in a past.
func (r *Record) proposedIn(p *Proposal, a Author, past Past) bool {
	s := p.by(a)
	return s != nil && slices.ContainsFunc(s.changes, func(c crdt.Hash) bool { return r.History.In(past, c) })
}

// decideEdit decides a device's edit.
func (r *Record) decideEdit(f *field, e *edit) {
	past := r.History.Past(e.last().Deps...)
	before := r.History.See(r.History.Past(e.changes[0].Deps...)).Field(f.Path)
	a := attempt{
		author: e.author,
		role:   e.role,
		value:  r.History.See(r.History.Past(e.last().Hash)).Field(f.Path),
		before: &before,
		base:   r.base(f, e.author, past),
		change: e.last().Hash,
	}
	for _, p := range f.open() {
		if r.proposedIn(p, e.author, past) {
			a.buildsOn = append(a.buildsOn, p)
		}
	}
	for _, p := range f.proposals() {
		if p.State == "rejected" && !p.back && p.DecidedAt > a.base && r.proposedIn(p, e.author, past) {
			a.rejected = true
		}
	}
	r.decide(f, a)
}
