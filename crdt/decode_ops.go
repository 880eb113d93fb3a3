package crdt

import (
	"errors"
	"fmt"

	"wedsync/crdt/internal/columnar"
)

// operations reads the operations of c, whose header is complete.
func (d *decoder) operations(c *Change, cols *opColumns, r *Room) error {
	n, preds, err := d.count(c, cols)
	if err != nil {
		return err
	}
	if n > 0 {
		c.Ops = r.take(n)
	}
	c.NumOps = n
	room := make([]OpID, preds)
	seen := past{change: c}
	for i := range c.Ops {
		op := &c.Ops[i]
		op.ID = OpID{c.StartOp + uint64(i), c.Actor}
		if room, err = d.operation(op, cols, room); err == nil {
			err = seen.check(i)
		}
		if err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	if err := cols.end(); err != nil {
		return err
	}
	return d.allNamed()
}

// count is the number of operations and of their predecessors together, both
// within the limits.
func (d *decoder) count(c *Change, cols *opColumns) (ops, preds int, err error) {
	n, err := cols.action.Rows(uint64(d.limits.MaxOps))
	if errors.Is(err, columnar.ErrLimit) {
		return 0, 0, fmt.Errorf("more than %d operations: %w", d.limits.MaxOps, ErrLimit)
	}
	if err != nil {
		return 0, 0, columnError(actionColumn, err)
	}
	if c.StartOp > d.limits.HubOps || n > d.limits.HubOps-c.StartOp {
		return 0, 0, fmt.Errorf("%d operations from %d on: %w", n, c.StartOp, ErrLimit)
	}
	counts, most := cols.predNum, d.limits.MaxOps+d.limits.MaxPreds
	for range n {
		k, ok := counts.Next()
		if !ok {
			return 0, 0, fmt.Errorf("an operation says nothing of predecessors: %w", ErrMalformed)
		}
		if k > uint64(d.limits.MaxPreds) || preds > most {
			return 0, 0, fmt.Errorf("%d predecessors: %w", max(k, uint64(preds)), ErrLimit)
		}
		preds += int(k)
	}
	return int(n), preds, nil
}

// operation reads one row. Its predecessors are taken from room.
func (d *decoder) operation(op *Op, cols *opColumns, room []OpID) ([]OpID, error) {
	action, ok := cols.action.Next()
	if !ok || action > uint64(Mark) {
		return room, fmt.Errorf("action %d is unknown: %w", action, ErrUnsupported)
	}
	op.Action = Action(action)
	op.Insert = cols.insert.Next()
	op.Expand = cols.expand.Next()
	op.Name, op.Begin = cols.name.Next()
	if err := d.object(op, cols); err != nil {
		return room, err
	}
	if err := d.key(op, cols); err != nil {
		return room, err
	}
	if err := decodeValue(&op.Value, cols); err != nil {
		return room, err
	}
	n, _ := cols.predNum.Next()
	op.Pred, room = room[:n:n], room[n:]
	if n == 0 {
		op.Pred = nil
	}
	for i := range op.Pred {
		if err := d.pred(op, i, cols); err != nil {
			return room, err
		}
	}
	return room, d.shape(op)
}

func (d *decoder) object(op *Op, cols *opColumns) error {
	actor, named := cols.objActor.Next()
	ctr, counted := cols.objCtr.Next()
	if !named && !counted {
		return nil
	}
	if !named || !counted {
		return fmt.Errorf("half an object id: %w", ErrMalformed)
	}
	return d.opID(&op.Obj, actor, ctr, op.ID.Counter)
}

// key reads where in its object the operation acts: a string alone is a map
// key, a zero counter alone the head of a sequence, both ids an element.
func (d *decoder) key(op *Op, cols *opColumns) error {
	actor, named := cols.keyActor.Next()
	ctr, counted := cols.keyCtr.Next()
	key, keyed := cols.keyStr.Next()
	op.Key, op.Seq = key, !keyed
	switch {
	case keyed && !named && !counted:
		return d.text("map key", key)
	case keyed || !counted:
		return fmt.Errorf("key of no kind: %w", ErrMalformed)
	case named:
		return d.opID(&op.Elem, actor, ctr, op.ID.Counter)
	case ctr != 0:
		return fmt.Errorf("element without an actor: %w", ErrMalformed)
	}
	return nil
}

func (d *decoder) pred(op *Op, i int, cols *opColumns) error {
	actor, named := cols.predActor.Next()
	ctr, counted := cols.predCtr.Next()
	if !named || !counted {
		return fmt.Errorf("half a predecessor: %w", ErrMalformed)
	}
	if err := d.opID(&op.Pred[i], actor, ctr, op.ID.Counter); err != nil {
		return err
	}
	if i > 0 && op.Pred[i-1].Compare(op.Pred[i]) >= 0 {
		return fmt.Errorf("predecessors are not ascending: %w", ErrMalformed)
	}
	return nil
}

// opID is an operation before the one with the counter below.
func (d *decoder) opID(id *OpID, actor, ctr, below uint64) error {
	if actor >= uint64(len(d.actors)) {
		return fmt.Errorf("actor %d of %d: %w", actor, len(d.actors), ErrMalformed)
	}
	if ctr == 0 || ctr >= below {
		return fmt.Errorf("names operation %d: %w", ctr, ErrInvalid)
	}
	d.named[actor] = true
	*id = OpID{ctr, d.actors[actor]}
	return nil
}

// shape checks what an operation by itself can tell.
func (d *decoder) shape(op *Op) error {
	if err := d.text("mark name", op.Name); err != nil {
		return err
	}
	null := op.Value.Kind == Null
	switch {
	case op.Insert && (!op.Seq || len(op.Pred) > 0):
		return fmt.Errorf("insertion into a map or over a predecessor: %w", ErrInvalid)
	case !op.Insert && op.Seq && op.Elem.IsZero():
		return fmt.Errorf("acts on the head of a sequence: %w", ErrInvalid)
	case op.Seq && op.Obj.IsZero():
		return fmt.Errorf("the root is no sequence: %w", ErrInvalid)
	case op.Action != Mark && (op.Begin || op.Expand):
		return fmt.Errorf("mark data without a mark: %w", ErrInvalid)
	case op.Action == Mark && !op.Insert:
		return fmt.Errorf("mark that is not inserted: %w", ErrInvalid)
	case op.Action == Mark && !op.Begin && !null:
		return fmt.Errorf("end of a mark with a value: %w", ErrInvalid)
	case op.Action == Inc && op.Value.Kind != Int:
		return fmt.Errorf("increment by no integer: %w", ErrInvalid)
	case (op.Action.Makes() || op.Action == Del) && !null:
		return fmt.Errorf("action %d with a value: %w", op.Action, ErrInvalid)
	case (op.Action == Del || op.Action == Inc) && (op.Insert || len(op.Pred) == 0):
		return fmt.Errorf("action %d without a predecessor: %w", op.Action, ErrInvalid)
	}
	if op.Action.Makes() || op.Action == Del {
		op.Value = Value{}
	}
	return nil
}
