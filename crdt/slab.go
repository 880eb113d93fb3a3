package crdt

import (
	"sync"
	"weak"
)

// slabOps is from how many operations on a change's memory is used again: what
// a hundred bytes from a device can ask for is more than the garbage collector
// keeps up with.
const slabOps = 1 << 14

// spare is the memory of the last large change that was let go, until the next
// garbage collection.
var spare struct {
	sync.Mutex
	slab weak.Pointer[slab]
}

type slab struct{ ops []Op }

// newOps is room for n operations, all zero.
func newOps(n int) []Op {
	if n < slabOps {
		return make([]Op, n)
	}
	spare.Lock()
	s := spare.slab.Value()
	spare.slab = weak.Pointer[slab]{}
	spare.Unlock()
	if s == nil || cap(s.ops) < n {
		return make([]Op, n)
	}
	return s.ops[:n]
}

// DropOps sets Ops to nil. Nobody may use what they were any more: the next
// large change is decoded into their memory.
func (c *Change) DropOps() {
	ops := c.Ops
	c.Ops = nil
	if cap(ops) < slabOps {
		return
	}
	clear(ops)
	spare.Lock()
	defer spare.Unlock()
	if s := spare.slab.Value(); s == nil || cap(s.ops) < cap(ops) {
		spare.slab = weak.Make(&slab{ops})
	}
}
