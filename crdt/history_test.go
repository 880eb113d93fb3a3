package crdt_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sort"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

// A history is a random history of several authors, and at the same time the
// slow model that graph and fields are held against: it keeps all operations
// and finds everything out anew each time.
type history struct {
	t       *rapid.T
	changes []*crdt.Change // parents first
	past    []map[int]bool // of each change, itself included
}

// drawHistory draws a history of up to n changes.
func drawHistory(t *rapid.T, n int) *history {
	h := &history{t: t}
	for range rapid.IntRange(1, n).Draw(t, "changes") {
		h.grow()
	}
	return h
}

// grow adds a change of a random author on top of what that author and some
// others have.
func (h *history) grow() {
	actor := crdt.ActorID(fmt.Sprintf("actor-%d", rapid.IntRange(0, 3).Draw(h.t, "actor")))
	seq, past := uint64(1), map[int]bool{}
	for i, c := range h.changes {
		if c.Actor == actor {
			seq = c.Seq + 1
			maps.Copy(past, h.past[i])
		}
	}
	for range rapid.IntRange(0, 2).Draw(h.t, "merges") {
		if len(h.changes) > 0 {
			maps.Copy(past, h.past[rapid.IntRange(0, len(h.changes)-1).Draw(h.t, "merged")])
		}
	}
	d := h.doc(past)
	start := h.maxOp(past) + 1 + uint64(rapid.IntRange(0, 1).Draw(h.t, "gap"))
	for range rapid.IntRange(0, 4).Draw(h.t, "ops") {
		op := drawOp(h.t, d)
		op.ID = crdt.OpID{Counter: start + uint64(len(d.ops)-d.base), Actor: actor}
		d.ops = append(d.ops, op)
	}
	h.add(past, finish(crdt.Change{
		Actor: actor, Seq: seq, StartOp: start, Deps: h.heads(past), Ops: d.ops[d.base:],
	}))
}

func (h *history) add(past map[int]bool, c *crdt.Change) {
	past[len(h.changes)] = true
	h.changes = append(h.changes, c)
	h.past = append(h.past, past)
}

// finish encodes a change.
func finish(c crdt.Change) *crdt.Change {
	c.NumOps = len(c.Ops)
	c.Raw = crdt.Encode(&c)
	c.Hash = sha256.Sum256(c.Raw[8:])
	return &c
}

// heads are the changes of a past that no other of it depends on, ascending.
func (h *history) heads(past map[int]bool) []crdt.Hash {
	var heads []crdt.Hash
	for i := range past {
		head := true
		for j := range past {
			head = head && (i == j || !h.past[j][i])
		}
		if head {
			heads = append(heads, h.changes[i].Hash)
		}
	}
	slices.SortFunc(heads, crdt.Hash.Compare)
	return heads
}

func (h *history) maxOp(past map[int]bool) (highest uint64) {
	for i := range past {
		highest = max(highest, h.changes[i].MaxOp())
	}
	return highest
}

// all is the past of everything.
func (h *history) all() map[int]bool {
	all := map[int]bool{}
	for i := range h.changes {
		all[i] = true
	}
	return all
}

// drawPast draws some changes and their past.
func (h *history) drawPast(t *rapid.T) (past map[int]bool, tips []crdt.Hash) {
	past = map[int]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "tips") {
		i := rapid.IntRange(0, len(h.changes)-1).Draw(t, "tip")
		maps.Copy(past, h.past[i])
		tips = append(tips, h.changes[i].Hash)
	}
	return past, tips
}

// doc is the document of a past.
func (h *history) doc(past map[int]bool) *doc {
	d := &doc{}
	for i, c := range h.changes {
		if past[i] {
			d.ops = append(d.ops, c.Ops...)
		}
	}
	d.base = len(d.ops)
	return d
}

// A doc is operations, each after those that it names.
type doc struct {
	ops  []crdt.Op
	base int
}

func (d *doc) op(id crdt.OpID) crdt.Op {
	return d.ops[slices.IndexFunc(d.ops, func(op crdt.Op) bool { return op.ID == id })]
}

// at are the operations that write to a key or an element of an object.
func (d *doc) at(obj crdt.OpID, key string, elem crdt.OpID) (at []crdt.Op) {
	for _, op := range d.ops {
		writes := op.Action == crdt.Set || op.Action.Makes()
		here := op.Key == key && !op.Insert && op.Elem == elem || op.Insert && op.ID == elem
		if op.Obj == obj && writes && here && !d.replaced(op) {
			at = append(at, op)
		}
	}
	sort.Slice(at, func(i, j int) bool { return at[i].ID.Compare(at[j].ID) > 0 })
	return at
}

func (d *doc) replaced(op crdt.Op) bool {
	for _, by := range d.ops {
		adds := by.Action == crdt.Inc && op.Value.Kind == crdt.Counter
		if slices.Contains(by.Pred, op.ID) && !adds {
			return true
		}
	}
	return false
}

// value is the value that an operation wrote.
func (d *doc) value(op crdt.Op) crdt.Value {
	switch op.Action {
	case crdt.MakeMap, crdt.MakeTable:
		m := crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{}}
		for _, in := range d.ops {
			if live := d.at(op.ID, in.Key, crdt.OpID{}); in.Obj == op.ID && len(live) > 0 {
				m.Map[in.Key] = d.value(live[0])
			}
		}
		return m
	case crdt.MakeText:
		text := crdt.Value{Kind: crdt.Text}
		for _, v := range d.items(op.ID) {
			if v.Kind == crdt.Str {
				text.Str += v.Str
			} else {
				text.Str += "\ufffc"
			}
		}
		return text
	case crdt.MakeList:
		return crdt.Value{Kind: crdt.List, List: d.items(op.ID)}
	}
	v := op.Value
	for _, inc := range d.ops {
		if inc.Action == crdt.Inc && slices.Contains(inc.Pred, op.ID) && v.Kind == crdt.Counter {
			v.Int += inc.Value.Int
		}
	}
	return v
}

func (d *doc) items(obj crdt.OpID) (items []crdt.Value) {
	for _, elem := range d.elems(obj, crdt.OpID{}) {
		if live := d.at(obj, "", elem); len(live) > 0 {
			items = append(items, d.value(live[0]))
		}
	}
	return items
}

// elems are the elements that stand after one, as the tree of insertions has it.
func (d *doc) elems(obj, after crdt.OpID) (elems []crdt.OpID) {
	var here []crdt.OpID
	for _, op := range d.ops {
		if op.Obj == obj && op.Insert && op.Elem == after {
			here = append(here, op.ID)
		}
	}
	sort.Slice(here, func(i, j int) bool { return here[i].Compare(here[j]) > 0 })
	for _, id := range here {
		elems = append(append(elems, id), d.elems(obj, id)...)
	}
	return elems
}

// shown is the operation shown at keys.
func (d *doc) shown(keys []string) (op crdt.Op, ok bool) {
	for _, key := range keys {
		if ok && op.Action != crdt.MakeMap {
			return op, false
		}
		live := d.at(op.ID, key, crdt.OpID{})
		if len(live) == 0 {
			return op, false
		}
		op, ok = live[0], true
	}
	return op, ok
}

// live are the ids of all live operations at keys, in every live map.
func (d *doc) live(keys []string) (ids []crdt.OpID) {
	objs := []crdt.OpID{{}}
	for i, key := range keys {
		var next []crdt.OpID
		for _, obj := range objs {
			for _, op := range d.at(obj, key, crdt.OpID{}) {
				if i == len(keys)-1 || op.Action == crdt.MakeMap {
					next = append(next, op.ID)
				}
			}
		}
		objs = next
	}
	return objs
}

// paths are the places where an object stands or an operation acts, as keys
// from the root; elements are no keys.
func (d *doc) path(op crdt.Op) []string {
	var above []string
	if !op.Obj.IsZero() {
		above = d.path(d.op(op.Obj))
	}
	if op.Seq {
		return append(above, "[]")
	}
	return append(above, op.Key)
}

var keys = []string{"date", "name", "venue", "city"}

// drawOp draws an operation that an author who sees d can do, without its id.
func drawOp(t *rapid.T, d *doc) crdt.Op {
	objs := []crdt.Op{{Action: crdt.MakeMap}} // the root
	for _, op := range d.ops {
		if op.Action.Makes() {
			objs = append(objs, op)
		}
	}
	obj := rapid.SampledFrom(objs).Draw(t, "obj")
	op := crdt.Op{Obj: obj.ID}
	if obj.Action == crdt.MakeMap {
		op.Key = rapid.SampledFrom(keys).Draw(t, "key")
	} else {
		op.Seq = true
		var some []crdt.OpID
		for _, id := range d.elems(obj.ID, crdt.OpID{}) {
			if d.op(id).Action != crdt.Mark {
				some = append(some, id)
			}
		}
		op.Insert = len(some) == 0 || rapid.Bool().Draw(t, "insert")
		if len(some) > 0 {
			op.Elem = rapid.SampledFrom(some).Draw(t, "elem")
		}
	}
	var counted bool
	if !op.Insert {
		for _, live := range d.at(op.Obj, op.Key, op.Elem) {
			op.Pred = append(op.Pred, live.ID)
			counted = counted || live.Value.Kind == crdt.Counter
		}
		slices.Reverse(op.Pred)
	}
	actions := []crdt.Action{crdt.Set, crdt.Set, crdt.Set, crdt.MakeText, crdt.MakeMap, crdt.MakeList}
	if len(op.Pred) > 0 {
		actions = append(actions, crdt.Del)
	}
	if counted {
		actions = []crdt.Action{crdt.Inc, crdt.Inc, crdt.Inc, crdt.Set}
	}
	if op.Insert && obj.Action == crdt.MakeText {
		actions = []crdt.Action{crdt.Set, crdt.Set, crdt.MakeMap, crdt.Mark}
	}
	op.Action = rapid.SampledFrom(actions).Draw(t, "action")
	switch op.Action {
	case crdt.Set:
		op.Value = drawScalar(t)
	case crdt.Inc:
		op.Value = crdt.Value{Kind: crdt.Int, Int: rapid.Int64Range(-9, 9).Draw(t, "inc")}
	case crdt.Mark:
		op.Value = crdt.Value{Kind: crdt.Null}
	}
	return op
}

func drawScalar(t *rapid.T) crdt.Value {
	return rapid.SampledFrom([]crdt.Value{
		{Kind: crdt.Null},
		{Kind: crdt.Bool, Int: 1},
		{Kind: crdt.Int, Int: -7},
		{Kind: crdt.Uint, Uint: 1 << 63},
		{Kind: crdt.Float, Float: 2.5},
		{Kind: crdt.Str},
		{Kind: crdt.Str, Str: "ä"},
		{Kind: crdt.Str, Str: "2027-06-12"},
		{Kind: crdt.Bytes, Bytes: []byte{1, 2}},
		{Kind: crdt.Counter, Int: 10},
		{Kind: crdt.Counter, Int: 20},
		{Kind: crdt.Counter, Int: 30},
		{Kind: crdt.Counter, Int: 40},
		{Kind: crdt.Timestamp, Int: 1_800_000_000_000},
		{Kind: crdt.Unknown, Code: 12, Bytes: []byte{3}},
	}).Draw(t, "scalar")
}
