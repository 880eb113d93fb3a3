package crdt

import (
	"fmt"
	"slices"
)

// Check says what Add would say of a device's change, and adds nothing.
func (g *Graph) Check(c *Change) error {
	if g.Has(c.Hash) || g.orphans.has(c.Hash) {
		return nil
	}
	_, _, err := g.check(c, g.limits.DeviceOps)
	return err
}

// check checks a change whose operation counters must end below ops. It
// returns the indexes of its dependencies, ascending, and how many of them are
// missing; if some are, what hangs on its past is left for later. What Decode
// has checked is not checked again.
func (g *Graph) check(c *Change, ops uint64) (parents []int32, missing int, err error) {
	if err := g.checkAlone(c, ops); err != nil {
		return nil, 0, err
	}
	parents = g.known(c.Deps)
	if missing = len(c.Deps) - len(parents); missing > 0 {
		return nil, missing, g.orphans.room(c, &g.limits)
	}
	if err := g.checkRoom(c); err != nil {
		return nil, 0, err
	}
	k := checker{g: g, c: c, parents: parents}
	if err := k.checkPlace(); err != nil {
		return nil, 0, err
	}
	for i := range c.Ops {
		if err := k.checkOp(&c.Ops[i]); err != nil {
			return nil, 0, fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return parents, 0, nil
}

// checkAlone checks what can be checked before the dependencies are there.
func (g *Graph) checkAlone(c *Change, ops uint64) error {
	if h, ok := g.BySeq(c.Actor, c.Seq); ok && h != c.Hash {
		return fmt.Errorf("change %d of actor %s is %s, not %s: %w", c.Seq, c.Actor, h, c.Hash, ErrEquivocation)
	}
	if c.Seq == 0 || c.StartOp == 0 {
		return fmt.Errorf("sequence number %d, first operation %d: both begin at 1: %w", c.Seq, c.StartOp, ErrInvalid)
	}
	if c.StartOp >= ops || uint64(c.NumOps) > ops-c.StartOp {
		return fmt.Errorf("%d operations from counter %d on reach %d: %w", c.NumOps, c.StartOp, ops, ErrLimit)
	}
	if len(c.Ops) != c.NumOps {
		return fmt.Errorf("%d operations of %d are there: %w", len(c.Ops), c.NumOps, ErrInvalid)
	}
	return nil
}

// checkRoom checks that the graph has room for one more change, and that a
// change on top of all heads can still be written afterwards.
func (g *Graph) checkRoom(c *Change) error {
	if len(g.nodes) >= g.limits.MaxChanges {
		return fmt.Errorf("the record has %d changes: %w", len(g.nodes), ErrLimit)
	}
	if len(g.heads) >= g.limits.MaxHeads && len(replaceHeads(g.heads, c)) > g.limits.MaxHeads {
		return fmt.Errorf("the record has %d heads: %w", len(g.heads), ErrLimit)
	}
	return nil
}

// A checker holds one change, whose dependencies are in the graph, against
// its past.
type checker struct {
	g       *Graph
	c       *Change
	parents []int32
	view    View // the past of the change, once viewed
	viewed  bool

	// What was looked up last, for the next operation most often names the same.
	actor  ActorID
	author *author
	obj    OpID
	key    opKey // of obj
	made   Action
}

// checkPlace checks the sequence number and the first operation counter.
func (k *checker) checkPlace() error {
	c, g := k.c, k.g
	last := g.Seq(c.Actor)
	if c.Seq != last+1 {
		return fmt.Errorf("change %d of actor %s follows change %d: %w", c.Seq, c.Actor, last, ErrInvalid)
	}
	if last > 0 && !k.past(int(k.who(c.Actor).changes[last-1])) {
		return fmt.Errorf("change %d of actor %s does not build on change %d: %w", c.Seq, c.Actor, last, ErrInvalid)
	}
	for _, p := range k.parents {
		if highest := g.nodes[p].maxOp; c.StartOp <= highest {
			return fmt.Errorf("first operation %d is not above %d of its past: %w", c.StartOp, highest, ErrInvalid)
		}
	}
	if c.StartOp > g.maxOp && c.StartOp-g.maxOp-1 > g.limits.OpGap {
		return fmt.Errorf("first operation %d is more than %d above %d: %w", c.StartOp, g.limits.OpGap, g.maxOp, ErrLimit)
	}
	return nil
}

// checkOp checks what an operation names.
func (k *checker) checkOp(op *Op) error {
	for _, p := range op.Pred {
		if !k.own(p) && !k.knows(p) {
			return fmt.Errorf("replaces %d@%s, which it cannot know: %w", p.Counter, p.Actor, ErrInvalid)
		}
	}
	own := k.own(op.Obj)
	if !own && !op.Obj.IsZero() {
		if err := k.checkObject(op); err != nil {
			return err
		}
	}
	if op.Elem.IsZero() || k.own(op.Elem) {
		return nil
	}
	if own || !k.knows(op.Elem) || !k.who(op.Elem.Actor).inserted(uint32(op.Elem.Counter), k.key) {
		return fmt.Errorf("%d@%s is no element of the object that it can know: %w", op.Elem.Counter, op.Elem.Actor, ErrInvalid)
	}
	return nil
}

// checkObject checks that the operation can know its object, and that this
// takes keys or elements as the operation has it.
func (k *checker) checkObject(op *Op) error {
	if op.Obj != k.obj {
		if !k.knows(op.Obj) {
			return fmt.Errorf("acts on %d@%s, which it cannot know: %w", op.Obj.Counter, op.Obj.Actor, ErrInvalid)
		}
		key := opKey{uint32(op.Obj.Counter), k.who(op.Obj.Actor).number}
		made, ok := k.g.makes[key]
		if !ok {
			return fmt.Errorf("acts on %d@%s, which is no object: %w", op.Obj.Counter, op.Obj.Actor, ErrInvalid)
		}
		k.obj, k.key, k.made = op.Obj, key, made
	}
	if !holds(k.made, op.Seq) {
		return fmt.Errorf("acts on %d@%s with the other kind of key: %w", op.Obj.Counter, op.Obj.Actor, ErrInvalid)
	}
	return nil
}

// own reports whether id is an operation of the change itself.
func (k *checker) own(id OpID) bool { return id.Counter >= k.c.StartOp && id.Actor == k.c.Actor }

// knows reports whether id is an operation of the past of the change.
func (k *checker) knows(id OpID) bool {
	i, ok := k.who(id.Actor).before(id.Counter)
	return ok && id.Counter <= k.g.At(i).MaxOp() && k.past(i)
}

// past reports whether node i is in the past of the change.
func (k *checker) past(i int) bool {
	for _, p := range k.parents {
		if k.g.surely(p, int32(i)) {
			return true
		}
	}
	if !k.viewed {
		k.view, k.viewed = k.g.pastOf(k.c, k.parents), true
	}
	return k.view.Has(i)
}

// pastOf is the past of a change that is not in the graph.
func (g *Graph) pastOf(c *Change, parents []int32) View {
	if slices.Equal(c.Deps, g.heads) {
		return g.All()
	}
	return g.past(parents)
}

// who is the author with an actor id, nil if there is none.
func (k *checker) who(id ActorID) *author {
	if k.author == nil || id != k.actor {
		k.actor, k.author = id, k.g.authors.of(id)
	}
	return k.author
}
