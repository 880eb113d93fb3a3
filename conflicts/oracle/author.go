package oracle

import (
	"slices"

	"wedsync/crdt"
)

// An Author is who an edit belongs to: a user, or an actor that is bound to
// nobody yet.
type Author struct {
	User   string
	Actor  crdt.ActorID
	Device string // of the user, that made the edit
	// CarriedBy is the device that brought it, if it was another.
	CarriedBy string
}

// same: an author is a person on whatever device.
func (a Author) same(o Author) bool { return a.User == o.User && a.Actor == o.Actor }

// A signature is an author of a proposal and the changes by which that author
// proposed or joined it; none for the API.
type signature struct {
	Author
	changes []crdt.Hash
	keys    []string // of API edits
}

// A Proposal is one attempt to set a critical field.
type Proposal struct {
	Value     crdt.Value
	State     string // open, accepted, rejected, superseded, withdrawn
	Reason    string
	Since     *crdt.Value // what an author has since set, without the right to
	DecidedAt uint64      // the revision that accepted or rejected it
	authors   []signature
	back      bool // its rejection was taken back: an open one took its place
}

// Authors are those behind the proposal, the first one first.
func (p *Proposal) Authors() []Author {
	var authors []Author
	for _, s := range p.authors {
		authors = append(authors, s.Author)
	}
	return authors
}

func (p *Proposal) by(a Author) *signature {
	i := slices.IndexFunc(p.authors, func(s signature) bool { return s.same(a) })
	if i < 0 {
		return nil
	}
	return &p.authors[i]
}

// join makes somebody an author, or adds a change or key of one.
func (p *Proposal) join(a Author, change crdt.Hash, key string) {
	s := p.by(a)
	if s == nil {
		p.authors = append(p.authors, signature{Author: a})
		s = &p.authors[len(p.authors)-1]
	}
	if !change.IsZero() {
		s.changes = append(s.changes, change)
	}
	if key != "" {
		s.keys = append(s.keys, key)
	}
}

// leave takes an author away. Without authors the proposal ends in a state.
func (p *Proposal) leave(a Author, state string) {
	p.authors = slices.DeleteFunc(p.authors, func(s signature) bool { return s.same(a) })
	if len(p.authors) == 0 {
		p.State = state
	}
}

// pass passes what an unbound actor proposed to the principal it is bound to.
func (p *Proposal) pass(actor crdt.ActorID, to Principal) {
	s := p.by(Author{Actor: actor})
	if s == nil {
		return
	}
	now := Author{User: to.User, Device: to.Device, CarriedBy: s.CarriedBy}
	if other := p.by(now); other != nil {
		other.changes = append(other.changes, s.changes...)
		p.authors = slices.DeleteFunc(p.authors, func(s signature) bool { return s.Actor == actor })
		return
	}
	s.Author = now
}

// lesser is the role of two that may do less.
func lesser(a, b string) string {
	for _, role := range []string{"viewer", "integration", "member", "owner"} {
		if a == role || b == role {
			return role
		}
	}
	return "viewer"
}
