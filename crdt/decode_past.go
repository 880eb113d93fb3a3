package crdt

import (
	"fmt"
	"slices"
)

// A past knows the operations of a change that come before the one to check,
// and holds it against those that it names.
type past struct {
	change *Change
	// live is what this change has put at a place, if it is not the value that
	// an insertion brought along.
	live map[place]holding
}

// A holding is the operation of this change that gives a place its value, or
// gone.
type holding struct {
	op          int
	incremented bool
	beside      int // values at the place that a later one did not name
}

const gone = -1

// maxBeside bounds the values of this change that one place may keep besides
// the last.
const maxBeside = 16

// A place is where an operation acts.
type place struct {
	obj, elem OpID
	key       string
}

func placeOf(op *Op) place {
	if op.Insert {
		return place{obj: op.Obj, elem: op.ID}
	}
	return place{op.Obj, op.Elem, op.Key}
}

// own is the index of the operation id, if it is one of this change.
func (p *past) own(id OpID) (int, bool) {
	if id.Counter < p.change.StartOp || id.Actor != p.change.Actor {
		return 0, false
	}
	return int(id.Counter - p.change.StartOp), true
}

// check checks the operation with index i, whose counters are known to be
// above those that it names.
func (p *past) check(i int) error {
	op := &p.change.Ops[i]
	if o, own := p.own(op.Obj); own && !holds(p.change.Ops[o].Action, op.Seq) {
		return fmt.Errorf("acts on operation %d, which is no such object: %w", o, ErrInvalid)
	}
	if e, own := p.own(op.Elem); own && !p.isElement(e, op) {
		return fmt.Errorf("names operation %d, which is no element: %w", e, ErrInvalid)
	}
	if op.Insert || len(p.change.Ops) == 1 {
		return nil
	}
	at := placeOf(op)
	for _, id := range op.Pred {
		if j, own := p.own(id); own && !replaceable(&p.change.Ops[j], at) {
			return fmt.Errorf("replaces operation %d, which is no value there: %w", j, ErrInvalid)
		}
	}
	return p.replace(i, at)
}

// holds reports whether an object made by the action has elements or keys.
func holds(a Action, seq bool) bool {
	return a.Makes() && seq == (a == MakeList || a == MakeText)
}

func (p *past) isElement(e int, op *Op) bool {
	elem := &p.change.Ops[e]
	return elem.Insert && elem.Obj == op.Obj && (op.Insert || elem.Action != Mark)
}

func replaceable(op *Op, at place) bool {
	return (op.Action == Set || op.Action.Makes()) && placeOf(op) == at
}

// replace notes that the operation acts at a place. An author sees what the
// change has put there before and must name it: a change that does not would
// leave a pile of values, which is costly for everybody who reads it. Automerge
// before 3 forgets, when it writes at former heads, a counter that the change
// has incremented; that is let pass a few times.
func (p *past) replace(i int, at place) error {
	op := &p.change.Ops[i]
	before := p.held(at)
	after := before
	if before.op != gone && !slices.Contains(op.Pred, p.change.Ops[before.op].ID) {
		if !before.incremented || before.beside == maxBeside {
			return fmt.Errorf("leaves the value of operation %d beside its own: %w", before.op, ErrInvalid)
		}
		after.beside++
	}
	switch op.Action {
	case Inc:
		after.incremented = true
	case Del:
		after.op, after.incremented = gone, false
	default:
		after.op, after.incremented = i, false
	}
	if after != before {
		p.note(at, after)
	}
	return nil
}

func (p *past) held(at place) holding {
	if h, noted := p.live[at]; noted {
		return h
	}
	if e, own := p.own(at.elem); own {
		return holding{op: e}
	}
	return holding{op: gone}
}

func (p *past) note(at place, h holding) {
	if p.live == nil {
		p.live = make(map[place]holding)
	}
	p.live[at] = h
}
