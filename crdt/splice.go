package crdt

import (
	"slices"
	"strings"
)

// Splice makes the text object that is shown at a path read want, by the
// smallest edit between a common beginning and a common end. It is false, and
// does nothing, if no text object is shown there or the Builder has written
// the path before.
func (b *Builder) Splice(p Path, want string) bool {
	text := b.text(p)
	if text == nil {
		return false
	}
	var shown []*elem
	var parts []string
	for e, w := range text.elems.in(b.view, &b.fields.actors) {
		shown, parts = append(shown, e), append(parts, w.inText())
	}
	from := 0
	for from < len(parts) && strings.HasPrefix(want, parts[from]) {
		want = want[len(parts[from]):]
		from++
	}
	to := len(parts)
	for to > from && strings.HasSuffix(want, parts[to-1]) {
		to--
		want = want[:len(want)-len(parts[to])]
	}
	last := OpID{}
	if from > 0 {
		last = b.fields.actors.id(shown[from-1].id)
	}
	b.letters(text.id, last, []rune(want))
	for _, e := range shown[from:to] {
		b.remove(text.id, e)
	}
	return true
}

// text is the text object that is shown at a path, nil if there is none or the
// Builder has written to the path. It counts as written from now on.
func (b *Builder) text(p Path) *object {
	obj := b.fields.root
	var at spot
	var w *write
	for _, key := range p.Keys() {
		if obj == nil || obj.keys == nil {
			return nil
		}
		at = spot{obj.id, key}
		if h := b.places[at]; h != nil && h.written {
			return nil
		}
		if w = b.fields.actors.highest(obj.keys[key].in(b.view)); w == nil {
			return nil
		}
		obj = w.object()
	}
	if obj == nil || w.kind != Text {
		return nil
	}
	b.at(at).written = true
	return obj
}

// remove deletes an element.
func (b *Builder) remove(obj OpID, e *elem) {
	a := &b.fields.actors
	var pred []OpID
	for w := range e.writes(b.view) {
		pred = append(pred, a.id(w.id))
	}
	slices.SortFunc(pred, OpID.Compare)
	b.append(Op{Obj: obj, Elem: a.id(e.id), Seq: true, Action: Del, Pred: pred})
}
