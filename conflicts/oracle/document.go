package oracle

import (
	"slices"
	"strings"

	"wedsync/crdt"
)

// A Document is what the operations of a past say, materialised.
type Document struct {
	live    map[place][]Live          // the highest first
	inserts map[place][]crdt.OpID     // what was inserted behind an element, the highest first
	stood   map[keyPlace][]crdt.OpID  // every object that ever stood at a key
	inside  map[crdt.OpID][]crdt.OpID // every object that ever stood in an object
}

// A place is where an operation puts a value: a key of a map, or an element
// of a list or text.
type place struct {
	obj  crdt.OpID
	key  string
	elem crdt.OpID
}

// A keyPlace is a key of a map.
type keyPlace struct {
	obj crdt.OpID
	key string
}

// A Live is a value that no operation of the past replaced.
type Live struct {
	ID     crdt.OpID
	Action crdt.Action
	Change *crdt.Change // that wrote it
	scalar crdt.Value   // increments included
}

// See materialises what the changes of a past, and further operations on top
// of them, say.
func (h *History) See(past Past, more ...crdt.Op) *Document {
	type writer struct {
		op     crdt.Op
		change *crdt.Change
	}
	var ops []writer
	for _, c := range h.Of(past) {
		for _, op := range c.Ops {
			ops = append(ops, writer{op, c})
		}
	}
	for _, op := range more {
		ops = append(ops, writer{op, nil})
	}

	counters := make(map[crdt.OpID]bool)
	for _, w := range ops {
		if w.op.Action == crdt.Set && w.op.Value.Kind == crdt.Counter {
			counters[w.op.ID] = true
		}
	}
	replaced := make(map[crdt.OpID]bool)
	added := make(map[crdt.OpID]int64)
	for _, w := range ops {
		for _, id := range w.op.Pred {
			if w.op.Action == crdt.Inc && counters[id] {
				added[id] += w.op.Value.Int
			} else {
				replaced[id] = true
			}
		}
	}

	d := &Document{
		live:    make(map[place][]Live),
		inserts: make(map[place][]crdt.OpID),
		stood:   make(map[keyPlace][]crdt.OpID),
		inside:  make(map[crdt.OpID][]crdt.OpID),
	}
	for _, w := range ops {
		op := w.op
		at := place{op.Obj, op.Key, op.Elem}
		if op.Insert {
			d.inserts[at] = append(d.inserts[at], op.ID)
			at.elem = op.ID
		}
		if op.Action.Makes() {
			d.stood[keyPlace{op.Obj, op.Key}] = append(d.stood[keyPlace{op.Obj, op.Key}], op.ID)
			d.inside[op.Obj] = append(d.inside[op.Obj], op.ID)
		}
		if (op.Action != crdt.Set && !op.Action.Makes()) || replaced[op.ID] {
			continue
		}
		scalar := op.Value
		if scalar.Kind == crdt.Counter {
			scalar.Int += added[op.ID]
		}
		d.live[at] = append(d.live[at], Live{ID: op.ID, Action: op.Action, Change: w.change, scalar: scalar})
	}
	for _, values := range d.live {
		slices.SortFunc(values, func(a, b Live) int { return b.ID.Compare(a.ID) })
	}
	for _, ids := range d.inserts {
		slices.SortFunc(ids, func(a, b crdt.OpID) int { return b.Compare(a) })
	}
	return d
}

// At are the live values of a key of a map, the shown one first.
func (d *Document) At(obj crdt.OpID, key string) []Live {
	return d.live[place{obj: obj, key: key}]
}

// Value is what a live operation shows, with all below it.
func (d *Document) Value(l Live) crdt.Value {
	switch l.Action {
	case crdt.MakeMap, crdt.MakeTable:
		return d.mapping(l.ID)
	case crdt.MakeText:
		return d.text(l.ID)
	case crdt.MakeList:
		return d.list(l.ID)
	}
	return l.scalar
}

// Root is the whole document.
func (d *Document) Root() crdt.Value { return d.mapping(crdt.OpID{}) }

func (d *Document) mapping(obj crdt.OpID) crdt.Value {
	m := make(map[string]crdt.Value)
	for at, values := range d.live {
		if at.obj == obj {
			m[at.key] = d.Value(values[0])
		}
	}
	return crdt.Value{Kind: crdt.Map, Map: m}
}

func (d *Document) text(obj crdt.OpID) crdt.Value {
	var b strings.Builder
	for _, elem := range d.Elements(obj) {
		b.WriteString(d.Element(obj, elem).scalar.Str)
	}
	return crdt.Value{Kind: crdt.Text, Str: b.String()}
}

func (d *Document) list(obj crdt.OpID) crdt.Value {
	v := crdt.Value{Kind: crdt.List}
	for _, elem := range d.Elements(obj) {
		v.List = append(v.List, d.Value(d.Element(obj, elem)))
	}
	return v
}

// Elements are the visible elements of a list or text, in their order.
func (d *Document) Elements(obj crdt.OpID) []crdt.OpID {
	var visible []crdt.OpID
	var walk func(behind crdt.OpID)
	walk = func(behind crdt.OpID) {
		for _, elem := range d.inserts[place{obj: obj, elem: behind}] {
			if len(d.live[place{obj: obj, elem: elem}]) > 0 {
				visible = append(visible, elem)
			}
			walk(elem)
		}
	}
	walk(crdt.OpID{})
	return visible
}

// Element is the value that a visible element shows.
func (d *Document) Element(obj, elem crdt.OpID) Live {
	return d.live[place{obj: obj, elem: elem}][0]
}

// Shown is the operation that a path shows, false if it shows nothing.
func (d *Document) Shown(p crdt.Path) (Live, bool) {
	keys := p.Keys()
	obj := crdt.OpID{}
	for i, key := range keys {
		values := d.At(obj, key)
		if len(values) == 0 {
			return Live{}, false
		}
		if i == len(keys)-1 {
			return values[0], true
		}
		if values[0].Action != crdt.MakeMap {
			return Live{}, false
		}
		obj = values[0].ID
	}
	return Live{}, false
}

// Field is the value that a path shows, Missing if none.
func (d *Document) Field(p crdt.Path) crdt.Value {
	l, ok := d.Shown(p)
	if !ok {
		return crdt.Value{}
	}
	return d.Value(l)
}

// Maps are the live maps in which the last key of a path stands, over every
// live map at each step; the root for a path of one key.
func (d *Document) Maps(p crdt.Path) []crdt.OpID {
	keys := p.Keys()
	maps := []crdt.OpID{{}}
	for _, key := range keys[:len(keys)-1] {
		var next []crdt.OpID
		for _, obj := range maps {
			for _, l := range d.At(obj, key) {
				if l.Action == crdt.MakeMap {
					next = append(next, l.ID)
				}
			}
		}
		maps = next
	}
	return maps
}

// Touches reports whether an operation acts at a path, above it, or below it
// in an object that stands or ever stood there.
func (d *Document) Touches(p crdt.Path, op crdt.Op) bool {
	keys := p.Keys()
	objs := []crdt.OpID{{}}
	for _, key := range keys {
		if slices.Contains(objs, op.Obj) && op.Key == key && !op.Seq {
			return true
		}
		var next []crdt.OpID
		for _, obj := range objs {
			next = append(next, d.stood[keyPlace{obj, key}]...)
		}
		objs = next
	}
	for len(objs) > 0 {
		obj := objs[0]
		objs = append(objs[1:], d.inside[obj]...)
		if op.Obj == obj {
			return true
		}
	}
	return false
}
