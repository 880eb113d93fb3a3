package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
	"wedsync/crdt"
)

// A device has a copy of the record and edits it. What it writes is made from
// what the oracle's history shows it.
type device struct {
	who   conflicts.Principal
	actor crdt.ActorID
	seq   uint64
	known oracle.Past // of the world's history
}

// A writer makes one change of a device.
type writer struct {
	h     *oracle.History
	past  oracle.Past
	actor crdt.ActorID
	start uint64
	ops   []crdt.Op
}

// write commits what edit writes as one change, nil if it wrote nothing.
func (d *device) write(h *oracle.History, clock int64, edit func(w *writer)) *crdt.Change {
	w := &writer{h: h, past: d.known, actor: d.actor, start: h.MaxOp(d.known) + 1}
	edit(w)
	if len(w.ops) == 0 {
		return nil
	}
	c := change(crdt.Change{
		Deps: h.Heads(d.known), Actor: d.actor, Seq: d.seq + 1, StartOp: w.start, Time: clock, Ops: w.ops, NumOps: len(w.ops),
	})
	d.seq++
	h.Add(c)
	d.know(h, h.Past(c.Hash))
	return c
}

// change encodes a change and reads it back.
func change(c crdt.Change) *crdt.Change {
	read, err := crdt.Decode(crdt.Encode(&c), crdt.DefaultLimits)
	if err != nil {
		panic(fmt.Sprintf("the writer made what is no change: %v", err))
	}
	return read
}

// know adds a past to what the device knows.
func (d *device) know(h *oracle.History, past oracle.Past) {
	all := slices.Clone(past)
	for i, in := range d.known {
		if in {
			for len(all) <= i {
				all = append(all, false)
			}
			all[i] = true
		}
	}
	d.known = all
}

func (w *writer) doc() *oracle.Document { return w.h.See(w.past, w.ops...) }

func (w *writer) append(op crdt.Op) crdt.OpID {
	op.ID = crdt.OpID{Counter: w.start + uint64(len(w.ops)), Actor: w.actor}
	w.ops = append(w.ops, op)
	return op.ID
}

// preds are live operations as predecessors.
func preds(live []oracle.Live) []crdt.OpID {
	var ids []crdt.OpID
	for _, l := range slices.Backward(live) {
		ids = append(ids, l.ID)
	}
	return ids
}

// put writes a value to a key of a map.
func (w *writer) put(obj crdt.OpID, key string, v crdt.Value) crdt.OpID {
	live := w.doc().At(obj, key)
	op := crdt.Op{Obj: obj, Key: key, Pred: preds(live)}
	switch v.Kind {
	case crdt.Missing:
		if len(live) > 0 {
			op.Action = crdt.Del
			w.append(op)
		}
		return crdt.OpID{}
	case crdt.Map:
		op.Action = crdt.MakeMap
		id := w.append(op)
		for _, k := range slices.Sorted(keysOf(v.Map)) {
			w.put(id, k, v.Map[k])
		}
		return id
	case crdt.Text:
		op.Action = crdt.MakeText
		id := w.append(op)
		last := crdt.OpID{}
		for _, r := range v.Str {
			last = w.insert(id, last, r)
		}
		return id
	}
	op.Action, op.Value = crdt.Set, v
	return w.append(op)
}

func keysOf(m map[string]crdt.Value) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (w *writer) insert(text, behind crdt.OpID, r rune) crdt.OpID {
	return w.append(crdt.Op{
		Obj: text, Elem: behind, Seq: true, Insert: true, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: string(r)},
	})
}

// parent is the map in which the last key of a path stands, made if need be.
func (w *writer) parent(p crdt.Path) crdt.OpID {
	obj := crdt.OpID{}
	keys := p.Keys()
	for _, key := range keys[:len(keys)-1] {
		live := w.doc().At(obj, key)
		if len(live) > 0 && live[0].Action == crdt.MakeMap {
			obj = live[0].ID
			continue
		}
		obj = w.put(obj, key, crdt.Value{Kind: crdt.Map})
	}
	return obj
}

func (w *writer) set(p crdt.Path, v crdt.Value) {
	keys := p.Keys()
	w.put(w.parent(p), keys[len(keys)-1], v)
}

// typeInto inserts or removes one letter of the text that a path shows, or
// begins a text there.
func (w *writer) typeInto(p crdt.Path, rng *rand.Rand) {
	doc := w.doc()
	shown, ok := doc.Shown(p)
	if !ok || shown.Action != crdt.MakeText {
		w.set(p, crdt.Value{Kind: crdt.Text})
		doc = w.doc()
		shown, _ = doc.Shown(p)
	}
	letters := doc.Elements(shown.ID)
	if len(letters) > 0 && rng.IntN(4) == 0 {
		at := letters[rng.IntN(len(letters))]
		w.append(crdt.Op{
			Obj: shown.ID, Elem: at, Seq: true, Action: crdt.Del, Pred: []crdt.OpID{doc.Element(shown.ID, at).ID},
		})
		return
	}
	behind := crdt.OpID{}
	if len(letters) > 0 && rng.IntN(5) > 0 {
		behind = letters[len(letters)-1]
	}
	w.insert(shown.ID, behind, rune("123ab-"[rng.IntN(6)]))
}

// increment adds to the counter that a path shows, if it shows one.
func (w *writer) increment(p crdt.Path, by int64) {
	doc := w.doc()
	shown, ok := doc.Shown(p)
	if !ok || doc.Value(shown).Kind != crdt.Counter {
		return
	}
	keys := p.Keys()
	w.append(crdt.Op{
		Obj: w.parent(p), Key: keys[len(keys)-1], Action: crdt.Inc,
		Value: crdt.Value{Kind: crdt.Int, Int: by}, Pred: []crdt.OpID{shown.ID},
	})
}
