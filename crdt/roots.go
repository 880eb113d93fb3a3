package crdt

import (
	"slices"
	"strings"
)

// Bounds of Roots.
const (
	maxRoots    = 512     // keys of a record; writes of further ones are not compared
	maxRootKey  = 256     // bytes of a key; nor are those of longer ones
	maxApart    = 16      // latest writes of one key; beyond, the oldest go
	maxReplaced = 32      // objects that were replaced; what comes into older ones is not seen
	maxTouches  = 8       // changes of one object that do not know each other; beyond, the oldest go
	maxNested   = 1 << 16 // objects within objects of which it is known where they lie
)

// Roots keeps the latest writes of every root key of a record: those that no
// other write of the key knows. If there are several, people wrote the key
// apart, and only one of their values shows. A deletion is a write. So is what
// comes into an object, such as a letter of a text, if the object was replaced
// by somebody who did not know of it: it is lost otherwise. Of what lies deeper
// it is only known at which key.
//
// Changes of the graph are applied in the order of their indexes, once they
// have joined it. Roots is for one goroutine at a time, reads included.
type Roots struct {
	graph    *Graph
	places   map[string]int32      // of keys, in latest
	keys     []string              // of the keys, by place
	latest   []rootWrite           // one of each key
	apart    map[int32][]rootWrite // all of them, by place, where there are several
	touches  map[rootID][]int32    // changes that came into an object and do not know each other
	replaced []replaced            // lately, the oldest first
	touched  int32                 // the place touched last
	nested   map[opKey]int32       // the places of objects that lie deeper
	reached  []int32               // the places of the change that was applied last
	beyond   bool                  // it reached others, too
}

// A rootID names an operation on a root key.
type rootID struct {
	change  int32  // graph index
	counter uint32 // of the operation
}

// A rootWrite is one operation on a root key.
type rootWrite struct {
	rootID
	action Action
	counts bool // wrote a counter, which an increment does not replace
	lost   bool // it was replaced, by somebody who did not know its touches
}

// A replaced object stood at a root key.
type replaced struct {
	write rootWrite
	place int32
	by    int32 // the last change that replaced it
}

// NewRoots is for the changes of g, none of which has been applied.
func NewRoots(g *Graph) *Roots {
	return &Roots{graph: g, places: make(map[string]int32), touches: make(map[rootID][]int32)}
}

// Bytes is about how much memory it takes.
func (r *Roots) Bytes() int { return len(r.latest)*112 + len(r.touches)*64 + len(r.nested)*24 }

// Keys are all keys that were ever written, in no order.
func (r *Roots) Keys() []string { return slices.Clone(r.keys) }

// Reached are the keys that the change applied last wrote, or into whose objects
// something of it came, however deep; in no order, valid until the next Apply.
// more says that it reached others, of which Roots does not know.
func (r *Roots) Reached(yield func(key string)) (more bool) {
	for _, at := range r.reached {
		yield(r.keys[at])
	}
	return r.beyond
}

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
// writes of a key or came into what it made.
func (r *Roots) Wrote(i int, key string) bool {
	return slices.ContainsFunc(r.writes(key), func(w rootWrite) bool {
		return int(w.change) == i || slices.Contains(r.touches[w.rootID], int32(i))
	})
}

// Apply notes what the change with graph index i writes. It returns the keys
// that were written apart before, in between or are now, if the change writes
// them or an object that does not show there. It needs c.Ops.
func (r *Roots) Apply(i int, c *Change) (apart []string) {
	r.reached, r.beyond = r.reached[:0], false
	var last OpID // the object that was touched last
	var at int32  // its place
	for n := range c.Ops {
		op := &c.Ops[n]
		key, several := op.Key, false
		switch {
		case op.Obj.Counter != 0:
			if op.Obj == last {
				r.nest(op, at)
				continue
			}
			last = op.Obj
			if op.Obj.Counter < c.StartOp || op.Obj.Actor != c.Actor {
				at, several = r.touch(int32(i), op.Obj)
			} else {
				at, _, _ = r.object(op.Obj)
			}
			if at < 0 {
				at = r.within(op.Obj)
			}
			if r.reach(at); several {
				key = r.keys[at]
			}
			r.nest(op, at)
		case op.Action == Set || op.Action == Del || op.Action.Makes():
			several = r.write(int32(i), op, rootWrite{
				rootID: rootID{int32(i), uint32(op.ID.Counter)}, action: op.Action, counts: op.Value.Kind == Counter,
			})
			r.reach(r.place(key))
		case op.Action == Inc:
			several = r.increment(int32(i), op)
			r.reach(r.place(key))
		}
		if several && !slices.Contains(apart, key) {
			apart = append(apart, strings.Clone(key))
		}
	}
	return apart
}

// write notes a write of a root key. It reports whether the key has several
// latest writes or had them until now.
func (r *Roots) write(i int32, op *Op, w rootWrite) (several bool) {
	at, known := r.places[op.Key]
	if !known {
		if len(r.latest) < maxRoots && len(op.Key) <= maxRootKey {
			name := strings.Clone(op.Key)
			r.places[name], r.keys = int32(len(r.latest)), append(r.keys, name)
			r.latest = append(r.latest, w)
		}
		return false
	}
	before := r.at(at)
	var now []rootWrite
	for _, old := range before {
		if !r.knows(i, op, old) || !r.settle(at, i, &old) {
			now = append(now, old)
		}
	}
	if len(before) == 1 && len(now) == 0 {
		r.latest[at] = w
		return false
	}
	r.set(at, append(now, w))
	return true
}

// increment notes an increment, which replaces whatever it names and is no
// counter.
func (r *Roots) increment(i int32, op *Op) (several bool) {
	before := r.writes(op.Key)
	replaces := func(w rootWrite) bool { return !w.counts && r.names(op, w) }
	for n := range r.replaced {
		if o := &r.replaced[n]; replaces(o.write) {
			o.by = i
		}
	}
	if !slices.ContainsFunc(before, replaces) {
		return false
	}
	at := r.places[op.Key]
	var now []rootWrite
	for _, old := range before {
		if !replaces(old) || !r.settle(at, i, &old) {
			now = append(now, old)
		}
	}
	if len(now) == 0 {
		now = append(now, rootWrite{rootID: rootID{i, uint32(op.ID.Counter)}, action: Del})
	}
	r.set(at, now)
	return true
}

// set makes some writes the latest of the key at a place.
func (r *Roots) set(at int32, now []rootWrite) {
	if len(now) > maxApart {
		now = now[len(now)-maxApart:]
	}
	r.latest[at] = now[len(now)-1]
	if len(now) == 1 {
		delete(r.apart, at)
		return
	}
	if r.apart == nil {
		r.apart = make(map[int32][]rootWrite)
	}
	r.apart[at] = now
}

// knows reports whether the author of op, of the change with graph index i,
// knew a write.
func (r *Roots) knows(i int32, op *Op, w rootWrite) bool {
	return r.graph.surely(i, w.change) || r.names(op, w) || r.follows(i, w.change)
}

// follows reports whether change i is another or knows it.
func (r *Roots) follows(i, other int32) bool {
	return r.graph.surely(i, other) || r.graph.past([]int32{i}).Has(int(other))
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
	if at, known := r.places[key]; known {
		return r.at(at)
	}
	return nil
}

// at are the latest writes of the key at a place.
func (r *Roots) at(at int32) []rootWrite {
	if len(r.apart) > 0 {
		if writes := r.apart[at]; writes != nil {
			return writes
		}
	}
	return r.latest[at : at+1]
}

// sorted are writes with the shown one first: the highest comes before the
// others, then come deletions, and what is lost is the last.
func (r *Roots) sorted(writes []rootWrite) []rootWrite {
	rank := func(w rootWrite) int {
		switch {
		case w.lost:
			return 2
		case w.action == Del:
			return 1
		}
		return 0
	}
	return slices.SortedFunc(slices.Values(writes), func(x, y rootWrite) int {
		if by := rank(x) - rank(y); by != 0 {
			return by
		}
		return r.id(y).Compare(r.id(x))
	})
}

// id names the operation of a write.
func (r *Roots) id(w rootWrite) OpID {
	return OpID{uint64(w.counter), r.graph.At(int(w.change)).Actor}
}
