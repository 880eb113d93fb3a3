package crdt

import "slices"

// reach notes that the change being applied reached the key at a place, or one
// that is not known.
func (r *Roots) reach(at int32) {
	switch {
	case at < 0:
		r.beyond = true
	case !slices.Contains(r.reached, at):
		r.reached = append(r.reached, at)
	}
}

// place is that of a key, -1 if it is not known.
func (r *Roots) place(key string) int32 {
	if at, known := r.places[key]; known {
		return at
	}
	return -1
}

// nest notes that an object, if op makes one, lies within one at a place.
func (r *Roots) nest(op *Op, at int32) {
	if !op.Action.Makes() || at < 0 || len(r.nested) >= maxNested {
		return
	}
	if r.nested == nil {
		r.nested = make(map[opKey]int32)
	}
	r.nested[r.opKey(op.ID)] = at
}

// within is the place of an object that lies deeper, -1 if it is not known.
func (r *Roots) within(obj OpID) int32 {
	if at, known := r.nested[r.opKey(obj)]; known {
		return at
	}
	return -1
}

// opKey is the short name of an operation of the graph.
func (r *Roots) opKey(id OpID) opKey {
	who := r.graph.authors.of(id.Actor)
	if who == nil {
		return opKey{}
	}
	return opKey{uint32(id.Counter), who.number}
}
