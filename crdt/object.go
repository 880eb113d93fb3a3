package crdt

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// An object of a document that Fields keeps.
type object struct {
	id    OpID
	step  *step // the last step at or above it
	exact bool  // whether it stands at that step, not below
	depth int
	keys  map[string]*slot // of a map
	elems *sequence        // of a list or text
}

func newObject(isMap bool, at *step, exact bool, depth int) *object {
	o := &object{step: at, exact: exact, depth: depth}
	if isMap {
		o.keys = make(map[string]*slot)
	} else {
		o.elems = newSequence()
	}
	return o
}

// next is the step that a key of the object leads to, nil if it leads to none.
func (o *object) next(key string) *step {
	if !o.exact {
		return nil
	}
	return o.step.next[key]
}

// slot is the slot of a key, made if there was none.
func (o *object) slot(key string) *slot {
	s := o.keys[key]
	if s == nil {
		s = &slot{}
		o.keys[strings.Clone(key)] = s
	}
	return s
}

// A slot is all that was ever written to one key of a map. A nil slot is empty.
type slot struct {
	live []write
	dead []write // those replaced, in the order in which they first were
}

// replace notes that op, of a change, names the write with an id.
func (s *slot) replace(id opKey, change int32, op *Op) {
	for i := range s.live {
		if s.live[i].id != id {
			continue
		}
		if s.live[i].replace(change, op) {
			s.dead = append(s.dead, s.live[i])
			s.live = slices.Delete(s.live, i, i+1)
		}
		return
	}
	for i := len(s.dead) - 1; i >= 0; i-- {
		if s.dead[i].id == id {
			s.dead[i].replace(change, op)
			return
		}
	}
}

// in are the writes that are live in a view, in no order.
func (s *slot) in(v View) iter.Seq[*write] {
	return func(yield func(*write) bool) {
		if s == nil {
			return
		}
		for i := range s.live {
			if w := &s.live[i]; v.Has(int(w.change)) && !yield(w) {
				return
			}
		}
		// What was replaced by a change below v.low is replaced in v.
		for i := len(s.dead) - 1; i >= 0 && int(s.dead[i].gone) >= v.low; i-- {
			if w := &s.dead[i]; w.in(v) && !yield(w) {
				return
			}
		}
	}
}

// A write is one operation that gave a key or an element a value.
type write struct {
	id     opKey
	change int32  // graph index of the change that wrote it
	gone   int32  // of the first change that replaced it, or none
	num    uint64 // a Bool, a number, or the rune of a letter
	more   *more  // what few writes have, or nil
	kind   Kind   // Missing for a mark, which nobody sees
	letter bool   // whether it is a Str of one rune
	code   uint8
}

// more is what few writes have.
type more struct {
	str    string  // Str, Bytes, Unknown
	object *object // Map, List, Text; nil if it is not kept
	gone   []int32 // further changes that replaced it
	incs   []inc
	also   []write // later writes to the same element
}

// An inc is an increment of a counter.
type inc struct {
	change int32
	sum    uint64 // of this and all earlier increments
}

// write is the write that op, of a change, makes; obj is what it makes, if
// that is kept.
func (f *Fields) write(change int32, op *Op, obj *object) write {
	w := write{id: f.actors.key(op.ID), change: change, gone: none}
	switch op.Action {
	case Set:
		w.setScalar(&op.Value)
	case MakeMap, MakeTable:
		w.kind = Map
	case MakeList:
		w.kind = List
	case MakeText:
		w.kind = Text
	}
	if obj != nil {
		w.extra().object = obj
	}
	return w
}

// setScalar makes w a write of a scalar. It copies what it keeps.
func (w *write) setScalar(v *Value) {
	w.kind, w.code = v.Kind, v.Code
	switch v.Kind {
	case Uint:
		w.num = v.Uint
	case Float:
		w.num = math.Float64bits(v.Float)
	case Str:
		if r, ok := onlyRune(v.Str); ok {
			w.letter, w.num = true, uint64(r)
			return
		}
		w.extra().str = strings.Clone(v.Str)
	case Bytes, Unknown:
		w.extra().str = string(v.Bytes)
	default:
		w.num = uint64(v.Int)
	}
}

func onlyRune(s string) (rune, bool) {
	r, size := utf8.DecodeRuneInString(s)
	return r, size == len(s) && size > 0 && (r != utf8.RuneError || size > 1)
}

func (w *write) extra() *more {
	if w.more == nil {
		w.more = &more{}
	}
	return w.more
}

// replace notes that op, of a change, names w, and reports whether w was live
// until then. An increment adds to a counter and replaces anything else.
func (w *write) replace(change int32, op *Op) bool {
	if op.Action == Inc && w.kind == Counter {
		m := w.extra()
		sum := uint64(op.Value.Int)
		if n := len(m.incs); n > 0 {
			sum += m.incs[n-1].sum
		}
		m.incs = append(m.incs, inc{change, sum})
		return false
	}
	if w.gone == none {
		w.gone = change
		return true
	}
	w.extra().gone = append(w.extra().gone, change)
	return false
}

// in reports whether w is live in a view.
func (w *write) in(v View) bool {
	if !v.Has(int(w.change)) || v.Has(int(w.gone)) {
		return false
	}
	return w.more == nil || !slices.ContainsFunc(w.more.gone, func(i int32) bool { return v.Has(int(i)) })
}

// scalar is the value of a write that is no object, in a view.
func (w *write) scalar(v View) Value {
	switch w.kind {
	case Uint:
		return Value{Kind: Uint, Uint: w.num}
	case Float:
		return Value{Kind: Float, Float: math.Float64frombits(w.num)}
	case Str:
		return Value{Kind: Str, Str: w.str()}
	case Bytes, Unknown:
		return Value{Kind: w.kind, Code: w.code, Bytes: []byte(w.str())}
	case Counter:
		return Value{Kind: Counter, Int: int64(w.num + w.incremented(v))}
	}
	return Value{Kind: w.kind, Int: int64(w.num)}
}

func (w *write) str() string {
	switch {
	case w.letter:
		return string(rune(w.num))
	case w.more == nil:
		return ""
	}
	return w.more.str
}

// object is the object that w made, nil if it made none that is kept.
func (w *write) object() *object {
	if w.more == nil {
		return nil
	}
	return w.more.object
}

// incremented is what a counter was incremented by in a view.
func (w *write) incremented(v View) uint64 {
	if w.more == nil || len(w.more.incs) == 0 {
		return 0
	}
	incs := w.more.incs
	sum := incs[len(incs)-1].sum
	for i := len(incs) - 1; i >= 0 && int(incs[i].change) >= v.low; i-- {
		if v.Has(int(incs[i].change)) {
			continue
		}
		sum -= incs[i].sum
		if i > 0 {
			sum += incs[i-1].sum
		}
	}
	return sum
}
