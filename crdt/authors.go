package crdt

import (
	"cmp"
	"slices"
	"sort"
)

// An opKey is an OpID in eight bytes: the actor by its number in a table.
type opKey struct {
	counter uint32
	actor   uint32
}

// authors are the actors of a graph.
type authors map[ActorID]*author

// An author is what a graph knows of one actor. A nil author has done nothing.
type author struct {
	number  uint32
	changes []int32  // node indexes by sequence number, from 1; StartOp ascends
	starts  []uint32 // their StartOp
	inserts []run    // ascending
}

// A run is a number of successive operations of one author that insert
// elements into one sequence.
type run struct {
	first, last uint32 // counters
	obj         opKey
}

// of is the author with an actor id, nil if there is none.
func (a authors) of(id ActorID) *author { return a[id] }

// add notes what a change that became node i has made.
func (a authors) add(c *Change, i int32, makes map[opKey]Action) {
	who := a[c.Actor]
	if who == nil {
		who = &author{number: uint32(len(a))}
		a[c.Actor] = who
	}
	who.changes = append(who.changes, i)
	who.starts = append(who.starts, uint32(c.StartOp))
	var obj OpID
	var key opKey
	for n := range c.Ops {
		op := &c.Ops[n]
		counter := uint32(c.StartOp) + uint32(n)
		if op.Action.Makes() {
			makes[opKey{counter, who.number}] = op.Action
		}
		if !op.Insert {
			continue
		}
		if op.Obj != obj {
			obj, key = op.Obj, opKey{uint32(op.Obj.Counter), a[op.Obj.Actor].number}
		}
		who.insert(counter, key)
	}
}

// insert notes that the operation with a counter inserts into obj.
func (a *author) insert(counter uint32, obj opKey) {
	if n := len(a.inserts); n > 0 {
		if last := &a.inserts[n-1]; last.obj == obj && last.last+1 == counter {
			last.last = counter
			return
		}
	}
	a.inserts = append(a.inserts, run{counter, counter, obj})
}

// inserted reports whether the operation with a counter inserted into obj.
func (a *author) inserted(counter uint32, obj opKey) bool {
	i, _ := slices.BinarySearchFunc(a.inserts, counter, func(r run, c uint32) int { return cmp.Compare(r.last, c) })
	return i < len(a.inserts) && a.inserts[i].first <= counter && a.inserts[i].obj == obj
}

// seq is the author's last sequence number.
func (a *author) seq() uint64 {
	if a == nil {
		return 0
	}
	return uint64(len(a.changes))
}

// before is the node index of the author's last change that starts at a
// counter or below it.
func (a *author) before(counter uint64) (int, bool) {
	if a == nil {
		return 0, false
	}
	n := len(a.starts)
	if n > 0 && uint64(a.starts[n-1]) <= counter {
		return int(a.changes[n-1]), true
	}
	n = sort.Search(n, func(i int) bool { return uint64(a.starts[i]) > counter })
	if n == 0 {
		return 0, false
	}
	return int(a.changes[n-1]), true
}
