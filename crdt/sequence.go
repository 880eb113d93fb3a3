package crdt

import (
	"iter"
	"slices"
	"strings"
)

// A sequence is all elements that a list or text ever had.
//
// An element stands behind the one that its author inserted it after; of those
// inserted after the same one the later stands first. Ids ascend from an
// element to those inserted after it. So a new element belongs directly behind
// its reference, or behind all the higher ones that follow there; and there
// are none of these if elements are linked in ascending order of their ids.
type sequence struct {
	elems   []elem // as they came
	index   map[opKey]int32
	first   int32
	tangled bool // whether the order must be made anew when it is next asked for
}

// maxSkip bounds how many higher elements a new one may be linked behind, lest
// many of them take time that grows with their square.
const maxSkip = 64

// An elem is an element and the write that inserted it.
type elem struct {
	write
	after int32 // the element it was inserted after, or head
	next  int32 // in order, or head at the end
}

// head stands for what is before the first element and behind the last.
const head int32 = -1

func newSequence() *sequence { return &sequence{index: make(map[opKey]int32), first: head} }

// insert inserts an element.
func (q *sequence) insert(w write, after int32, a *actors) {
	i := int32(len(q.elems))
	q.elems = append(q.elems, elem{write: w, after: after})
	q.index[w.id] = i
	if !q.tangled {
		q.tangled = !q.link(i, a)
	}
}

// link puts element i in its place. It is false if that is too far to go.
func (q *sequence) link(i int32, a *actors) bool {
	e := &q.elems[i]
	before := &q.first
	if e.after != head {
		before = &q.elems[e.after].next
	}
	for n := 0; *before != head && a.compare(q.elems[*before].id, e.id) > 0; n++ {
		if n == maxSkip {
			return false
		}
		before = &q.elems[*before].next
	}
	e.next, *before = *before, i
	return true
}

// untangle makes the order anew.
func (q *sequence) untangle(a *actors) {
	ascending := make([]int32, len(q.elems))
	for i := range ascending {
		ascending[i] = int32(i)
	}
	slices.SortFunc(ascending, func(x, y int32) int { return a.compare(q.elems[x].id, q.elems[y].id) })
	q.first = head
	for _, i := range ascending {
		q.link(i, a)
	}
	q.tangled = false
}

// in are the elements with a value in a view, in order, each with its shown
// write.
func (q *sequence) in(v View, a *actors) iter.Seq2[*elem, *write] {
	return func(yield func(*elem, *write) bool) {
		if q.tangled {
			q.untangle(a)
		}
		for i := q.first; i != head; i = q.elems[i].next {
			e := &q.elems[i]
			if w := e.shown(v, a); w != nil && !yield(e, w) {
				return
			}
		}
	}
}

// replace notes that op, of a change, names the write with an id.
func (e *elem) replace(id opKey, change int32, op *Op) {
	if e.id == id {
		e.write.replace(change, op)
		return
	}
	if e.more == nil {
		return
	}
	for i := range e.more.also {
		if e.more.also[i].id == id {
			e.more.also[i].replace(change, op)
		}
	}
}

// writes are the writes to the element that are live in a view, in no order.
func (e *elem) writes(v View) iter.Seq[*write] {
	return func(yield func(*write) bool) {
		if e.write.in(v) && !yield(&e.write) || e.more == nil {
			return
		}
		for i := range e.more.also {
			if w := &e.more.also[i]; w.in(v) && !yield(w) {
				return
			}
		}
	}
}

// shown is the shown write of an element in a view, nil if it has none.
func (e *elem) shown(v View, a *actors) *write {
	if e.kind == Missing {
		return nil
	}
	if e.more == nil || len(e.more.also) == 0 {
		if e.write.in(v) {
			return &e.write
		}
		return nil
	}
	return a.highest(e.writes(v))
}

// text is the text that the elements make in a view. Whatever is no string
// shows as an object replacement character.
func (q *sequence) text(v View, a *actors) string {
	var b strings.Builder
	for _, w := range q.in(v, a) {
		b.WriteString(w.inText())
	}
	return b.String()
}

// inText is a write to an element as the text shows it.
func (w *write) inText() string {
	if w.kind == Str {
		return w.str()
	}
	return "\ufffc"
}

// highest is the write with the highest id, nil of none.
func (a *actors) highest(writes iter.Seq[*write]) *write {
	var top *write
	for w := range writes {
		if top == nil || a.compare(w.id, top.id) > 0 {
			top = w
		}
	}
	return top
}
