package crdt

import "slices"

// touch notes that change i came into an object. It returns the place of the key
// where that stands or stood, -1 if that is not known, and whether it does not
// show there.
func (r *Roots) touch(i int32, obj OpID) (at int32, hidden bool) {
	at, w, found := r.object(obj)
	if !found {
		return -1, false
	}
	r.touched = at
	writes := r.at(at)
	if len(writes) == 1 && writes[0].rootID == w.rootID {
		r.come(i, w.rootID)
		return at, false
	}
	if n := r.former(w.rootID); n >= 0 && (r.replaced[n].by == i ||
		slices.ContainsFunc(writes, func(o rootWrite) bool { return o.change == i })) {
		return at, false // the change writes the key besides, knowing that
	}
	r.come(i, w.rootID)
	if !slices.ContainsFunc(writes, func(o rootWrite) bool { return o.rootID == w.rootID }) {
		w.lost = true
		r.set(at, append(slices.Clone(writes), w))
		return at, true
	}
	return at, r.sorted(writes)[0].rootID != w.rootID
}

// come makes i a touch of an object, in place of those that it plainly knows.
func (r *Roots) come(i int32, id rootID) {
	known := r.touches[id]
	if len(known) == 1 && r.graph.surely(i, known[0]) {
		known[0] = i
		return
	}
	known = slices.DeleteFunc(known, func(t int32) bool { return r.graph.surely(i, t) })
	if len(known) >= maxTouches {
		known = slices.DeleteFunc(known, func(t int32) bool { return r.follows(i, t) })
		known = known[max(0, len(known)-maxTouches+1):]
	}
	r.touches[id] = append(known, i)
}

// object finds an object that stands at a root key or stood there lately. Of
// another the place is -1.
func (r *Roots) object(obj OpID) (at int32, w rootWrite, found bool) {
	is := func(w rootWrite) bool {
		return uint64(w.counter) == obj.Counter && w.action.Makes() && r.graph.At(int(w.change)).Actor == obj.Actor
	}
	if len(r.latest) > 0 && is(r.latest[r.touched]) {
		return r.touched, r.latest[r.touched], true
	}
	if n := slices.IndexFunc(r.latest, is); n >= 0 {
		return int32(n), r.latest[n], true
	}
	for at, writes := range r.apart {
		if n := slices.IndexFunc(writes, is); n >= 0 {
			return at, writes[n], true
		}
	}
	if n := slices.IndexFunc(r.replaced, func(o replaced) bool { return is(o.write) }); n >= 0 {
		return r.replaced[n].place, r.replaced[n].write, true
	}
	return -1, rootWrite{}, false
}

// settle takes leave of a write that the author of change i knew. It is false
// if the write is an object with touches that he did not know: that is lost.
func (r *Roots) settle(at, i int32, w *rootWrite) bool {
	if !w.action.Makes() {
		return true
	}
	if n := r.former(w.rootID); n >= 0 {
		r.replaced[n].by = i
	} else if r.replaced = append(r.replaced, replaced{*w, at, i}); len(r.replaced) > maxReplaced {
		r.forget()
	}
	unknown := slices.DeleteFunc(r.touches[w.rootID], func(t int32) bool { return r.follows(i, t) })
	if len(unknown) == 0 {
		delete(r.touches, w.rootID)
		return true
	}
	r.touches[w.rootID] = unknown
	w.lost = true
	return false
}

// former finds a replaced object, -1 if it is not there.
func (r *Roots) former(id rootID) int {
	return slices.IndexFunc(r.replaced, func(o replaced) bool { return o.write.rootID == id })
}

// forget does without the oldest replaced object.
func (r *Roots) forget() {
	old := r.replaced[0]
	lost := func(w rootWrite) bool { return w.rootID == old.write.rootID }
	if !slices.ContainsFunc(r.apart[old.place], lost) {
		delete(r.touches, old.write.rootID)
	}
	r.replaced = slices.Delete(r.replaced, 0, 1)
}
