package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// A Revision is one value that counted. The first of a field has number 1.
type Revision struct {
	Value  crdt.Value `json:"value"` // as it was written
	Cause  Cause      `json:"cause"`
	Rule   int        `json:"rule,omitempty"` // of Decide, if an edit
	Author Author     `json:"author"`         // who decided
	At     time.Time  `json:"at"`
	// Change established the revision: who has it among the ancestors of an
	// edit knew the revision. Every later hub change is a descendant of it.
	Change crdt.Hash `json:"change,omitzero"`
	Key    string    `json:"key,omitempty"` // of an API edit
}

// A step is how an author came to stand behind a proposal.
type step struct {
	Author   string    `json:"author"` // its key
	Proposal string    `json:"proposal"`
	Change   crdt.Hash `json:"change,omitzero"` // zero for an API edit
	Key      string    `json:"key,omitempty"`   // of an API edit
	State    State     `json:"state"`           // open, accepted or rejected; a left proposal has no step of its author
	At       uint64    `json:"at,omitempty"`    // the revision that decided it
}

// A field is what the hub alone says about one critical field.
type field struct {
	Policy    FieldPolicy `json:"policy"`
	Critical  bool        `json:"critical"` // false once the policy dropped it and nothing is pending
	Shown     crdt.Value  `json:"shown"`    // the accepted value as readers see it
	Revisions []Revision  `json:"revisions,omitempty"`
	Pending   *Conflict   `json:"pending,omitempty"`
	// Reopens is the id that the next conflict gets: of one that a lost store knew.
	Reopens string `json:"-"`
	Steps   []step `json:"steps,omitempty"`
	// Shadows are what webhook connections hold, by the keys of their authors.
	Shadows map[string]*shadow `json:"shadows,omitempty"`
}

// revision is the number of the revision that counts, 0 if the field was never set.
func (f *field) revision() uint64 { return uint64(len(f.Revisions)) }

// value is the value of a revision as it was written.
func (f *field) value(revision uint64) crdt.Value {
	return Standing{Revisions: f.Revisions}.value(revision)
}

// accepted is the value that counts.
func (f *field) accepted() crdt.Value { return f.value(f.revision()) }

// revisioned is a revision for people.
func (f *field) revisioned(n uint64) Revisioned { return Revisioned{Revision: n, Value: f.value(n)} }

// standing is what the rules look at.
func (f *field) standing(zone *time.Location) Standing {
	return Standing{
		Policy:    f.Policy,
		Zone:      zone,
		Revisions: f.Revisions,
		Pending:   f.Pending != nil,
		Open:      f.Pending.open(),
	}
}

// raise makes a value the next revision.
func (f *field) raise(r Revision, m measure) {
	f.Revisions = append(f.Revisions, r)
	f.Shown = m.shown(r.Value)
	if f.Pending != nil {
		f.Pending.Current = f.revisioned(f.revision())
		f.Pending.Version++
	}
}

// base is the highest revision that an author knew in a view.
func (f *field) base(g *crdt.Graph, author string, view crdt.View) uint64 {
	for n := f.revision(); n > 0; n-- {
		if holds(g, view, f.Revisions[n-1].Change) {
			return n
		}
		for _, s := range f.Steps {
			if s.State == Accepted && s.At == n && s.Author == author && holds(g, view, s.Change) {
				return n
			}
		}
	}
	return 0
}

// buildsOn names the proposals of the author that an edit with this view
// builds on: the open ones, and whether a revision above base rejected one.
func (f *field) buildsOn(g *crdt.Graph, author string, view crdt.View, base uint64) (open []string, rejected bool) {
	for _, s := range f.Steps {
		if s.Author != author || !holds(g, view, s.Change) {
			continue
		}
		switch {
		case s.State == Open && !slices.Contains(open, s.Proposal):
			open = append(open, s.Proposal)
		case s.State == Rejected && s.At > base:
			rejected = true
		}
	}
	return open, rejected
}

// openOf names every open proposal of an author.
func (f *field) openOf(author string) []string {
	var open []string
	for _, s := range f.Steps {
		if s.State == Open && s.Author == author && !slices.Contains(open, s.Proposal) {
			open = append(open, s.Proposal)
		}
	}
	return open
}

// knows reports whether an API edit with this key was decided before.
func (f *field) knows(key string) bool {
	return key != "" &&
		(slices.ContainsFunc(f.Steps, func(s step) bool { return s.Key == key }) ||
			slices.ContainsFunc(f.Revisions, func(r Revision) bool { return r.Key == key }))
}

// holds reports whether a change is in a view.
func holds(g *crdt.Graph, v crdt.View, h crdt.Hash) bool {
	i, ok := g.Index(h)
	return ok && v.Has(i)
}
