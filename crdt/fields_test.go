package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

var watched = []crdt.Path{"venue.name", "date", "venue.city.name", "name"}

// fieldsOf are the fields of a history, applied in its order.
func fieldsOf(h *history, paths ...crdt.Path) *crdt.Fields {
	f := crdt.NewFields(paths...)
	for i, c := range h.changes {
		f.Apply(i, c)
	}
	return f
}

func TestFieldsReadAsAllOperationsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 60)
		g, f := graphOf(t, h), fieldsOf(h, watched...)
		for range 6 {
			past, tips := h.drawPast(t)
			sameFields(t, f, g.View(tips...), h, past)
		}
		sameFields(t, f, g.All(), h, h.all())
	})
}

// sameFields compares all that fields say in a view with the model.
func sameFields(t *rapid.T, f *crdt.Fields, v crdt.View, h *history, past map[int]bool) {
	t.Helper()
	d := h.doc(past)
	for _, p := range watched {
		op, ok := d.shown(p.Keys())
		want, at := crdt.Value{}, 0
		if ok {
			want, at = d.value(op), h.index(op)
		}
		got, change, shown := f.Shown(p, v)
		if !got.Equal(want) || change != at || shown != ok {
			t.Fatalf("%s in %v shows %+v of %d (%v), want %+v of %d (%v)", p, past, got, change, shown, want, at, ok)
		}
		if value := f.Value(p, v); !value.Equal(want) {
			t.Fatalf("value of %s is %+v, want %+v", p, value, want)
		}
		live, ids := f.Live(p, v), d.live(p.Keys())
		if len(live) != len(ids) || ok && live[0].ID != op.ID {
			t.Fatalf("%s has %d live values, want %d, or another one first", p, len(live), len(ids))
		}
		for i, l := range live {
			op := d.op(l.ID)
			if l.ID != ids[i] || l.Change != h.index(op) || !l.Value.Equal(d.value(op)) {
				t.Fatalf("%s has %+v of %d live, want %+v of %d", p, l.Value, l.Change, d.value(op), h.index(op))
			}
		}
	}
}

func TestApplyNamesThePathsThatAChangeTouches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 30)
		f := crdt.NewFields(watched...)
		for i, c := range h.changes {
			d := h.doc(h.past[i])
			var want []crdt.Path
			for _, p := range watched {
				if slices.ContainsFunc(c.Ops, func(op crdt.Op) bool { return related(p.Keys(), d.path(op)) }) {
					want = append(want, p)
				}
			}
			if got := f.Apply(i, c); !slices.Equal(got, want) {
				t.Fatalf("change %d touches %v, want %v", i, got, want)
			}
		}
	})
}

// related reports whether one of two paths is the beginning of the other.
func related(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

// index is the change of an operation.
func (h *history) index(op crdt.Op) int {
	return slices.IndexFunc(h.changes, func(c *crdt.Change) bool {
		return slices.ContainsFunc(c.Ops, func(o crdt.Op) bool { return o.ID == op.ID })
	})
}

func TestLettersTypedAtTheSamePlaceStandInTheOrderOfTheirIDs(t *testing.T) {
	base := &chain{actor: "base"}
	made := base.next(crdt.Op{Key: "name", Action: crdt.MakeText})
	typed := func(actor crdt.ActorID, letter string) *crdt.Change {
		ops := make([]crdt.Op, 200)
		for i := range ops {
			ops[i] = crdt.Op{
				Obj: crdt.OpID{Counter: 1, Actor: "base"}, Seq: true, Insert: true,
				Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: letter},
			}
		}
		return (&chain{actor: actor, op: 1, deps: []crdt.Hash{made.Hash}}).next(ops...)
	}
	g, f := crdt.NewGraph(crdt.DefaultLimits), crdt.NewFields("name")
	for i, c := range []*crdt.Change{made, typed("b", "b"), typed("a", "a"), typed("c", "c")} {
		if _, err := g.Add(c); err != nil {
			t.Fatal(err)
		}
		f.Apply(i, c)
	}
	if got, want := f.Value("name", g.All()).Str, strings.Repeat("cba", 200); got != want {
		t.Errorf("got %s", got)
	}
}
