package crdt_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

func TestBuilderWritesWhatIsShownAfterwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 20)
		g, f := graphOf(t, h), fieldsOf(h, watched...)
		for range 3 {
			b := crdt.NewBuilder(f, g, "hub", 1_800_000_000)
			want := map[crdt.Path]crdt.Value{}
			for range rapid.IntRange(1, 4).Draw(t, "fields") {
				p := rapid.SampledFrom(watched).Draw(t, "path")
				want[p] = drawValue(t, 2)
				b.Set(p, want[p])
			}
			commit(t, h, g, f, b)
			for p, v := range want {
				if got := f.Value(p, g.All()); !got.Equal(v) {
					t.Fatalf("%s shows %+v, want %+v", p, got, v)
				}
				for _, l := range f.Live(p, g.All()) {
					if !l.Value.Equal(v) {
						t.Fatalf("%s has %+v live beside %+v", p, l.Value, v)
					}
				}
				if live := f.Live(p, g.All()); len(p.Keys()) == 1 && v.Kind != crdt.Missing && len(live) != 1 {
					t.Fatalf("%s has %d live values", p, len(live))
				}
			}
			sameFields(t, f, g.All(), h, h.all())
		}
	})
}

// commit decodes the change that a Builder made and adds it to everything.
func commit(t *rapid.T, h *history, g *crdt.Graph, f *crdt.Fields, b *crdt.Builder) {
	t.Helper()
	made := b.Change("message")
	c, err := crdt.Decode(made.Raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hash != made.Hash || c.NumOps != b.Len() || c.Message != "message" {
		t.Fatalf("made %v of %d operations, decoded %v of %d", made.Hash, b.Len(), c.Hash, c.NumOps)
	}
	if added, err := g.AddHub(c); len(added) != 1 || err != nil {
		t.Fatalf("added %d, %v", len(added), err)
	}
	f.Apply(len(h.changes), c)
	h.add(h.all(), c)
}

func drawValue(t *rapid.T, depth int) crdt.Value {
	kinds := []crdt.Kind{crdt.Missing, crdt.Str, crdt.Str, crdt.Text, crdt.Text}
	if depth > 0 {
		kinds = append(kinds, crdt.Map, crdt.List)
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case crdt.Str:
		return drawScalar(t)
	case crdt.Text:
		return crdt.Value{Kind: crdt.Text, Str: drawText(t)}
	case crdt.Map:
		v := crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{}}
		for _, key := range keys {
			if in := drawValue(t, depth-1); in.Kind != crdt.Missing {
				v.Map[key] = in
			}
		}
		return v
	case crdt.List:
		v := crdt.Value{Kind: crdt.List, List: []crdt.Value{}}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			if in := drawValue(t, depth-1); in.Kind != crdt.Missing {
				v.List = append(v.List, in)
			}
		}
		return v
	}
	return crdt.Value{}
}

func drawText(t *rapid.T) string {
	return rapid.StringOfN(rapid.SampledFrom([]rune("abä🎂\ufffc")), 0, 6, -1).Draw(t, "text")
}

func TestSpliceReadsAsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 20)
		g, f := graphOf(t, h), fieldsOf(h, watched...)
		for range 3 {
			p := rapid.SampledFrom(watched).Draw(t, "path")
			shown, want := f.Value(p, g.All()), drawText(t)
			b := crdt.NewBuilder(f, g, "hub", 0)
			if spliced := b.Splice(p, want); spliced != (shown.Kind == crdt.Text) {
				t.Fatalf("spliced %+v: %v", shown, spliced)
			}
			if b.Splice(p, want+"!") {
				t.Fatal("spliced a text that the builder has changed")
			}
			if shown.Kind != crdt.Text {
				want = "new"
				b.Set(p, crdt.Value{Kind: crdt.Text, Str: want})
			}
			commit(t, h, g, f, b)
			if got := f.Value(p, g.All()); got.Str != want {
				t.Fatalf("%s reads %q, want %q", p, got.Str, want)
			}
			sameFields(t, f, g.All(), h, h.all())
		}
	})
}

func TestSpliceIsTheSmallestEdit(t *testing.T) {
	for _, test := range []struct {
		from, to string
		ops      int
	}{
		{"Rosenhof", "Rosenhof", 0},
		{"Rosenhof", "Rosengarten", 3 + 6},
		{"Rosenhof", "Neuer Rosenhof", 6},
		{"Rosenhof", "Rosenho", 1},
		{"aaa", "aaaa", 1},
		{"aaaa", "aaa", 1},
		{"", "🎂", 1},
		{"🎂", "", 1},
		{"ä", "ö", 2},
	} {
		t.Run(fmt.Sprintf("%s to %s", test.from, test.to), func(t *testing.T) {
			g, f := crdt.NewGraph(crdt.DefaultLimits), crdt.NewFields("name")
			b := crdt.NewBuilder(f, g, "hub", 0)
			b.Set("name", crdt.Value{Kind: crdt.Text, Str: test.from})
			c := b.Change("")
			if _, err := g.AddHub(c); err != nil {
				t.Fatal(err)
			}
			f.Apply(0, c)
			b = crdt.NewBuilder(f, g, "hub", 0)
			if !b.Splice("name", test.to) || b.Len() != test.ops {
				t.Fatalf("%d operations, want %d", b.Len(), test.ops)
			}
		})
	}
}

func TestSetReplacesMoreThanOneOperationMayName(t *testing.T) {
	l := crdt.DefaultLimits
	l.MaxPreds = 2
	g, f := crdt.NewGraph(l), crdt.NewFields("date")
	device := &chain{actor: "device"}
	for i := range 7 {
		c := device.next(set("date"))
		if _, err := g.Add(c); err != nil {
			t.Fatal(err)
		}
		f.Apply(i, c)
	}
	b := crdt.NewBuilder(f, g, "hub", 0)
	b.Set("date", crdt.Value{Kind: crdt.Str, Str: "2027-06-12"})
	c, err := crdt.Decode(b.Change("").Raw, l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.AddHub(c); err != nil {
		t.Fatal(err)
	}
	f.Apply(7, c)
	if live := f.Live("date", g.All()); len(live) != 1 || live[0].Value.Str != "2027-06-12" {
		t.Errorf("live: %+v", live)
	}
}
