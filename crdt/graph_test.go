package crdt_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

// graphOf is the graph of a history, added in its order.
func graphOf(t rapid.TB, h *history) *crdt.Graph {
	t.Helper()
	g := crdt.NewGraph(crdt.DefaultLimits)
	for i, c := range h.changes {
		added, err := g.Add(c)
		if err != nil || len(added) != 1 || added[0] != c {
			t.Fatalf("change %d: added %d, %v", i, len(added), err)
		}
	}
	return g
}

func TestGraphAnswersAsPlainAncestryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 30)
		g := graphOf(t, h)
		if got, want := g.Heads(), h.heads(h.all()); !slices.Equal(got, want) {
			t.Fatalf("heads %v, want %v", got, want)
		}
		for range 5 {
			past, tips := h.drawPast(t)
			view, since := g.View(tips...), g.Since(tips)
			for i, c := range h.changes {
				if view.Has(i) != past[i] {
					t.Fatalf("view has change %d: %v, want %v", i, !past[i], past[i])
				}
				if slices.Contains(since, c) == past[i] {
					t.Fatalf("since has change %d: %v, want %v", i, past[i], !past[i])
				}
				for _, tip := range tips {
					at, _ := g.Index(tip)
					if g.Contains(tip, c.Hash) != h.past[at][i] {
						t.Fatalf("%d contains %d: %v, want %v", at, i, !h.past[at][i], h.past[at][i])
					}
				}
			}
			if view.Has(len(h.changes)) {
				t.Fatal("view has a change that is not there")
			}
		}
	})
}

func TestViewStaysWhatItWasWhenTheGraphGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 40)
		g := crdt.NewGraph(crdt.DefaultLimits)
		var views []crdt.View
		for _, c := range h.changes {
			if _, err := g.Add(c); err != nil {
				t.Fatal(err)
			}
			views = append(views, g.View(c.Hash))
		}
		for i, v := range views {
			for j := range h.changes {
				if v.Has(j) != h.past[i][j] {
					t.Fatalf("view of %d has %d: %v, want %v", i, j, !h.past[i][j], h.past[i][j])
				}
			}
		}
	})
}

func TestChangesInAnyOrderMakeTheSameGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 20)
		g := crdt.NewGraph(crdt.DefaultLimits)
		joined := map[crdt.Hash]bool{}
		given := map[crdt.Hash]bool{}
		for _, c := range rapid.Permutation(h.changes).Draw(t, "order") {
			added, err := g.Add(c)
			if err != nil {
				t.Fatal(err)
			}
			given[c.Hash] = true
			for _, a := range added {
				for _, d := range a.Deps {
					if !joined[d] {
						t.Fatal("a change was added before its dependency")
					}
				}
				if joined[a.Hash] || len(a.Ops) != a.NumOps {
					t.Fatalf("added twice (%v) or without its operations", joined[a.Hash])
				}
				joined[a.Hash] = true
			}
			if again, err := g.Add(c); again != nil || err != nil {
				t.Fatalf("adding again: %d, %v", len(again), err)
			}
			if g.Len()+len(g.Waiting()) != len(given) {
				t.Fatalf("%d joined and %d wait of %d", g.Len(), len(g.Waiting()), len(given))
			}
			var want []crdt.Hash
			for _, c := range h.changes {
				needed := func(o *crdt.Change) bool { return given[o.Hash] && slices.Contains(o.Deps, c.Hash) }
				if !given[c.Hash] && slices.ContainsFunc(h.changes, needed) {
					want = append(want, c.Hash)
				}
			}
			slices.SortFunc(want, crdt.Hash.Compare)
			if got := g.Missing(nil); !slices.Equal(got, want) {
				t.Fatalf("missing %v, want %v", got, want)
			}
		}
		if got, want := g.Heads(), h.heads(h.all()); !slices.Equal(got, want) {
			t.Fatalf("heads %v, want %v", got, want)
		}
		if got, want := g.Bytes(), graphOf(t, h).Bytes(); got != want {
			t.Fatalf("%d bytes, want %d", got, want)
		}
	})
}

// A chain makes changes of one author, each setting the key n.
type chain struct {
	actor crdt.ActorID
	seq   uint64
	op    uint64
	deps  []crdt.Hash
}

func (c *chain) next(ops ...crdt.Op) *crdt.Change {
	c.seq++
	made := finish(crdt.Change{Actor: c.actor, Seq: c.seq, StartOp: c.op + 1, Deps: c.deps, Ops: number(ops, c.op, c.actor)})
	c.op += uint64(len(ops))
	c.deps = []crdt.Hash{made.Hash}
	return made
}

func number(ops []crdt.Op, last uint64, actor crdt.ActorID) []crdt.Op {
	ops = slices.Clone(ops)
	for i := range ops {
		ops[i].ID = crdt.OpID{Counter: last + uint64(i) + 1, Actor: actor}
	}
	return ops
}

func set(key string, pred ...crdt.OpID) crdt.Op {
	return crdt.Op{Key: key, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Int, Int: 1}, Pred: pred}
}

func TestGraphRefusesWhatNoHonestAuthorMakes(t *testing.T) {
	a, b := crdt.ActorID("a"), crdt.ActorID("b")
	id := func(n uint64, who crdt.ActorID) crdt.OpID { return crdt.OpID{Counter: n, Actor: who} }
	first := finish(crdt.Change{Actor: a, Seq: 1, StartOp: 1, Ops: number([]crdt.Op{
		{Key: "text", Action: crdt.MakeText},
		{Obj: id(1, a), Seq: true, Insert: true, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "x"}},
		{Key: "map", Action: crdt.MakeMap},
		{Key: "list", Action: crdt.MakeList},
	}, 0, a)})
	beside := finish(crdt.Change{Actor: b, Seq: 1, StartOp: 1, Ops: number([]crdt.Op{set("n")}, 0, b)})
	base := func(ops ...crdt.Op) crdt.Change {
		return crdt.Change{Actor: a, Seq: 2, StartOp: 5, Deps: []crdt.Hash{first.Hash}, Ops: number(ops, 4, a)}
	}
	with := func(c crdt.Change, change func(*crdt.Change)) crdt.Change { change(&c); return c }

	for _, test := range []struct {
		name   string
		change crdt.Change
		want   error
	}{
		{"a second change of a sequence number", with(base(), func(c *crdt.Change) { c.Seq = 1 }), crdt.ErrEquivocation},
		{"a gap in the sequence", with(base(), func(c *crdt.Change) { c.Seq = 3 }), crdt.ErrInvalid},
		{"its author's last change not in its past", with(base(), func(c *crdt.Change) { c.Deps = []crdt.Hash{beside.Hash} }), crdt.ErrInvalid},
		{"operation ids of its past", with(base(), func(c *crdt.Change) { c.StartOp = 4 }), crdt.ErrInvalid},
		{"a great leap of counters", with(base(), func(c *crdt.Change) { c.StartOp = 5 + 65_537 }), crdt.ErrLimit},
		{"a counter of the hub", with(base(set("n")), func(c *crdt.Change) { c.StartOp = 1 << 30 }), crdt.ErrLimit},
		{"an unknown predecessor", base(set("n", id(2, "c"))), crdt.ErrInvalid},
		{"a predecessor beyond the author's last", base(set("n", id(4, b))), crdt.ErrInvalid},
		{"a predecessor beside its past", base(set("n", id(1, b))), crdt.ErrInvalid},
		{"an unknown object", base(crdt.Op{Obj: id(2, "c"), Key: "k", Action: crdt.Set}), crdt.ErrInvalid},
		{"an object that is none", base(crdt.Op{Obj: id(2, a), Key: "k", Action: crdt.Set}), crdt.ErrInvalid},
		{"a key of a text", base(crdt.Op{Obj: id(1, a), Key: "k", Action: crdt.Set}), crdt.ErrInvalid},
		{"an element of a map", base(crdt.Op{Obj: id(3, a), Seq: true, Insert: true, Action: crdt.Set}), crdt.ErrInvalid},
		{"an element of another object", base(crdt.Op{Obj: id(4, a), Elem: id(2, a), Seq: true, Insert: true, Action: crdt.Set}), crdt.ErrInvalid},
		{"an element that is none", base(crdt.Op{Obj: id(1, a), Elem: id(3, a), Seq: true, Insert: true, Action: crdt.Set}), crdt.ErrInvalid},
		{"an old element of a new object", base(
			crdt.Op{Key: "l", Action: crdt.MakeList},
			crdt.Op{Obj: id(1, a), Elem: id(2, a), Seq: true, Insert: true, Action: crdt.Set},
			crdt.Op{Obj: id(5, a), Elem: id(2, a), Seq: true, Insert: true, Action: crdt.Set},
		), crdt.ErrInvalid},
		{"nothing wrong", base(
			set("n"),
			crdt.Op{Obj: id(1, a), Elem: id(2, a), Seq: true, Insert: true, Action: crdt.Set},
			crdt.Op{Obj: id(1, a), Elem: id(6, a), Seq: true, Action: crdt.Del, Pred: []crdt.OpID{id(6, a)}},
			crdt.Op{Obj: id(3, a), Key: "k", Action: crdt.Set},
		), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := crdt.NewGraph(crdt.DefaultLimits)
			for _, c := range []*crdt.Change{first, beside} {
				if _, err := g.Add(c); err != nil {
					t.Fatal(err)
				}
			}
			c := finish(test.change)
			checked := g.Check(c)
			if !errors.Is(checked, test.want) {
				t.Errorf("Check: %v, want %v", checked, test.want)
			}
			added, err := g.Add(c)
			if !errors.Is(err, test.want) || (err == nil) != (len(added) == 1) || g.Has(c.Hash) != (err == nil) {
				t.Errorf("Add: %d added, %v; want %v", len(added), err, test.want)
			}
		})
	}
}

func TestHubCountersReachAboveThoseOfDevices(t *testing.T) {
	l := crdt.DefaultLimits
	l.DeviceOps, l.HubOps = 3, 5
	g := crdt.NewGraph(l)
	hub := &chain{actor: "hub"}
	for i, want := range []error{nil, nil, crdt.ErrLimit} {
		c := hub.next(set("n"))
		if _, err := g.Add(c); !errors.Is(err, want) {
			t.Fatalf("change %d of a device: %v, want %v", i, err, want)
		}
	}
	hub.seq, hub.op, hub.deps = 2, 2, g.Heads()
	for i, want := range []error{nil, nil, crdt.ErrLimit} {
		if _, err := g.AddHub(hub.next(set("n"))); !errors.Is(err, want) {
			t.Fatalf("change %d of the hub: %v, want %v", i, err, want)
		}
	}
}

func TestFullPoolRefusesTheNewest(t *testing.T) {
	l := crdt.DefaultLimits
	l.MaxOrphans = 3
	g := crdt.NewGraph(l)
	device := &chain{actor: "device"}
	var changes []*crdt.Change
	for range 6 {
		changes = append(changes, device.next(set("n")))
	}
	for i, c := range changes[1:] {
		var want error
		if i >= 3 {
			want = crdt.ErrLimit
		}
		if _, err := g.Add(c); !errors.Is(err, want) {
			t.Fatalf("waiter %d: %v, want %v", i, err, want)
		}
	}
	if added, err := g.Add(changes[0]); len(added) != 4 || err != nil {
		t.Fatalf("added %d, %v; want 4", len(added), err)
	}
	if added, err := g.Add(changes[4]); len(added) != 1 || err != nil {
		t.Fatalf("offered again: added %d, %v; want 1", len(added), err)
	}
	l.OrphanBytes = len(changes[2].Raw)
	g = crdt.NewGraph(l)
	if _, err := g.Add(changes[2]); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Add(changes[4]); !errors.Is(err, crdt.ErrLimit) {
		t.Fatalf("too many bytes: %v, want %v", err, crdt.ErrLimit)
	}
}

func TestWaiterThatProvesInvalidIsDroppedAndReported(t *testing.T) {
	g := crdt.NewGraph(crdt.DefaultLimits)
	device := &chain{actor: "device"}
	first := device.next(set("n"))
	bad := device.next(set("n", crdt.OpID{Counter: 1, Actor: "nobody"}))
	after := device.next(set("n"))
	for _, c := range []*crdt.Change{after, bad} {
		if added, err := g.Add(c); added != nil || err != nil {
			t.Fatalf("added %d, %v", len(added), err)
		}
	}
	if added, err := g.Add(first); len(added) != 1 || err != nil {
		t.Fatalf("added %d, %v", len(added), err)
	}
	dropped := g.Dropped()
	if len(dropped) != 1 || dropped[0].Change.Hash != bad.Hash || !errors.Is(dropped[0].Err, crdt.ErrInvalid) {
		t.Fatalf("dropped %v", dropped)
	}
	if g.Dropped() != nil {
		t.Fatal("reported twice")
	}
	if got := g.Waiting(); !slices.Equal(got, []crdt.Hash{after.Hash}) {
		t.Fatalf("waiting %v", got)
	}
}

func TestGraphKnowsSequencesAndSeals(t *testing.T) {
	g := crdt.NewGraph(crdt.DefaultLimits)
	device := &chain{actor: "device"}
	first, second := device.next(set("n")), device.next()
	for _, c := range []*crdt.Change{first, second} {
		if _, err := g.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if h, ok := g.BySeq("device", 2); h != second.Hash || !ok || g.Seq("device") != 2 {
		t.Fatalf("change 2 of %d is %v, %v", g.Seq("device"), h, ok)
	}
	for _, seq := range []uint64{0, 3} {
		if h, ok := g.BySeq("device", seq); ok {
			t.Fatalf("change %d is %v", seq, h)
		}
	}
	if _, ok := g.Sealed(first.Hash); ok {
		t.Fatal("sealed before Seal")
	}
	g.Seal(first.Hash, second.Hash)
	if by, ok := g.Sealed(first.Hash); by != second.Hash || !ok {
		t.Fatalf("sealed by %v, %v", by, ok)
	}
}

func TestHeadsStayFewEnoughToBeMerged(t *testing.T) {
	l := crdt.DefaultLimits
	l.MaxHeads = 3
	g := crdt.NewGraph(l)
	for i, want := range []error{nil, nil, nil, crdt.ErrLimit} {
		c := (&chain{actor: crdt.ActorID(rune('a' + i))}).next(set("n"))
		if _, err := g.Add(c); !errors.Is(err, want) {
			t.Fatalf("head %d: %v, want %v", i, err, want)
		}
	}
	merge := finish(crdt.Change{Actor: "hub", Seq: 1, StartOp: 2, Deps: g.Heads()})
	if _, err := g.AddHub(merge); err != nil || len(g.Heads()) != 1 {
		t.Fatalf("%d heads, %v", len(g.Heads()), err)
	}
}

// Automerge makes an author's last change a dependency of the next even if it
// is no head any more.
func TestDeviceCanMergeAsManyHeadsAsThereMayBe(t *testing.T) {
	g := crdt.NewGraph(crdt.DefaultLimits)
	add := func(c *crdt.Change) {
		t.Helper()
		read, err := crdt.Decode(c.Raw, crdt.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Add(read); err != nil {
			t.Fatal(err)
		}
	}
	device := &chain{actor: "device"}
	own := device.next(set("n"))
	add(own)
	for i := range crdt.DefaultLimits.MaxHeads {
		other := &chain{actor: crdt.ActorID(fmt.Sprintf("other %d", i)), op: 1, deps: []crdt.Hash{own.Hash}}
		add(other.next(set("n")))
	}
	device.deps = slices.SortedFunc(slices.Values(append([]crdt.Hash{own.Hash}, g.Heads()...)), crdt.Hash.Compare)
	device.op = g.MaxOp()
	add(device.next(set("n")))
	if len(g.Heads()) != 1 {
		t.Errorf("%d heads are left", len(g.Heads()))
	}
}
