package hub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"unsafe"

	"golang.org/x/sync/semaphore"

	"wedsync/crdt"
)

// What devices sent and the hub has not dealt with yet is bounded for all of
// them together: a message has its weight in the budget from when it was read
// until its turn is over. A change of a hundred bytes may hold a quarter of a million
// operations, so operations are kept only of small messages; those of others
// are decoded again when their turn has come, for one room at a time.
const (
	// keptOps is how many operations of one message are kept until it is staged.
	keptOps = 2048
	// portionOps is at how many operations a delivery is judged in portions.
	portionOps = 1 << 17
	// taskWeight is about how many bytes a message takes that says nothing.
	taskWeight = 512
	// opWeight is about how many bytes an operation takes.
	opWeight = int64(unsafe.Sizeof(crdt.Op{}))
)

// A budget bounds bytes.
type budget struct {
	size int64
	free *semaphore.Weighted
}

func newBudget(bytes int) budget {
	return budget{int64(bytes), semaphore.NewWeighted(int64(bytes))}
}

// take waits until weight is free. What is heavier than the budget takes all of it.
func (b budget) take(ctx context.Context, weight int64) (taken int64, err error) {
	weight = min(weight, b.size)
	return weight, b.free.Acquire(ctx, weight)
}

// tryTake takes weight if it is free now.
func (b budget) tryTake(weight int64) bool { return b.free.TryAcquire(min(weight, b.size)) }

// give gives back what was taken of a weight.
func (b budget) give(weight int64) { b.free.Release(min(weight, b.size)) }

// decode decodes the changes of a message and weighs it.
func (d *Device) decode(ctx context.Context, id crdt.RecordID, t *syncTask) error {
	kept := 0
	for _, raw := range t.message.Changes {
		c, err := d.hub.decodeOne(ctx, bytes.Clone(raw)) // a record keeps it, and is not to keep its frame
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			t.refused = append(t.refused, hashOfPlain(raw))
			if err := d.tolerate(id, err); err != nil {
				return err
			}
			continue
		}
		if kept+len(c.Ops) > keptOps {
			c.Ops = nil
		}
		kept += len(c.Ops)
		t.changes = append(t.changes, c)
	}
	t.weight = taskWeight + int64(t.message.Size()) + int64(kept)*opWeight
	return nil
}

// decodeOne decodes a change, one that holds many operations only while no
// other such is in memory.
func (h *Hub) decodeOne(ctx context.Context, raw []byte) (*crdt.Change, error) {
	light := h.env.Limits
	light.MaxOps = min(light.MaxOps, keptOps)
	c, err := crdt.Decode(raw, light)
	if !errors.Is(err, crdt.ErrLimit) {
		return c, err
	}
	room, err := h.heavy.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer h.heavy.leave(room)
	if c, err = room.Decode(raw, h.env.Limits); err != nil {
		return nil, err
	}
	c.Ops = nil
	return c, nil
}

// hashOfPlain names a change that cannot be decoded, unless it is deflated: then
// the name is nobody's.
func hashOfPlain(raw []byte) crdt.Hash {
	const hashedFrom = 8 // behind magic and checksum
	return sha256.Sum256(raw[min(hashedFrom, len(raw)):])
}

// portions calls receive with changes whose operations are there, with all of
// them together if they are not too many, and at least once.
func (h *Hub) portions(changes []*crdt.Change, receive func([]*crdt.Change) error) error {
	bare := func(c *crdt.Change) bool { return len(c.Ops) != c.NumOps }
	whole := true
	for _, c := range changes {
		whole = whole && !bare(c)
	}
	if whole {
		return receive(changes)
	}
	room, err := h.heavy.enter(context.WithoutCancel(h.ctx))
	if err != nil {
		return err
	}
	defer h.heavy.leave(room)
	for len(changes) > 0 {
		var portion []*crdt.Change
		for ops := 0; len(changes) > 0 && (ops == 0 || ops+changes[0].NumOps <= portionOps); changes = changes[1:] {
			c := changes[0]
			if bare(c) {
				decode := crdt.Decode
				if len(portion) == 0 { // it may be a large one
					decode = room.Decode
				}
				if c, err = decode(c.Raw, h.env.Limits); err != nil {
					return err
				}
			}
			ops += max(c.NumOps, 1)
			portion = append(portion, c)
		}
		if err := receive(portion); err != nil {
			return err
		}
	}
	return nil
}

// through gives back what tasks weighed.
func (h *Hub) through(tasks []task) {
	for _, t := range tasks {
		if t, ok := t.(*syncTask); ok {
			h.inFlight.give(t.weight)
		}
	}
}
