package crdt_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wedsync/crdt"
)

func TestRootsKnowTheWritesThatNoOtherKnows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 30)
		g := crdt.NewGraph(crdt.DefaultLimits)
		r := crdt.NewRoots(g)
		for i, c := range h.changes {
			if _, err := g.Add(c); err != nil {
				t.Fatal(err)
			}
			before := h.apart(i)
			told := r.Apply(i, c)
			now := h.apart(i + 1)
			for _, key := range keys {
				wrote := before[key] != now[key] || slices.ContainsFunc(c.Ops, func(op crdt.Op) bool { return rootWrite(op) && op.Key == key })
				within := slices.ContainsFunc(c.Ops, func(op crdt.Op) bool { return !op.Obj.IsZero() })
				several, tells := before[key] || now[key], slices.Contains(told, key)
				if wrote && several && !tells || tells && !several && !within {
					t.Fatalf("change %d writes %s, several %v, and tells of %v", i, key, several, told)
				}
			}
			for _, key := range keys {
				sameWrites(t, r, h, i+1, key)
			}
			if got, want := r.Apart(), sortedKeys(now); !slices.Equal(got, want) {
				t.Fatalf("written apart are %v, want %v", got, want)
			}
		}
	})
}

func sortedKeys(apart map[string]bool) (sorted []string) {
	for _, key := range keys {
		if apart[key] {
			sorted = append(sorted, key)
		}
	}
	slices.Sort(sorted)
	return sorted
}

// rootWrite reports whether an operation writes a root key. An increment does
// not, unless it finds no counter.
func rootWrite(op crdt.Op) bool {
	return op.Obj.IsZero() && op.Action != crdt.Inc && op.Action != crdt.Mark
}

// A latest write is an operation and the index of the change that is told of.
type latestWrite struct {
	op     crdt.Op
	change int
}

// latest are the writes of a root key by the first n changes that no other of
// them knows, and the objects that one replaced without knowing all that came
// into them.
func (h *history) latest(n int, key string) (latest []latestWrite) {
	var writes, incs []crdt.Op
	for _, c := range h.changes[:n] {
		for _, op := range c.Ops {
			switch {
			case !op.Obj.IsZero() || op.Key != key:
			case rootWrite(op):
				writes = append(writes, op)
			case op.Action == crdt.Inc:
				incs = append(incs, op)
			}
		}
	}
	for i, op := range writes {
		after := slices.Clone(writes[i+1:]) // what may have replaced it
		for _, inc := range incs {
			if slices.Contains(inc.Pred, op.ID) && op.Value.Kind != crdt.Counter {
				after = append(after, inc)
			}
		}
		if !slices.ContainsFunc(after, func(by crdt.Op) bool { return h.past[h.index(by)][h.index(op)] }) {
			latest = append(latest, latestWrite{op, h.index(op)})
			continue
		}
		if last := h.lastUnknown(n, op, after); last >= 0 {
			latest = append(latest, latestWrite{op, last})
		}
	}
	return latest
}

// lastUnknown is the last of the first n changes that came into an object and
// that none of some operations knows, or -1.
func (h *history) lastUnknown(n int, obj crdt.Op, ops []crdt.Op) int {
	for i := n - 1; i > h.index(obj); i-- {
		touches := slices.ContainsFunc(h.changes[i].Ops, func(op crdt.Op) bool { return op.Obj == obj.ID })
		if touches && !slices.ContainsFunc(ops, func(by crdt.Op) bool { return h.past[h.index(by)][i] }) {
			return i
		}
	}
	return -1
}

// first is the past of everything when there were n changes.
func (h *history) first(n int) map[int]bool {
	first := map[int]bool{}
	for i := range n {
		first[i] = true
	}
	return first
}

// apart are the root keys that the first n changes wrote apart.
func (h *history) apart(n int) map[string]bool {
	apart := map[string]bool{}
	for _, key := range keys {
		apart[key] = len(h.latest(n, key)) > 1
	}
	return apart
}

// sameWrites compares what Roots says of a key with the model.
func sameWrites(t *rapid.T, r *crdt.Roots, h *history, n int, key string) {
	t.Helper()
	got, err := r.Latest(key, crdt.DefaultLimits, len(h.changes))
	if err != nil {
		t.Fatal(err)
	}
	want := h.latest(n, key)
	if len(got) != len(want) {
		t.Fatalf("%s has the latest writes %+v, want %+v", key, got, want)
	}
	d := h.doc(h.first(n))
	if op, ok := d.shown([]string{key}); ok && len(got) > 0 && !got[0].Value.Equal(d.value(op)) {
		t.Fatalf("%s shows %+v, and the first is %+v", key, d.value(op), got[0].Value)
	}
	for _, w := range want {
		value := crdt.Value{}
		if w.op.Action != crdt.Del {
			value = d.value(w.op)
		}
		i := slices.IndexFunc(got, func(g crdt.RootWrite) bool { return g.Change == w.change && g.Value.Equal(value) })
		if i < 0 {
			t.Fatalf("change %d wrote %s %+v, which is not among %+v", w.change, key, value, got)
		}
		if lost := w.change != h.index(w.op); lost {
			if got[i].Before != nil {
				t.Fatalf("what is lost comes with %+v", got[i])
			}
			continue
		}
		before := h.doc(h.before(w.change))
		value = crdt.Value{}
		if op, ok := before.shown([]string{key}); ok {
			value = before.value(op)
		}
		if got[i].Before == nil || !got[i].Before.Equal(value) {
			t.Fatalf("before change %d %s showed %+v, want %+v", w.change, key, got[i].Before, value)
		}
	}
}

// before is the past of a change without itself.
func (h *history) before(i int) map[int]bool {
	past := map[int]bool{}
	for j := range h.past[i] {
		past[j] = j != i
	}
	return past
}

func TestRootsFarApartAreReadAsTheyWereWritten(t *testing.T) {
	one, two := &chain{actor: "one"}, &chain{actor: "two"}
	typed := one.next(crdt.Op{Key: "notes", Action: crdt.MakeText}, crdt.Op{
		Obj: crdt.OpID{Counter: 1, Actor: "one"}, Seq: true, Insert: true, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "a"},
	})
	changes := []*crdt.Change{typed, two.next(set("notes"))}
	for range 10 {
		changes = append(changes, one.next(set("n")))
	}
	g := grown(t, changes)
	r := crdt.NewRoots(g)
	for i, c := range changes {
		r.Apply(i, c)
	}
	for _, reach := range []int{len(changes), 3} {
		got, err := r.Latest("notes", crdt.DefaultLimits, reach)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].Value.Int != 1 || got[1].Value.Str != "a" || (got[0].Before == nil) != (reach == 3) {
			t.Errorf("within %d changes: %+v", reach, got)
		}
	}
}

func TestRootsTellOfTypingIntoATextThatDoesNotShow(t *testing.T) {
	one, two := &chain{actor: "one"}, &chain{actor: "two"}
	text := crdt.OpID{Counter: 1, Actor: "one"}
	letter := func(after crdt.OpID) crdt.Op {
		return crdt.Op{Obj: text, Elem: after, Seq: true, Insert: true, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "a"}}
	}
	changes := []*crdt.Change{one.next(crdt.Op{Key: "notes", Action: crdt.MakeText})}
	changes = append(changes, two.next(set("notes")), one.next(letter(crdt.OpID{})))
	g := grown(t, changes)
	r := crdt.NewRoots(g)
	for i, want := range [][]string{nil, {"notes"}, {"notes"}} {
		if got := r.Apply(i, changes[i]); !slices.Equal(got, want) {
			t.Errorf("change %d tells of %v, want %v", i, got, want)
		}
	}
	if got, err := r.Latest("notes", crdt.DefaultLimits, 9); err != nil || got[1].Value.Str != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRootsTellOfTypingIntoATextThatSomebodyReplaced(t *testing.T) {
	text := crdt.OpID{Counter: 1, Actor: "one"}
	for _, typedFirst := range []bool{true, false} {
		one, two := &chain{actor: "one"}, &chain{actor: "two"}
		made := one.next(crdt.Op{Key: "notes", Action: crdt.MakeText})
		two.deps, two.op = one.deps, one.op
		typed := one.next(crdt.Op{Obj: text, Seq: true, Insert: true, Action: crdt.Set, Value: crdt.Value{Kind: crdt.Str, Str: "a"}})
		put := two.next(set("notes", text))
		changes := []*crdt.Change{made, typed, put}
		if !typedFirst {
			changes = []*crdt.Change{made, put, typed}
		}
		knowing := &chain{actor: "knowing", op: 9}
		knowing.deps = []crdt.Hash{typed.Hash, put.Hash}
		slices.SortFunc(knowing.deps, crdt.Hash.Compare)
		changes = append(changes, knowing.next(set("notes", crdt.OpID{Counter: 2, Actor: "two"})))
		r := crdt.NewRoots(grown(t, changes))
		for i, want := range [][]string{nil, nil, {"notes"}, {"notes"}} {
			if got := r.Apply(i, changes[i]); !slices.Equal(got, want) {
				t.Errorf("change %d tells of %v, want %v", i, got, want)
			}
			if i != 2 {
				continue
			}
			got, err := r.Latest("notes", crdt.DefaultLimits, 9)
			if err != nil || len(got) != 2 || got[0].Value.Int != 1 || got[1].Value.Str != "a" || changes[got[1].Change] != typed {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if got := r.Apart(); len(got) != 0 {
			t.Errorf("somebody knew both, and %v are apart", got)
		}
	}
}

func TestRootsAreBounded(t *testing.T) {
	device := &chain{actor: "device"}
	var ops []crdt.Op
	for i := range 10_000 {
		ops = append(ops, set(fmt.Sprint("key ", i)))
	}
	changes := []*crdt.Change{device.next(ops...)}
	for i := range 100 {
		changes = append(changes, (&chain{actor: crdt.ActorID(fmt.Sprint("other ", i))}).next(set("key 1")))
	}
	g := grown(t, changes)
	r := crdt.NewRoots(g)
	for i, c := range changes {
		r.Apply(i, c)
	}
	if got := r.Bytes(); got > 64<<10 {
		t.Errorf("10,000 keys take %d bytes", got)
	}
	got, err := r.Latest("key 1", crdt.DefaultLimits, len(changes))
	if err != nil || len(got) != 16 || got[0].Change < 85 {
		t.Errorf("of 101 writes apart %d are kept, %v", len(got), err)
	}
}

func BenchmarkRoots(b *testing.B) {
	const n = 20
	device := &chain{actor: "0123456789abcdef"}
	var changes []*crdt.Change
	for i := range 2000 {
		op := set(fmt.Sprint("field ", i%n))
		if i >= n {
			op.Pred = []crdt.OpID{{Counter: uint64(i - n + 1), Actor: device.actor}}
		}
		changes = append(changes, device.next(op))
	}
	g := grown(b, changes)
	r := crdt.NewRoots(g)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(changes) == 0 {
			r = crdt.NewRoots(g)
		}
		r.Apply(i%len(changes), changes[i%len(changes)])
	}
}

func BenchmarkRootsOfTyping(b *testing.B) {
	device := &chain{actor: "0123456789abcdef"}
	made := device.next(crdt.Op{Key: "notes", Action: crdt.MakeText})
	typed := device.next(crdt.Op{
		Obj: crdt.OpID{Counter: 1, Actor: device.actor}, Seq: true, Insert: true, Action: crdt.Set,
		Value: crdt.Value{Kind: crdt.Str, Str: "a"},
	})
	r := crdt.NewRoots(grown(b, []*crdt.Change{made, typed}))
	r.Apply(0, made)
	b.ReportAllocs()
	for b.Loop() {
		r.Apply(1, typed)
	}
}
