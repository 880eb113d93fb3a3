package crdt

import (
	"cmp"
	"strings"
)

// actors are the actors of Fields, by number.
type actors struct {
	ids     []ActorID
	numbers map[ActorID]uint32
	last    uint32 // looked up last
}

func newActors() actors { return actors{numbers: make(map[ActorID]uint32)} }

// number is the number of an actor.
func (a *actors) number(id ActorID) uint32 {
	if len(a.ids) > 0 && a.ids[a.last] == id {
		return a.last
	}
	n, ok := a.numbers[id]
	if !ok {
		id = ActorID(strings.Clone(string(id)))
		n = uint32(len(a.ids))
		a.ids = append(a.ids, id)
		a.numbers[id] = n
	}
	a.last = n
	return n
}

// key is id in short.
func (a *actors) key(id OpID) opKey { return opKey{uint32(id.Counter), a.number(id.Actor)} }

// id is key in full.
func (a *actors) id(key opKey) OpID { return OpID{uint64(key.counter), a.ids[key.actor]} }

// compare is Automerge's order of operations.
func (a *actors) compare(x, y opKey) int {
	if x.counter != y.counter {
		return cmp.Compare(x.counter, y.counter)
	}
	return strings.Compare(string(a.ids[x.actor]), string(a.ids[y.actor]))
}
