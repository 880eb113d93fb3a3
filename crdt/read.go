package crdt

import (
	"slices"
)

// A Live is a live value of a field.
type Live struct {
	ID     OpID // the operation that wrote it
	Change int  // graph index of the change that this is of
	Value  Value
}

// Value is the value that a view shows at a watched path, or at one below a
// watched path. Its Kind is Missing if it shows none.
func (f *Fields) Value(p Path, v View) Value {
	value, _, _ := f.Shown(p, v)
	return value
}

// Shown is Value with the graph index of the change that wrote the shown
// operation; of a text that is the one that made the text object. It is false
// if the view shows nothing.
func (f *Fields) Shown(p Path, v View) (Value, int, bool) {
	w := f.shown(p, v)
	if w == nil {
		return Value{}, 0, false
	}
	return f.value(w, v), int(w.change), true
}

// Live are all live values of the field in a view, over every live map at each
// step of its path. The shown one is the first, then come the others of its
// map, then those of other maps, the highest first; if a step shows something
// else than a map, none of them is shown.
func (f *Fields) Live(p Path, v View) []Live {
	var all []Live
	keys := f.keys(p)
	for _, obj := range f.maps(keys[:len(keys)-1], v) {
		for _, w := range f.actors.descending(obj.keys[keys[len(keys)-1]], v) {
			all = append(all, Live{f.actors.id(w.id), int(w.change), f.value(w, v)})
		}
	}
	return all
}

// keys are the keys of a path.
func (f *Fields) keys(p Path) []string {
	for i := range f.watched {
		if f.watched[i].path == p {
			return f.watched[i].keys
		}
	}
	return p.Keys()
}

// shown is the write that a view shows at a path, nil if it shows none.
func (f *Fields) shown(p Path, v View) *write {
	var w *write
	obj := f.root
	for _, key := range f.keys(p) {
		if obj == nil {
			return nil
		}
		if w = f.actors.highest(obj.keys[key].in(v)); w == nil {
			return nil
		}
		obj = w.object()
	}
	return w
}

// maps are the maps that are live at the end of keys, those of the higher
// writes first.
func (f *Fields) maps(keys []string, v View) []*object {
	maps := []*object{f.root}
	for _, key := range keys {
		var next []*object
		for _, obj := range maps {
			for _, w := range f.actors.descending(obj.keys[key], v) {
				if obj := w.object(); obj != nil && obj.keys != nil {
					next = append(next, obj)
				}
			}
		}
		maps = next
	}
	return maps
}

// descending are the writes of a slot that are live in a view, highest first.
func (a *actors) descending(s *slot, v View) []*write {
	return slices.SortedFunc(s.in(v), func(x, y *write) int { return a.compare(y.id, x.id) })
}

// value is what a write wrote, as a view has it.
func (f *Fields) value(w *write, v View) Value {
	obj := w.object()
	switch w.kind {
	case Map:
		return Value{Kind: Map, Map: f.entries(obj, v)}
	case List:
		return Value{Kind: List, List: f.items(obj, v)}
	case Text:
		if obj == nil {
			return Value{Kind: Text}
		}
		return Value{Kind: Text, Str: obj.elems.text(v, &f.actors)}
	}
	return w.scalar(v)
}

func (f *Fields) entries(obj *object, v View) map[string]Value {
	entries := make(map[string]Value)
	if obj == nil {
		return entries
	}
	for key, s := range obj.keys {
		if w := f.actors.highest(s.in(v)); w != nil {
			entries[key] = f.value(w, v)
		}
	}
	return entries
}

func (f *Fields) items(obj *object, v View) []Value {
	items := []Value{}
	if obj == nil {
		return items
	}
	for _, w := range obj.elems.in(v, &f.actors) {
		items = append(items, f.value(w, v))
	}
	return items
}
