package oracle

import (
	"fmt"
	"slices"
	"strings"

	"wedsync/crdt"
)

// marks is the root map that shows devices what is pending.
const marks crdt.Path = "sync_conflicts"

// Answer ends a batch with the hub change that the product wrote, nil if none,
// and says what is wrong with it. The conflicts have their names by then.
func (r *Record) Answer(hub *crdt.Change) []string {
	defer r.drop()
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	before := r.History.See(r.History.All())
	due := r.wrongs(before)
	if r.batch.answered {
		due = append(due, "something diverted")
	}
	if r.batch.decided {
		due = append(due, "a decision must be established")
	}
	tidies := false // an ordinary field shows the value already, but not alone
	for p, v := range r.batch.written {
		if !sameText(before.Field(p), v) {
			due = append(due, fmt.Sprintf("%s was written", p))
		}
		tidies = tidies || before.count(p) > 1 || before.count(p) == 1 && before.Field(p).Kind == crdt.Missing
	}
	switch {
	case hub == nil && len(due) > 0:
		complain("no hub change, though %s", strings.Join(due, "; "))
	case hub != nil && len(due) == 0 && !tidies:
		complain("a hub change with %d operations, though nothing was due", len(hub.Ops))
	}
	if hub == nil {
		return wrong
	}
	if heads := r.History.Heads(r.History.All()); !slices.Equal(heads, hub.Deps) {
		complain("the hub change does not depend on all heads")
	}
	r.History.Add(hub)
	for _, f := range r.fields {
		for i := range f.revisions {
			if f.revisions[i].established.IsZero() {
				f.revisions[i].established = hub.Hash
			}
		}
	}
	after := r.History.See(r.History.All())
	for _, w := range r.wrongs(after) {
		complain("after the hub change: %s", w)
	}
	for p, v := range r.batch.written {
		if !sameText(after.Field(p), v) {
			complain("the API wrote %+v to %s, which shows %+v", v, p, after.Field(p))
		}
	}
	hidden := r.hidden(before)
	if a, b := r.ordinary(before, hidden), r.ordinary(after, hidden); !a.Equal(b) {
		complain("the hub change moved ordinary fields:\n%+v\n%+v", a, b)
	}
	return wrong
}

// count is how many values live at a path, over every live map at each step.
func (d *Document) count(p crdt.Path) int {
	n := 0
	keys := p.Keys()
	for _, obj := range d.Maps(p) {
		n += len(d.At(obj, keys[len(keys)-1]))
	}
	return n
}

// sameText compares what an ordinary field shows with what was to be written.
func sameText(got, want crdt.Value) bool {
	if isCleared(want) && want.Kind != crdt.Str && want.Kind != crdt.Text {
		return got.Kind == crdt.Missing
	}
	return got.Equal(want)
}

// wrongs is where a document breaks the mirror rule.
func (r *Record) wrongs(doc *Document) []string {
	if !r.Listed {
		return nil
	}
	var wrong []string
	for _, f := range r.fields {
		if f.critical {
			wrong = append(wrong, r.mirrorWrongs(doc, f)...)
		}
	}
	return append(wrong, r.markWrongs(doc)...)
}

// mirrorWrongs: every live map at each step holds exactly one live value, the
// accepted one as it was written, or none if cleared; and the path shows it.
func (r *Record) mirrorWrongs(doc *Document, f *field) []string {
	want := f.accepted()
	if isCleared(want) {
		want = crdt.Value{}
	}
	var wrong []string
	if got := doc.Field(f.Path); !got.Equal(want) {
		wrong = append(wrong, fmt.Sprintf("%s shows %+v, not %+v", f.Path, got, want))
	}
	keys := f.Path.Keys()
	for _, obj := range doc.Maps(f.Path) {
		live := doc.At(obj, keys[len(keys)-1])
		switch {
		case want.Kind == crdt.Missing && len(live) == 0:
		case want.Kind != crdt.Missing && len(live) == 1 && doc.Value(live[0]).Equal(want):
		default:
			wrong = append(wrong, fmt.Sprintf("%s has %d live values in %+v", f.Path, len(live), obj))
		}
	}
	return wrong
}

// markWrongs: the marks name the pending conflict of each field, and nothing else.
func (r *Record) markWrongs(doc *Document) []string {
	want := make(map[string]string)
	for _, f := range r.fields {
		if c := f.pending(); c != nil {
			want[string(f.Path)] = c.ID
		}
	}
	live := doc.At(crdt.OpID{}, string(marks))
	if len(live) == 0 && len(want) == 0 {
		return nil
	}
	if len(live) != 1 || live[0].Action != crdt.MakeMap {
		return []string{fmt.Sprintf("%s has %d live values", marks, len(live))}
	}
	var wrong []string
	for at, values := range doc.live {
		if at.obj != live[0].ID {
			continue
		}
		got := doc.Value(values[0])
		if len(values) != 1 || !isString(got) || want[at.key] != got.Str {
			wrong = append(wrong, fmt.Sprintf("%s.%s has %d live values, shows %q, not %q", marks, at.key, len(values), got.Str, want[at.key]))
		}
		delete(want, at.key)
	}
	for key := range want {
		wrong = append(wrong, fmt.Sprintf("%s.%s is missing", marks, key))
	}
	return wrong
}

// ordinary is the document without critical fields, what the hub wrote for the
// API, and its marks.
func (r *Record) ordinary(doc *Document, hidden []string) crdt.Value {
	root := doc.Root()
	for _, key := range hidden {
		delete(root.Map, key)
	}
	remove(root, marks.Keys())
	for p := range r.batch.written {
		remove(root, p.Keys())
	}
	for _, f := range r.fields {
		if !f.critical {
			continue
		}
		remove(root, f.Path.Keys())
		// A map made for a critical key alone comes and goes.
		if keys := f.Path.Keys(); len(keys) > 1 {
			if parent := root.Map[keys[0]]; parent.Kind == crdt.Map && len(parent.Map) == 0 {
				delete(root.Map, keys[0])
			}
		}
	}
	return root
}

// hidden are the keys at which something else than a map stands where a
// critical field needs one: the hub clears it, and what it hid comes forth.
func (r *Record) hidden(doc *Document) []string {
	paths := r.Critical()
	for p := range r.batch.written {
		paths = append(paths, p)
	}
	var keys []string
	for _, p := range paths {
		if first := p.Keys()[0]; len(p.Keys()) > 1 && doc.Field(crdt.Path(first)).Kind != crdt.Map {
			keys = append(keys, first)
		}
	}
	return keys
}

func remove(v crdt.Value, keys []string) {
	for _, key := range keys[:len(keys)-1] {
		v = v.Map[key]
	}
	if v.Kind == crdt.Map {
		delete(v.Map, keys[len(keys)-1])
	}
}
