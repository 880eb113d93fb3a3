package oracle

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// A Record plays the journal of one client record.
type Record struct {
	History *History
	Listed  bool
	Deleted bool

	actors     map[crdt.ActorID]Principal // who an actor is bound to
	waiting    []waiting                  // changes whose dependencies are missing
	carriers   map[crdt.Hash]Principal    // who brought a change
	hubs       map[crdt.ActorID]bool      // actors that only the hub writes under
	fields     []*field
	policy     Policy // followed
	zone       *time.Location
	introducer *introducer // until the record is judged

	batch batch
}

// An introducer is the device that brings a new record.
type introducer struct {
	who   Principal
	heads []crdt.Hash // all that it announced
}

// A waiting is a change whose dependencies are missing, and who brought it.
type waiting struct {
	change *crdt.Change
	by     Principal
}

// A Revision is a value that counted.
type Revision struct {
	Value crdt.Value
	Cause string // edit, resolution, created
	Rule  int
	By    Author
	At    time.Time
	key   string // of an API edit
	// established is the change that says so; zero while it is the hub change
	// of the batch at hand.
	established crdt.Hash
}

// A Conflict waits for a person, or did.
type Conflict struct {
	ID         string // as the product names it
	Status     string // pending, resolved, withdrawn, record_deleted
	Version    uint64
	Reason     string
	BaseRev    uint64
	BaseVal    crdt.Value
	CurrentRev uint64
	CurrentVal crdt.Value
	Proposals  []*Proposal

	decided   uint64 // the revision that a person's decision made
	decidedAt Now
	reopened  bool
}

// A field is a critical field and all that the hub says about it.
type field struct {
	Field
	critical  bool
	revisions []Revision
	conflicts []*Conflict
}

// New is a record that the hub does not know. hubs are the actors that only
// the hub writes under.
func New(hubs ...crdt.ActorID) *Record {
	r := &Record{
		History:  NewHistory(),
		actors:   make(map[crdt.ActorID]Principal),
		carriers: make(map[crdt.Hash]Principal),
		hubs:     make(map[crdt.ActorID]bool),
	}
	for _, a := range hubs {
		r.hubs[a] = true
	}
	return r
}

// Reload is what a restart of the hub does: what waits is forgotten.
func (r *Record) Reload() { r.waiting = nil }

// Critical are the paths that are critical now.
func (r *Record) Critical() []crdt.Path {
	var paths []crdt.Path
	for _, f := range r.fields {
		if f.critical {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// Revisions are the values of a field that counted, the first one first.
func (r *Record) Revisions(p crdt.Path) []Revision {
	if f := r.field(p); f != nil {
		return f.revisions
	}
	return nil
}

// Conflicts are all conflicts of a field, the oldest first.
func (r *Record) Conflicts(p crdt.Path) []*Conflict {
	if f := r.field(p); f != nil {
		return f.conflicts
	}
	return nil
}

func (r *Record) field(p crdt.Path) *field {
	i := slices.IndexFunc(r.fields, func(f *field) bool { return f.Path == p })
	if i < 0 {
		return nil
	}
	return r.fields[i]
}

// revision is the current one, 0 if the field was never set.
func (f *field) revision() uint64 { return uint64(len(f.revisions)) }

// at is the value that counted at a revision.
func (f *field) at(revision uint64) crdt.Value {
	if revision == 0 {
		return crdt.Value{}
	}
	return f.revisions[revision-1].Value
}

func (f *field) accepted() crdt.Value { return f.at(f.revision()) }

// pending is the conflict that waits for a person, or for the record to be
// restored; nil if there is none.
func (f *field) pending() *Conflict {
	for _, c := range f.conflicts {
		if c.Status == "pending" || c.Status == "record_deleted" {
			return c
		}
	}
	return nil
}

// open are the open proposals of the pending conflict.
func (f *field) open() []*Proposal {
	var open []*Proposal
	if c := f.pending(); c != nil {
		for _, p := range c.Proposals {
			if p.State == "open" {
				open = append(open, p)
			}
		}
	}
	return open
}

// proposals are all there ever were.
func (f *field) proposals() []*Proposal {
	var all []*Proposal
	for _, c := range f.conflicts {
		all = append(all, c.Proposals...)
	}
	return all
}

// knows reports whether an API edit of that key was accepted, or proposed what
// its author still stands behind. What else was decided under a key is known to
// the API, which answers a repeated command from what it stored.
func (f *field) knows(key string) bool {
	for _, rev := range f.revisions {
		if rev.key == key {
			return true
		}
	}
	for _, p := range f.proposals() {
		for _, s := range p.authors {
			if slices.Contains(s.keys, key) {
				return true
			}
		}
	}
	return false
}

// same reports whether two values mean the same to a field.
func (r *Record) same(f *field, a, b crdt.Value) bool {
	return f.meaning(a, r.zone).same(f.meaning(b, r.zone))
}

// raise makes a value the next revision.
func (f *field) raise(rev Revision) { f.revisions = append(f.revisions, rev) }

// follow takes up a policy. A field that left it stays critical until its
// pending conflict is decided; one that is new to it is evaluated if the record
// was judged before.
func (r *Record) follow(p Policy) {
	r.zone, r.policy = p.Zone, p
	r.drop()
	for _, named := range p.Fields {
		f := r.field(named.Path)
		if f == nil {
			f = &field{}
			r.fields = append(r.fields, f)
		}
		turned := !f.critical
		f.Field, f.critical = named, true
		if turned && r.Listed {
			r.evaluate(f)
		}
	}
}

// drop ends the time of fields that the policy does not name and that wait for
// nobody.
func (r *Record) drop() {
	for _, f := range r.fields {
		named := slices.ContainsFunc(r.policy.Fields, func(n Field) bool { return n.Path == f.Path })
		f.critical = f.critical && (named || f.pending() != nil)
	}
}

// BoundTo is the user that an actor belongs to, empty if it is bound to nobody.
func (r *Record) BoundTo(a crdt.ActorID) string { return r.actors[a].User }
