package crdt

import (
	"slices"
	"strings"
)

// Bounds of Roots.
const (
	maxRoots   = 4096 // keys of a record; writes of further ones are not compared
	maxRootKey = 256  // bytes of a key; nor are those of longer ones
	maxApart   = 16   // latest writes of one key; beyond, the oldest go
)

// Roots keeps the latest writes of every root key of a record: those that no
// other write of the key knows. If there are several, people wrote the key
// apart, and only one of their values shows. A deletion is a write; what
// happens within an object that was written is none.
//
// Changes of the graph are applied in the order of their indexes, once they
// have joined it. Roots is for one goroutine at a time, reads included.
type Roots struct {
	graph  *Graph
	places map[string]int32      // of keys, in latest
	latest []rootWrite           // one of each key
	apart  map[int32][]rootWrite // all of them, by place, where there are several
	hidden map[OpID]string       // the keys of objects that do not show although nobody replaced them
}

// A rootWrite is one operation on a root key.
type rootWrite struct {
	change  int32  // graph index
	counter uint32 // of the operation
	action  Action
	counts  bool // wrote a counter, which an increment does not replace
}

// NewRoots is for the changes of g, none of which has been applied.
func NewRoots(g *Graph) *Roots {
	return &Roots{graph: g, places: make(map[string]int32)}
}

// Bytes is about how much memory it takes.
func (r *Roots) Bytes() int { return len(r.latest) * 64 }

// Apart are the keys that were written apart, ascending.
func (r *Roots) Apart() []string {
	var keys []string
	for key, at := range r.places {
		if len(r.apart[at]) > 0 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Wrote reports whether the change with graph index i made one of the latest
// writes of a key.
func (r *Roots) Wrote(i int, key string) bool {
	return slices.ContainsFunc(r.writes(key), func(w rootWrite) bool { return int(w.change) == i })
}

// Apply notes what the change with graph index i writes. It returns the keys
// that were written apart before or are now, if the change writes them or an
// object that does not show there. It needs c.Ops.
func (r *Roots) Apply(i int, c *Change) (apart []string) {
	for n := range c.Ops {
		op := &c.Ops[n]
		key, several := op.Key, false
		switch {
		case op.Obj.Counter != 0:
			if len(r.hidden) > 0 {
				key, several = r.hidden[op.Obj]
			}
		case op.Action == Set || op.Action == Del || op.Action.Makes():
			w := rootWrite{int32(i), uint32(op.ID.Counter), op.Action, op.Value.Kind == Counter}
			several = r.write(w, op)
		case op.Action == Inc:
			several = r.increment(int32(i), op)
		}
		if several && !slices.Contains(apart, key) {
			apart = append(apart, strings.Clone(key))
		}
	}
	return apart
}

// write notes a write of a root key. It reports whether the key has several
// latest writes or had them until now.
func (r *Roots) write(w rootWrite, op *Op) (several bool) {
	at, known := r.places[op.Key]
	if !known {
		if len(r.latest) < maxRoots && len(op.Key) <= maxRootKey {
			r.places[strings.Clone(op.Key)] = int32(len(r.latest))
			r.latest = append(r.latest, w)
		}
		return false
	}
	before := r.apart[at]
	if len(before) == 0 {
		before = r.latest[at : at+1]
		if r.knows(op, w.change, before[0]) {
			r.latest[at] = w
			return false
		}
	}
	now := slices.DeleteFunc(slices.Clone(before), func(old rootWrite) bool { return r.knows(op, w.change, old) })
	if now = append(now, w); len(now) > maxApart {
		now = now[1:]
	}
	r.set(op.Key, before, now)
	return true
}

// increment notes an increment, which replaces whatever it names and is no
// counter.
func (r *Roots) increment(i int32, op *Op) (several bool) {
	before := r.writes(op.Key)
	replaced := func(w rootWrite) bool { return !w.counts && r.names(op, w) }
	if !slices.ContainsFunc(before, replaced) {
		return false
	}
	now := slices.DeleteFunc(slices.Clone(before), replaced)
	if len(now) == 0 {
		return r.write(rootWrite{i, uint32(op.ID.Counter), Del, false}, op)
	}
	r.set(op.Key, before, now)
	return true
}

// set makes some writes the latest of a key that it has, in place of others.
func (r *Roots) set(key string, before, now []rootWrite) {
	at := r.places[key]
	if r.apart == nil {
		r.apart, r.hidden = make(map[int32][]rootWrite), make(map[OpID]string)
	}
	for _, old := range before {
		delete(r.hidden, r.id(old))
	}
	r.latest[at] = now[len(now)-1]
	if len(now) == 1 {
		delete(r.apart, at)
		return
	}
	r.apart[at] = now
	for _, w := range r.sorted(now)[1:] {
		if w.action.Makes() {
			r.hidden[r.id(w)] = strings.Clone(key)
		}
	}
}

// knows reports whether the author of op, of the change with graph index i,
// knew a write.
func (r *Roots) knows(op *Op, i int32, w rootWrite) bool {
	return w.change == i || r.graph.surely(i, w.change) || r.names(op, w) ||
		r.graph.past([]int32{i}).Has(int(w.change))
}

// names reports whether op names a write as one that it replaces.
func (r *Roots) names(op *Op, w rootWrite) bool {
	for _, p := range op.Pred {
		if uint32(p.Counter) == w.counter && p.Actor == r.graph.At(int(w.change)).Actor {
			return true
		}
	}
	return false
}

// writes are the latest writes of a key.
func (r *Roots) writes(key string) []rootWrite {
	at, known := r.places[key]
	switch {
	case !known:
		return nil
	case len(r.apart[at]) > 0:
		return r.apart[at]
	}
	return r.latest[at : at+1]
}

// sorted are writes with the shown one first: the highest comes before the
// others, and deletions come last.
func (r *Roots) sorted(writes []rootWrite) []rootWrite {
	return slices.SortedFunc(slices.Values(writes), func(x, y rootWrite) int {
		if gone := x.action == Del; gone != (y.action == Del) {
			if gone {
				return 1
			}
			return -1
		}
		return r.id(y).Compare(r.id(x))
	})
}

// id names the operation of a write.
func (r *Roots) id(w rootWrite) OpID {
	return OpID{uint64(w.counter), r.graph.At(int(w.change)).Actor}
}
