package crdt_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

func TestKeysWatchedWhenFirstWrittenReadAsIfWatchedFromTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 60)
		g := graphOf(t, h)
		late := crdt.NewFields("venue.name")
		roots := []crdt.Path{"venue.name"}
		var touched [][]crdt.Path
		for i, c := range h.changes {
			for _, op := range c.Ops {
				if p := crdt.Path(op.Key); op.Obj.IsZero() && !op.Seq && p != "venue" && !slices.Contains(roots, p) {
					late.Watch(op.Key)
					roots = append(roots, p)
				}
			}
			touched = append(touched, late.Apply(i, c))
		}
		early := crdt.NewFields(roots...)
		for i, c := range h.changes {
			if got, want := touched[i], early.Apply(i, c); !slices.Equal(got, want) {
				t.Fatalf("change %d touches %v, want %v", i, got, want)
			}
		}
		_, tips := h.drawPast(t)
		for _, v := range []crdt.View{g.View(tips...), g.All()} {
			for _, p := range roots {
				if got, want := late.Value(p, v), early.Value(p, v); !got.Equal(want) {
					t.Fatalf("%s shows %+v, want %+v", p, got, want)
				}
			}
		}
	})
}
