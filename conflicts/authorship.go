package conflicts

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// Why a change is not taken from its deliverer.
var (
	errForged   = errors.New("the actor belongs to somebody else")
	errHubActor = errors.New("the actor is the hub's, and the change is not")
)

// refuseAuthor says why a change that is new to the hub cannot be of the one
// who delivers it. A record that is being recovered takes everybody's.
func (b *batch) refuseAuthor(c *crdt.Change, recovering bool) error {
	owner := b.ledger.Actors[c.Actor]
	switch {
	case owner == nil && b.isHubActor(c.Actor):
		return fmt.Errorf("actor %s: %w", c.Actor, errHubActor)
	case owner != nil && owner.User != b.from.User && !recovering:
		return fmt.Errorf("actor %s: %w", c.Actor, errForged)
	}
	return nil
}

// bind makes the actor of a delivered change the deliverer's, if it is
// nobody's yet.
func (b *batch) bind(actor crdt.ActorID, from Principal) {
	switch known := b.ledger.Actors[actor]; {
	case known == nil:
		b.ledger.Actors[actor] = &binding{from.User, from.Device, from.Role}
		b.passOn(Author{Actor: actor.String()}, from.author())
	case known.User == from.User && known.Device == from.Device && known.Role != from.Role:
		known.Role = from.Role
	default:
		return
	}
	b.dirty = true
}

// passOn gives what an actor did while it was unbound to the one it is bound to.
func (b *batch) passOn(from, to Author) {
	for _, path := range b.ledger.paths() {
		f := b.ledger.Fields[path]
		for i := range f.Steps {
			if f.Steps[i].Author == from.key() {
				f.Steps[i].Author = to.key()
			}
		}
		for i := range f.Revisions {
			if f.Revisions[i].Author.same(from) {
				f.Revisions[i].Author = to
			}
		}
		if f.Pending != nil && f.Pending.passOn(from, to) {
			b.move(f.Pending)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(b.ledger.Merged)) {
		if m := b.ledger.Merged[path]; m.passOn(from, to) {
			m.Version++
			b.moveMerged(m)
		}
	}
}

// bound is an author as the ledger knows him now: an actor may have been bound
// since a conflict was decided.
func (b *batch) bound(a Author) Author {
	if a.User != "" {
		return a
	}
	for actor, owner := range b.ledger.Actors {
		if actor.String() == a.Actor {
			return Author{User: owner.User, Device: owner.Device, Role: owner.Role}
		}
	}
	return a
}

// passOn gives the proposals of one author to another, and reports whether
// there were any.
func (c *Conflict) passOn(from, to Author) bool {
	passed := false
	for i := range c.Proposals {
		p := &c.Proposals[i]
		authors := p.Authors
		p.Authors = nil
		for _, a := range authors {
			if a.same(from) {
				a, passed = to, true
			}
			p.join(a)
		}
	}
	return passed
}

// author is who an edit belongs to. The right to resolve comes neither from
// whoever carried it nor from an actor that nobody owns.
func (b *batch) author(c *crdt.Change) Author {
	carrier, waited := b.carriers[c.Hash]
	if !waited {
		carrier = b.from
	}
	a := b.owner(c)
	a.Role = a.Role.Lesser(carrier.Role)
	if a.User != "" && (a.User != carrier.User || a.Device != carrier.Device) {
		a.CarriedBy = carrier.Device
	}
	return a
}

// owner is who a change belongs to, whoever carried it.
func (b *batch) owner(c *crdt.Change) Author {
	if owner := b.ledger.Actors[c.Actor]; owner != nil {
		return Author{User: owner.User, Device: owner.Device, Role: owner.Role}
	}
	return Author{Actor: c.Actor.String(), Role: Member}
}

// author is the principal as an author.
func (p Principal) author() Author { return Author{User: p.User, Device: p.Device, Role: p.Role} }
