package conflicts

import (
	"errors"
	"fmt"

	"wedsync/crdt"
)

// Why a change is not taken from its deliverer.
var (
	errForged   = errors.New("the actor belongs to somebody else")
	errHubActor = errors.New("the actor is the hub's, and the change is not")
)

// refuseAuthor says why a change that is new to the hub cannot be of the one
// who delivers it.
func (r *Record) refuseAuthor(c *crdt.Change, from Principal) error {
	if b := r.ledger.Actors[c.Actor]; b != nil {
		if b.User != from.User {
			return fmt.Errorf("actor %s: %w", c.Actor, errForged)
		}
		return nil
	}
	if r.isHubActor(c.Actor) {
		return fmt.Errorf("actor %s: %w", c.Actor, errHubActor)
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

// author is who a change belongs to when it is judged. The right to resolve
// comes neither from whoever carried it nor from an actor that nobody owns.
func (b *batch) author(c *crdt.Change) Author {
	carrier, waited := b.carriers[c.Hash]
	if !waited {
		carrier = b.from
	}
	owner := b.ledger.Actors[c.Actor]
	switch {
	case owner == nil:
		return Author{Actor: c.Actor.String(), Role: lesser(Member, carrier.Role)}
	case carrier.User != owner.User: // judged late
		return Author{User: owner.User, Device: owner.Device, Role: owner.Role}
	}
	a := Author{User: owner.User, Device: owner.Device, Role: lesser(owner.Role, carrier.Role)}
	if carrier.Device != owner.Device {
		a.CarriedBy = carrier.Device
	}
	return a
}

// author is the principal as an author.
func (p Principal) author() Author { return Author{User: p.User, Device: p.Device, Role: p.Role} }
