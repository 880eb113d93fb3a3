package crdt

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// A Builder makes one change of our own: one that knows everything in a graph
// and names every live operation that it replaces. It is of no use once the
// graph has grown.
type Builder struct {
	fields   *Fields
	view     View
	maxPreds int
	change   Change
	places   map[spot]*held
	encoded  encodedOps // of the first covered operations of change
	covered  int
}

// A spot is a key of a map.
type spot struct {
	obj OpID
	key string
}

// held is what is live at a spot, the operations of the Builder included.
type held struct {
	ids     []OpID // ascending
	maps    []OpID // those that made maps
	shown   OpID   // the highest
	written bool   // by the Builder
}

// NewBuilder begins a change on top of all of g, whose changes have all been
// applied to f. time is in Unix seconds.
func NewBuilder(f *Fields, g *Graph, actor ActorID, time int64) *Builder {
	return &Builder{
		fields:   f,
		view:     g.All(),
		maxPreds: g.limits.MaxPreds,
		change: Change{
			Deps:    g.Heads(),
			Actor:   actor,
			Seq:     g.Seq(actor) + 1,
			StartOp: g.MaxOp() + 1,
			Time:    time,
		},
		places: make(map[spot]*held),
	}
}

// Len counts the operations so far.
func (b *Builder) Len() int { return len(b.change.Ops) }

// Change is the change with a message, encoded. The Builder may go on and be
// asked again: the same operations make another change of the same place.
func (b *Builder) Change(message string) *Change {
	c := b.change
	c.Ops = slices.Clip(c.Ops) // those that the Builder appends are not among them
	c.NumOps = len(c.Ops)
	c.Message = message
	if b.covered != len(c.Ops) || b.covered == 0 {
		b.encoded, b.covered = encodeOps(&c), len(c.Ops)
	}
	c.Raw = encode(&c, b.encoded)
	c.Hash = sha256.Sum256(c.Raw[8:]) // all but magic and checksum
	return &c
}

// Set makes v the one live value at a path, in every live map at each step of
// it. A Missing v deletes. Where a step shows no map the Builder clears what
// hides one, or makes one that holds only the next key. Text becomes a text
// object, Map and List become nested objects.
//
// The path is watched, on the way to a watched one or below one; anything else
// is a mistake of the caller, and Set panics.
func (b *Builder) Set(p Path, v Value) {
	keys := p.Keys()
	if !b.fields.watches(keys) {
		panic(fmt.Sprintf("crdt: set %q, which is not watched", p))
	}
	maps := []OpID{{}}
	for _, key := range keys[:len(keys)-1] {
		var next []OpID
		for _, obj := range maps {
			next = append(next, b.step(spot{obj, key}, v.Kind != Missing)...)
		}
		maps = next
	}
	for _, obj := range maps {
		b.put(spot{obj, keys[len(keys)-1]}, v)
	}
}

// step are the live maps at a spot. If need is set, one of them is shown
// afterwards.
func (b *Builder) step(at spot, need bool) []OpID {
	h := b.at(at)
	if !need || slices.Contains(h.maps, h.shown) {
		return h.maps
	}
	if len(h.maps) == 0 {
		b.put(at, Value{Kind: Map})
		return h.maps
	}
	hiding := slices.DeleteFunc(slices.Clone(h.ids), func(id OpID) bool { return slices.Contains(h.maps, id) })
	b.append(Op{Obj: at.obj, Key: at.key, Action: Del, Pred: hiding})
	h.ids, h.shown, h.written = h.maps, h.maps[len(h.maps)-1], true
	return h.maps
}

// put makes v the one live value at a spot.
func (b *Builder) put(at spot, v Value) {
	h := b.at(at)
	h.written = true
	if v.Kind == Missing {
		if len(h.ids) > 0 {
			b.append(Op{Obj: at.obj, Key: at.key, Action: Del, Pred: h.ids})
		}
		h.ids, h.maps, h.shown = nil, nil, OpID{}
		return
	}
	id := b.write(Op{Obj: at.obj, Key: at.key, Pred: h.ids}, v)
	h.ids, h.maps, h.shown = []OpID{id}, nil, id
	if v.Kind == Map {
		h.maps = h.ids
	}
}

// at is what is live at a spot.
func (b *Builder) at(at spot) *held {
	if h := b.places[at]; h != nil {
		return h
	}
	h := &held{}
	b.places[at] = h
	f := b.fields
	obj := f.object(at.obj)
	if obj == nil {
		return h // made by the Builder
	}
	for _, w := range slices.Backward(f.actors.descending(obj.keys[at.key], b.view)) {
		h.shown = f.actors.id(w.id)
		h.ids = append(h.ids, h.shown)
		if obj := w.object(); obj != nil && obj.keys != nil {
			h.maps = append(h.maps, h.shown)
		}
	}
	return h
}

// write appends op as the operation that writes v, and those that fill the
// object if v is one. It returns the id of the first.
func (b *Builder) write(op Op, v Value) OpID {
	switch v.Kind {
	case Text:
		op.Action = MakeText
		id := b.append(op)
		b.letters(id, OpID{}, []rune(v.Str))
		return id
	case Map:
		op.Action = MakeMap
		id := b.append(op)
		for _, key := range slices.Sorted(maps.Keys(v.Map)) {
			if v := v.Map[key]; v.Kind != Missing {
				b.put(spot{id, key}, v)
			}
		}
		return id
	case List:
		op.Action = MakeList
		id := b.append(op)
		last := OpID{}
		for _, v := range v.List {
			if v.Kind != Missing {
				last = b.write(Op{Obj: id, Elem: last, Seq: true, Insert: true}, v)
			}
		}
		return id
	}
	op.Action, op.Value = Set, v
	return b.append(op)
}

// letters inserts letters into a text, behind the element last.
func (b *Builder) letters(obj, last OpID, letters []rune) {
	for _, r := range letters {
		last = b.append(Op{
			Obj: obj, Elem: last, Seq: true, Insert: true,
			Action: Set, Value: Value{Kind: Str, Str: string(r)},
		})
	}
}

// append appends an operation and returns its id. If it replaces more than one
// operation may, others before it delete the rest.
func (b *Builder) append(op Op) OpID {
	c := &b.change
	for len(op.Pred) > b.maxPreds {
		rest := op
		rest.Pred, op.Pred = op.Pred[:b.maxPreds], op.Pred[b.maxPreds:]
		rest.Action, rest.Value = Del, Value{}
		b.append(rest)
	}
	op.ID = OpID{c.StartOp + uint64(len(c.Ops)), c.Actor}
	c.Ops = append(c.Ops, op)
	return op.ID
}
