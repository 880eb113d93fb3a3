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
		h := drawHistory(t, 40)
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
				wrote := slices.ContainsFunc(c.Ops, func(op crdt.Op) bool { return rootWrite(op) && op.Key == key })
				if before[key] != now[key] {
					wrote = true // or an increment replaced what is no counter
				}
				if several := before[key] || now[key]; wrote && several != slices.Contains(told, key) {
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

// latest are the writes of a root key by the first n changes that no other of
// them knows.
func (h *history) latest(n int, key string) (latest []crdt.Op) {
	var all []crdt.Op
	for _, c := range h.changes[:n] {
		for _, op := range c.Ops {
			if rootWrite(op) && op.Key == key {
				all = append(all, op)
			}
		}
	}
	for i, op := range all {
		known := func(other crdt.Op) bool { return h.past[h.index(other)][h.index(op)] }
		if !slices.ContainsFunc(all[i+1:], known) && !h.doc(h.first(n)).taken(op) {
			latest = append(latest, op)
		}
	}
	return latest
}

// taken reports whether an increment replaced an operation.
func (d *doc) taken(op crdt.Op) bool {
	return d.replaced(op) && slices.ContainsFunc(d.ops, func(by crdt.Op) bool {
		return by.Action == crdt.Inc && slices.Contains(by.Pred, op.ID)
	})
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
		t.Fatalf("%s has %d latest writes, want %d", key, len(got), len(want))
	}
	d := h.doc(h.first(n))
	if op, ok := d.shown([]string{key}); ok && len(got) > 0 && !got[0].Value.Equal(d.value(op)) {
		t.Fatalf("%s shows %+v, and the first is %+v", key, d.value(op), got[0].Value)
	}
	for _, op := range want {
		i := slices.IndexFunc(got, func(w crdt.RootWrite) bool { return w.Change == h.index(op) })
		if i < 0 {
			t.Fatalf("the write of %s by change %d is missing", key, h.index(op))
		}
		value := crdt.Value{}
		if op.Action != crdt.Del {
			value = d.value(op)
		}
		if !got[i].Value.Equal(value) {
			t.Fatalf("change %d wrote %s %+v, want %+v", h.index(op), key, got[i].Value, value)
		}
		before := h.doc(h.before(h.index(op)))
		value = crdt.Value{}
		if op, ok := before.shown([]string{key}); ok {
			value = before.value(op)
		}
		if got[i].Before == nil || !got[i].Before.Equal(value) {
			t.Fatalf("before change %d %s showed %+v, want %+v", h.index(op), key, got[i].Before, value)
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
	if got := r.Bytes(); got > 1<<20 {
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
