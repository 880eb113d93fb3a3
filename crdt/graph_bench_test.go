package crdt_test

import (
	"fmt"
	"testing"

	"wedsync/crdt"
)

// linear is a history of n changes by one author, each setting a key.
func linear(n int) []*crdt.Change {
	device := &chain{actor: "0123456789abcdef"}
	changes := make([]*crdt.Change, n)
	for i := range changes {
		op := set("date")
		if i > 0 {
			op.Pred = []crdt.OpID{{Counter: uint64(i), Actor: device.actor}}
		}
		changes[i] = device.next(op)
	}
	return changes
}

func grown(b testing.TB, changes []*crdt.Change) *crdt.Graph {
	b.Helper()
	g := crdt.NewGraph(crdt.DefaultLimits)
	for _, c := range changes {
		if _, err := g.Add(c); err != nil {
			b.Fatal(err)
		}
	}
	return g
}

func BenchmarkAdd(b *testing.B) {
	changes := linear(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	grown(b, changes)
}

func BenchmarkAddBesideALongHistory(b *testing.B) {
	g := grown(b, linear(100_000))
	device := &chain{actor: "beside"}
	changes := make([]*crdt.Change, min(b.N, 900_000))
	for i := range changes {
		changes[i] = device.next(set("n"))
	}
	b.ResetTimer()
	for _, c := range changes {
		if _, err := g.Add(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAddInterleavedBranches(b *testing.B) {
	base := &chain{actor: "base"}
	root := base.next(crdt.Op{Key: "map", Action: crdt.MakeMap})
	obj := crdt.OpID{Counter: 1, Actor: "base"}
	changes := []*crdt.Change{root}
	branches := make([]*chain, 50)
	for i := range branches {
		branches[i] = &chain{actor: crdt.ActorID(rune('A' + i)), op: 1, deps: []crdt.Hash{root.Hash}}
	}
	for i := range 20_000 {
		branch := branches[i%len(branches)]
		changes = append(changes, branch.next(crdt.Op{Obj: obj, Key: "k", Action: crdt.Set}))
	}
	for b.Loop() {
		grown(b, changes)
	}
}

func BenchmarkSince(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			changes := linear(n)
			g := grown(b, changes)
			heads := []crdt.Hash{changes[n-4].Hash}
			for b.Loop() {
				if len(g.Since(heads)) != 3 {
					b.Fatal("not the last three")
				}
			}
		})
	}
}

func BenchmarkContains(b *testing.B) {
	changes := linear(100_000)
	g := grown(b, changes)
	for b.Loop() {
		if !g.Contains(changes[99_999].Hash, changes[0].Hash) {
			b.Fatal("the first is no ancestor of the last")
		}
	}
}

func BenchmarkApply(b *testing.B) {
	changes := linear(b.N)
	f := crdt.NewFields("date", "venue.name", "budget")
	b.ReportAllocs()
	b.ResetTimer()
	for i, c := range changes {
		f.Apply(i, c)
	}
}

func BenchmarkApplyElsewhere(b *testing.B) {
	changes := linear(1)
	f := crdt.NewFields("wedding_date", "venue.name", "budget")
	for i := 0; b.Loop(); i++ {
		f.Apply(i, changes[0])
	}
}

func BenchmarkValue(b *testing.B) {
	changes := linear(10_000)
	g := grown(b, changes)
	f := crdt.NewFields("date")
	for i, c := range changes {
		f.Apply(i, c)
	}
	for b.Loop() {
		if f.Value("date", g.All()).Kind != crdt.Int {
			b.Fatal("no value")
		}
	}
}

func BenchmarkDeepHistoryBothWays(b *testing.B) {
	// Two devices that merge each other's every change.
	one, two := &chain{actor: "one"}, &chain{actor: "two"}
	var changes []*crdt.Change
	for range 50_000 {
		deps := append(one.deps, two.deps...)
		op := max(one.op, two.op)
		one.deps, one.op = deps, op
		if len(deps) == 2 && deps[0].Compare(deps[1]) > 0 {
			deps[0], deps[1] = deps[1], deps[0]
		}
		a := one.next(set("n"))
		two.deps, two.op = deps, op
		changes = append(changes, a, two.next(set("n")))
	}
	for b.Loop() {
		g := grown(b, changes)
		for i := 0; i < len(changes); i += 100 {
			g.View(changes[i].Hash)
		}
	}
}
