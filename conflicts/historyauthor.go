package conflicts

import (
	"cmp"

	"wedsync/crdt"
)

// author is who made a change of the batch, as far as it is known, and who
// carried it.
func (t *telling) author(i int, c *crdt.Change) Author {
	carrier := t.past.From
	for _, other := range t.past.Carried {
		if other.Change == i {
			carrier = other.By
		}
	}
	a := t.owner(c)
	if a.User == carrier.User && a.Device == carrier.Device {
		a.Role = carrier.Role
		return a
	}
	a.Role, a.CarriedBy = a.Role.Lesser(carrier.Role), cmp.Or(carrier.Device, carrier.User)
	return a
}

func (t *telling) owner(c *crdt.Change) Author { return (&batch{Record: t.record}).owner(c) }

// named is an author by the name that is known of it since.
func (t *telling) named(a Author) Author {
	if a.User != "" {
		return a
	}
	for id, b := range t.record.ledger.Actors {
		if id.String() == a.Actor {
			return Author{User: b.User, Device: b.Device, Role: a.Role, CarriedBy: a.CarriedBy}
		}
	}
	return a
}
