package crdt

import (
	"maps"
	"slices"

	"wedsync/crdt/internal/columnar"
)

// Encode is the plain chunk of c's actor, sequence, first operation,
// dependencies, time, message and operations, byte for byte as Automerge writes
// it. Ids of operations are not read: they count up from StartOp.
func Encode(c *Change) []byte { return encode(c, encodeOps(c)) }

// encodedOps are the parts of a chunk that follow from the operations alone.
type encodedOps struct {
	actors  []ActorID // that they name, without the author, ascending
	columns []byte
}

func encodeOps(c *Change) encodedOps {
	actors := otherActors(c)
	w := newOpWriter(c.Actor, actors)
	for i := range c.Ops {
		w.append(&c.Ops[i])
	}
	return encodedOps{actors, w.appendColumns(make([]byte, 0, 64+16*len(c.Ops)))}
}

func encode(c *Change, ops encodedOps) []byte {
	body := make([]byte, 0, 128+len(c.Message)+len(Hash{})*len(c.Deps)+len(ops.columns))
	body = columnar.AppendUint(body, uint64(len(c.Deps)))
	for _, h := range c.Deps {
		body = append(body, h[:]...)
	}
	body = columnar.AppendString(body, string(c.Actor))
	body = columnar.AppendUint(body, c.Seq)
	body = columnar.AppendUint(body, c.StartOp)
	body = columnar.AppendInt(body, c.Time)
	body = columnar.AppendString(body, c.Message)
	body = columnar.AppendUint(body, uint64(len(ops.actors)))
	for _, a := range ops.actors {
		body = columnar.AppendString(body, string(a))
	}
	return sealChunk(append(body, ops.columns...))
}

// otherActors are the actors that c's operations name, without its author,
// ascending.
func otherActors(c *Change) []ActorID {
	seen := make(map[ActorID]bool)
	note := func(id OpID) {
		if !id.IsZero() && id.Actor != c.Actor {
			seen[id.Actor] = true
		}
	}
	for i := range c.Ops {
		op := &c.Ops[i]
		note(op.Obj)
		note(op.Elem)
		for _, id := range op.Pred {
			note(id)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
