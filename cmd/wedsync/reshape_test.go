package main

import (
	"slices"

	"wedsync/crdt"
)

// reshaped is a change of a new actor on top of everything in t: operations
// that were in t, some of them turned into others.
func (a *attacker) reshaped(t target) []byte {
	last := t.decoded[len(t.decoded)-1]
	from := t.decoded[a.rand.IntN(len(t.decoded))]
	ops := slices.Clone(from.Ops)
	if len(ops) > 1 && a.rand.IntN(2) == 0 {
		ops = ops[:1+a.rand.IntN(len(ops)-1)]
	}
	for i := range ops {
		if a.rand.IntN(4) == 0 {
			a.twist(t, &ops[i])
		}
	}
	return crdt.Encode(&crdt.Change{
		Actor: a.actor(), Seq: 1, StartOp: last.MaxOp() + 1 + uint64(a.rand.IntN(3)),
		Deps: []crdt.Hash{last.Hash}, NumOps: len(ops), Ops: ops,
	})
}

func (a *attacker) actor() crdt.ActorID {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(a.rand.Uint32())
	}
	return crdt.ActorID(b)
}

// twist changes one thing about an operation.
func (a *attacker) twist(t target, op *crdt.Op) {
	switch a.rand.IntN(7) {
	case 0:
		op.Action = crdt.Action(a.rand.IntN(8))
	case 1:
		op.Value = crdt.Value{Kind: crdt.Kind(a.rand.IntN(14)), Int: int64(a.rand.Uint64()), Str: "twisted", Float: 1e308}
	case 2:
		op.Obj = a.anyOp(t)
	case 3:
		op.Key, op.Seq = []string{"", "venue_name", "wedding_date", "budget", "sync_conflicts", "new"}[a.rand.IntN(6)], false
	case 4:
		op.Elem, op.Seq = a.anyOp(t), true
	case 5:
		op.Insert = !op.Insert
	case 6:
		op.Pred = []crdt.OpID{a.anyOp(t)}
		if a.rand.IntN(2) == 0 {
			op.Pred = nil
		}
	}
}

// anyOp is the id of an operation in t, or of none.
func (a *attacker) anyOp(t target) crdt.OpID {
	c := t.decoded[a.rand.IntN(len(t.decoded))]
	if len(c.Ops) == 0 || a.rand.IntN(8) == 0 {
		return crdt.OpID{}
	}
	return c.Ops[a.rand.IntN(len(c.Ops))].ID
}
