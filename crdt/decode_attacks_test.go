package crdt

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"wedsync/crdt/internal/columnar"
)

const (
	alice = ActorID("alice-is-an-actor")
	bob   = ActorID("bob-is-another")
)

// fine is a change that Decode takes: a map, a list and a text with something
// in them, and edits of what came before.
func fine() *Change {
	return &Change{
		Deps: []Hash{{1}, {2}}, Actor: alice, Seq: 3, StartOp: 10, Time: 1, Message: "m",
		Ops: []Op{
			{Key: "budget", Action: Set, Value: Value{Kind: Int, Int: 5}, Pred: []OpID{{4, bob}, {5, alice}}}, // 10
			{Key: "budget", Action: Set, Value: Value{Kind: Counter, Int: 6}, Pred: []OpID{{10, alice}}},      // 11
			{Key: "budget", Action: Inc, Value: Value{Kind: Int, Int: 1}, Pred: []OpID{{11, alice}}},          // 12
			{Key: "list", Action: MakeList}, // 13
			{Obj: OpID{13, alice}, Seq: true, Insert: true, Action: Set, Value: Value{Kind: Str, Str: "a"}},          // 14
			{Obj: OpID{13, alice}, Seq: true, Elem: OpID{14, alice}, Action: Del, Pred: []OpID{{14, alice}}},         // 15
			{Obj: OpID{13, alice}, Seq: true, Elem: OpID{14, alice}, Insert: true, Action: MakeMap},                  // 16
			{Obj: OpID{16, alice}, Key: "k", Action: Set, Value: Value{Kind: Null}},                                  // 17
			{Obj: OpID{2, bob}, Seq: true, Insert: true, Action: Mark, Begin: true, Name: "b", Expand: true},         // 18
			{Obj: OpID{2, bob}, Seq: true, Elem: OpID{3, bob}, Insert: true, Action: Mark},                           // 19
			{Key: "gone", Action: Del, Pred: []OpID{{6, bob}}},                                                       // 20
			{Key: "gone", Action: Set, Value: Value{Kind: Bool, Int: 1}},                                             // 21
			{Obj: OpID{2, bob}, Seq: true, Elem: OpID{3, bob}, Action: Set, Value: Value{Kind: Str, Str: "x"}},       // 22
			{Key: "table", Action: MakeTable},                                                                        // 23
			{Obj: OpID{23, alice}, Key: "row", Action: Set, Value: Value{Kind: Unknown, Code: 13, Bytes: []byte{1}}}, // 24
		},
	}
}

func TestAWellFormedChangeIsTaken(t *testing.T) {
	if c, err := Decode(Encode(fine()), DefaultLimits); err != nil || c.NumOps != 15 || c.MaxOp() != 24 {
		t.Fatalf("%+v, %v", c, err)
	}
}

// puts sets one key n times without naming what was there.
func puts(n int) func(*Change) {
	return func(c *Change) {
		c.Ops = slices.Repeat([]Op{{Key: "k", Action: Set, Value: Value{Kind: Null}}}, n)
	}
}

func TestChangesThatNoHonestAuthorMakesAreRefused(t *testing.T) {
	small := DefaultLimits
	small.MaxOps, small.MaxDeps, small.MaxPreds, small.MaxActors, small.MaxKey = 15, 2, 2, 2, 30
	for _, a := range []struct {
		name   string
		change func(c *Change)
		want   error
	}{
		{"first operation at the end of 32 bits", func(c *Change) { c.StartOp = math.MaxUint32 }, ErrLimit},
		{"first operation beyond 32 bits", func(c *Change) { c.StartOp = 1 << 32 }, ErrLimit},
		{"first operation beyond 63 bits", func(c *Change) { c.StartOp = 1 << 63 }, ErrLimit},
		{"operations that run into the bound", func(c *Change) { c.StartOp = DefaultLimits.HubOps - 14 }, ErrLimit},
		{"operations that wrap around", func(c *Change) { c.StartOp = math.MaxUint64 }, ErrLimit},
		{"first operation 0", func(c *Change) { c.StartOp, c.Ops = 0, nil }, ErrInvalid},
		{"sequence 0", func(c *Change) { c.Seq = 0 }, ErrInvalid},
		{"sequence 2^40", func(c *Change) { c.Seq = 1 << 40 }, ErrLimit},
		{"no author", func(c *Change) { c.Actor, c.Ops = "", nil }, ErrInvalid},
		{"author of a kilobyte", func(c *Change) { c.Actor, c.Ops = ActorID(strings.Repeat("a", 1024)), nil }, ErrLimit},
		{"dependencies twice", func(c *Change) { c.Deps = []Hash{{1}, {1}} }, ErrMalformed},
		{"dependencies descending", func(c *Change) { c.Deps = []Hash{{2}, {1}} }, ErrMalformed},
		{"too many dependencies", func(c *Change) { c.Deps = []Hash{{1}, {2}, {3}} }, ErrLimit},
		{"message too long", func(c *Change) { c.Message = strings.Repeat("m", 31) }, ErrLimit},
		{"message of broken text", func(c *Change) { c.Message = "\xff" }, ErrMalformed},
		{"key too long", func(c *Change) { c.Ops[3].Key = strings.Repeat("k", 31) }, ErrLimit},
		{"key of broken text", func(c *Change) { c.Ops[3].Key = "\xc3" }, ErrMalformed},
		{"string of broken text", func(c *Change) { c.Ops[4].Value.Str = "\xed\xa0\x80" }, ErrMalformed},
		{"mark name too long", func(c *Change) { c.Ops[8].Name = strings.Repeat("m", 31) }, ErrLimit},
		{"one operation too many", func(c *Change) { c.Ops = append(c.Ops, Op{Key: "z", Action: MakeMap}) }, ErrLimit},
		{"too many actors", func(c *Change) { c.Ops[13].Obj = OpID{1, "carol"} }, ErrLimit},
		{"too many predecessors", func(c *Change) { c.Ops[10].Pred = []OpID{{1, bob}, {2, bob}, {3, bob}} }, ErrLimit},
		{"unknown action", func(c *Change) { c.Ops[3].Action = 8 }, ErrUnsupported},
		{"predecessors descending", func(c *Change) { c.Ops[0].Pred = []OpID{{5, alice}, {4, bob}} }, ErrMalformed},
		{"predecessors out of actor order", func(c *Change) { c.Ops[0].Pred = []OpID{{5, bob}, {5, alice}} }, ErrMalformed},
		{"predecessors twice", func(c *Change) { c.Ops[0].Pred = []OpID{{4, bob}, {4, bob}} }, ErrMalformed},
		{"itself as predecessor", func(c *Change) { c.Ops[0].Pred = []OpID{{10, alice}} }, ErrInvalid},
		{"predecessor of the future", func(c *Change) { c.Ops[0].Pred = []OpID{{99, bob}} }, ErrInvalid},
		{"object of the future", func(c *Change) { c.Ops[7].Obj = OpID{18, bob} }, ErrInvalid},
		{"element of the future", func(c *Change) { c.Ops[9].Elem = OpID{20, bob} }, ErrInvalid},
		{"object that is a value", func(c *Change) { c.Ops[7].Obj = OpID{14, alice} }, ErrInvalid},
		{"key of a list", func(c *Change) { c.Ops[7].Obj = OpID{13, alice} }, ErrInvalid},
		{"element of a map", func(c *Change) { c.Ops[6].Obj = OpID{23, alice}; c.Ops[6].ID = OpID{} }, ErrInvalid},
		{"element of the root", func(c *Change) { c.Ops[9].Obj = OpID{} }, ErrInvalid},
		{"element that is no insertion", func(c *Change) { c.Ops[6].Elem = OpID{15, alice} }, ErrInvalid},
		{"element of another list", func(c *Change) { c.Ops[9].Elem = OpID{14, alice} }, ErrInvalid},
		{"value for a mark", func(c *Change) { c.Ops[12].Elem = OpID{18, alice} }, ErrInvalid},
		{"value at the head", func(c *Change) { c.Ops[12].Elem = OpID{} }, ErrInvalid},
		{"insertion over a predecessor", func(c *Change) { c.Ops[6].Pred = []OpID{{3, bob}} }, ErrInvalid},
		{"insertion into a map", func(c *Change) { c.Ops[7].Insert = true }, ErrInvalid},
		{"increment by a float", func(c *Change) { c.Ops[2].Value = Value{Kind: Float, Float: 1} }, ErrInvalid},
		{"increment by a string", func(c *Change) { c.Ops[2].Value = Value{Kind: Str, Str: "1"} }, ErrInvalid},
		{"increment of nothing", func(c *Change) { c.Ops[2].Pred = nil }, ErrInvalid},
		{"deletion of nothing", func(c *Change) { c.Ops[10].Pred = nil }, ErrInvalid},
		{"deletion with a value", func(c *Change) { c.Ops[10].Value = Value{Kind: Int} }, ErrInvalid},
		{"object with a value", func(c *Change) { c.Ops[3].Value = Value{Kind: Int} }, ErrInvalid},
		{"mark that is not inserted", func(c *Change) { c.Ops[9].Insert = false }, ErrInvalid},
		{"end of a mark with a value", func(c *Change) { c.Ops[9].Value = Value{Kind: Int} }, ErrInvalid},
		{"mark name of a value", func(c *Change) { c.Ops[0].Begin, c.Ops[0].Name = true, "b" }, ErrInvalid},
		{"expansion of a value", func(c *Change) { c.Ops[0].Expand = true }, ErrInvalid},
		{"replaces what lies elsewhere", func(c *Change) { c.Ops[10].Pred = []OpID{{11, alice}} }, ErrInvalid},
		{"replaces a deletion", func(c *Change) { c.Ops[11].Pred = []OpID{{20, alice}} }, ErrInvalid},
		{"second value that does not name the first", func(c *Change) { c.Ops[1].Pred = nil }, ErrInvalid},
		{"second value that names only what the first replaced", func(c *Change) { c.Ops[1].Pred = []OpID{{4, bob}} }, ErrInvalid},
		{"deletion that does not name the insertion", func(c *Change) { c.Ops[5].Pred = []OpID{{3, bob}} }, ErrInvalid},
		{"pile of values in one key", puts(15), ErrInvalid},
	} {
		c := fine()
		a.change(c)
		if got, err := Decode(Encode(c), small); !errors.Is(err, a.want) {
			t.Errorf("%s: got %+v, %v, want %v", a.name, got, err, a.want)
		}
	}
}

// counters sets one key to n counters and increments each, never naming the one
// before.
func counters(n int) *Change {
	c := &Change{Actor: alice, Seq: 1, StartOp: 1}
	for i := range n {
		c.Ops = append(c.Ops,
			Op{Key: "k", Action: Set, Value: Value{Kind: Counter}},
			Op{Key: "k", Action: Inc, Value: Value{Kind: Int, Int: 1}, Pred: []OpID{{uint64(2*i + 1), alice}}})
	}
	return c
}

func TestForgottenCountersOfAutomerge2AreTakenButDoNotPileUp(t *testing.T) {
	if _, err := Decode(Encode(counters(maxBeside+1)), DefaultLimits); err != nil {
		t.Errorf("%d forgotten: %v", maxBeside, err)
	}
	if _, err := Decode(Encode(counters(maxBeside+2)), DefaultLimits); !errors.Is(err, ErrInvalid) {
		t.Errorf("%d forgotten: %v", maxBeside+1, err)
	}
}

// A forgery is the parts of a chunk, honest or not.
type forgery struct {
	kind       byte
	numDeps    uint64
	actors     []string // but the author
	numActors  uint64   // 0 means as many as there are
	numColumns uint64   // 0 means as many as there are
	columns    []column
	extra      string
}

type column struct {
	id   columnID
	data string
}

// honest sets the root key "k" to null, and deletes "l" over an operation of bob.
func honest() forgery {
	return forgery{kind: changeChunk, actors: []string{string(bob)}, columns: []column{
		{keyStrColumn, "\x7e\x01k\x01l"},
		{insertColumn, "\x02"},
		{actionColumn, "\x7e\x01\x03"},
		{valMetaColumn, "\x02\x00"},
		{predNumColumn, "\x7e\x00\x01"},
		{predActorColumn, "\x7f\x01"},
		{predCtrColumn, "\x7f\x03"},
	}}
}

// with puts data in place of a column, or adds it where it belongs; empty data
// removes the column.
func (f forgery) with(id columnID, data string) forgery {
	f.columns = slices.DeleteFunc(slices.Clone(f.columns), func(c column) bool { return c.id == id })
	if data != "" {
		at := slices.IndexFunc(f.columns, func(c column) bool { return c.id > id })
		if at < 0 {
			at = len(f.columns)
		}
		f.columns = slices.Insert(f.columns, at, column{id, data})
	}
	return f
}

func (f forgery) body() []byte {
	b := columnar.AppendUint(nil, f.numDeps)
	b = columnar.AppendString(b, string(alice))
	b = append(b, 1, 10, 0, 0) // sequence, first operation, time, message
	b = columnar.AppendUint(b, max(f.numActors, uint64(len(f.actors))))
	for _, a := range f.actors {
		b = columnar.AppendString(b, a)
	}
	b = columnar.AppendUint(b, max(f.numColumns, uint64(len(f.columns))))
	for _, c := range f.columns {
		b = columnar.AppendUint(columnar.AppendUint(b, uint64(c.id)), uint64(len(c.data)))
	}
	for _, c := range f.columns {
		b = append(b, c.data...)
	}
	return append(b, f.extra...)
}

func (f forgery) chunk() []byte {
	raw := sealChunk(f.body())
	raw[hashedFrom] = f.kind
	return raw
}

func TestForgedChunksAreRefused(t *testing.T) {
	edit := func(change func(*forgery)) []byte {
		f := honest()
		change(&f)
		return f.chunk()
	}
	column := func(id columnID, data string) []byte { return honest().with(id, data).chunk() }
	flip := func(at int) []byte {
		raw := honest().chunk()
		raw[at] ^= 1
		return raw
	}
	if _, err := Decode(honest().chunk(), DefaultLimits); err != nil {
		t.Fatalf("the honest chunk: %v", err)
	}
	for _, a := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"magic alone", []byte(magic), ErrMalformed},
		{"other magic", flip(0), ErrMalformed},
		{"other checksum", flip(4), ErrMalformed},
		{"other content", flip(20), ErrMalformed},
		{"saved document", edit(func(f *forgery) { f.kind = documentChunk }), ErrUnsupported},
		{"bundle", edit(func(f *forgery) { f.kind = bundleChunk }), ErrUnsupported},
		{"type 9", edit(func(f *forgery) { f.kind = 9 }), ErrUnsupported},
		{"byte after the chunk", append(honest().chunk(), 0), ErrMalformed},
		{"two chunks", append(honest().chunk(), honest().chunk()...), ErrMalformed},
		{"end cut off", honest().chunk()[:40], ErrMalformed},
		{"huge length", append([]byte(magic+"0000\x01"), columnar.AppendUint(nil, 1<<60)...), ErrMalformed},
		{"length without end", []byte(magic + "0000\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), ErrMalformed},
		{"2^60 dependencies", edit(func(f *forgery) { f.numDeps = 1 << 60 }), ErrLimit},
		{"dependencies that are missing", edit(func(f *forgery) { f.numDeps = 60 }), ErrMalformed},
		{"2^60 actors", edit(func(f *forgery) { f.numActors = 1 << 60 }), ErrLimit},
		{"actors that are missing", edit(func(f *forgery) { f.numActors = 1000 }), ErrMalformed},
		{"author among the actors", edit(func(f *forgery) { f.actors = []string{string(alice)} }), ErrInvalid},
		{"empty actor", edit(func(f *forgery) { f.actors = []string{"", string(bob)} }), ErrInvalid},
		{"actors descending", edit(func(f *forgery) { f.actors = []string{"carol", string(bob)} }), ErrMalformed},
		{"actors twice", edit(func(f *forgery) { f.actors = []string{string(bob), string(bob)} }), ErrMalformed},
		{"actor that nothing names", edit(func(f *forgery) { f.actors = []string{string(bob), "carol"} }), ErrMalformed},
		{"2^60 columns", edit(func(f *forgery) { f.numColumns = 1 << 60 }), ErrMalformed},
		{"column of the future", column(0x60, "\x02\x00"), ErrUnsupported},
		{"column of a large number", column(0x7f0, "\x02\x00"), ErrUnsupported},
		{"compressed column", column(0x1d, "\x02\x00"), ErrMalformed},
		{"column without bytes", edit(func(f *forgery) { f.columns[0].data = "" }), ErrMalformed},
		{"columns out of order", edit(func(f *forgery) { slices.Reverse(f.columns) }), ErrMalformed},
		{"column twice", edit(func(f *forgery) { f.columns = slices.Insert(f.columns, 1, f.columns[0]) }), ErrMalformed},
		{"columns without operations", column(actionColumn, ""), ErrMalformed},
		{"no insert column", column(insertColumn, ""), ErrMalformed},
		{"no value column", column(valMetaColumn, ""), ErrMalformed},
		{"no predecessor column", column(predNumColumn, ""), ErrMalformed},
		{"no key column", column(keyStrColumn, ""), ErrMalformed},
		{"half an object", column(objActorColumn, "\x7f\x01\x00\x01"), ErrMalformed},
		{"object counter alone", column(objCtrColumn, "\x7f\x01\x00\x01"), ErrMalformed},
		{"two kinds of key", column(keyCtrColumn, "\x7f\x00\x00\x01"), ErrMalformed},
		{"actor out of range", column(predActorColumn, "\x7f\x02"), ErrMalformed},
		{"half a predecessor", column(predCtrColumn, ""), ErrMalformed},
		{"predecessor 0", column(predCtrColumn, "\x7f\x00"), ErrInvalid},
		{"predecessor below 0", column(predCtrColumn, "\x7f\x7f"), ErrMalformed},
		{"row too few", column(keyStrColumn, "\x7f\x01k"), ErrMalformed},
		{"row too many", column(keyStrColumn, "\x7d\x01k\x01l\x01m"), ErrMalformed},
		{"null action", column(actionColumn, "\x7f\x01\x00\x01"), ErrUnsupported},
		{"value longer than there are bytes", column(valMetaColumn, "\x7e\x14\x00"), ErrMalformed},
		{"value bytes that nothing names", column(valRawColumn, "\x01"), ErrMalformed},
		{"integer of two bytes that needs one", honest().with(valMetaColumn, "\x7e\x24\x00").with(valRawColumn, "\x81\x00").chunk(), ErrMalformed},
		{"float of four bytes", honest().with(valMetaColumn, "\x7e\x45\x00").with(valRawColumn, "\x00\x00\x00\x00").chunk(), ErrMalformed},
		{"null of one byte", honest().with(valMetaColumn, "\x7e\x10\x00").with(valRawColumn, "\x00").chunk(), ErrMalformed},
		{"number of two bytes that needs one", column(insertColumn, "\x82\x00"), ErrMalformed},
		{"same value in two runs", column(valMetaColumn, "\x7f\x00\x7f\x00"), ErrMalformed},
		{"literals that are the same", column(valMetaColumn, "\x7e\x00\x00"), ErrMalformed},
		{"run of one", column(predActorColumn, "\x01\x01"), ErrMalformed},
		{"column of nulls alone", column(nameColumn, "\x00\x02"), ErrMalformed},
		{"mark column of false alone", column(expandColumn, "\x02"), ErrMalformed},
		{"run of a million", column(actionColumn, "\xc0\x84\x3d\x01"), ErrLimit},
		{"run of 2^62", column(actionColumn, string(columnar.AppendInt(nil, 1<<62))+"\x01"), ErrLimit},
		{"runs that sum up over 64 bits", column(actionColumn, strings.Repeat(string(columnar.AppendInt(nil, 1<<62))+"\x01"+string(columnar.AppendInt(nil, 1<<62))+"\x03", 4)), ErrLimit},
		{"literals of 2^62", column(actionColumn, string(columnar.AppendInt(nil, -1<<62))+"\x01"), ErrLimit},
		{"literals of -2^63", column(actionColumn, string(columnar.AppendInt(nil, math.MinInt64))+"\x01"), ErrLimit},
	} {
		if c, err := Decode(a.raw, DefaultLimits); !errors.Is(err, a.want) {
			t.Errorf("%s: got %+v, %v, want %v", a.name, c, err, a.want)
		}
	}
}

func TestBytesAfterTheColumnsCountInTheHash(t *testing.T) {
	plain, err := Decode(honest().chunk(), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	f := honest()
	f.extra = "future"
	c, err := Decode(f.chunk(), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hash == plain.Hash || c.Hash != hashBody(f.body()) || string(c.Raw) != string(f.chunk()) {
		t.Errorf("hash %s beside %s, raw %x", c.Hash, plain.Hash, c.Raw)
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestSmallChunksCannotClaimMuchMemory(t *testing.T) {
	const most = 256 << 10
	million := string(columnar.AppendInt(nil, 1_000_000))
	half := string(columnar.AppendInt(nil, 1<<19))
	preds := string(columnar.AppendInt(nil, 1<<29))
	for _, a := range []struct {
		name string
		f    forgery
	}{
		{"run of a million operations", honest().with(actionColumn, million+"\x01")},
		{"2^19 operations of 1,024 predecessors", honest().with(actionColumn, half+"\x01").with(predNumColumn, half+"\x80\x08").with(predCtrColumn, preds+"\x01")},
		{"2^60 dependencies", forgery{kind: changeChunk, numDeps: 1 << 60}},
		{"2^60 actors", forgery{kind: changeChunk, numActors: 1 << 60}},
	} {
		raw := a.f.chunk()
		var err error
		n := allocated(func() { _, err = Decode(raw, DefaultLimits) })
		if !errors.Is(err, ErrLimit) || n > most {
			t.Errorf("%s: %d bytes allocated, %v", a.name, n, err)
		}
	}
}
