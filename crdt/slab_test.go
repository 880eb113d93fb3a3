package crdt

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"unsafe"
)

// countedPuts is an encoded change of n operations on the root, whose values count up from v.
func countedPuts(n, v int) []byte {
	c := Change{Actor: "0123456789abcdef", Seq: 1, StartOp: 1}
	for i := range n {
		c.Ops = append(c.Ops, Op{Key: fmt.Sprint("k", i), Action: Set, Value: Value{Kind: Int, Int: int64(v + i)}})
	}
	return Encode(&c)
}

func TestChangeDecodedIntoMemoryOfAnotherIsTheSame(t *testing.T) {
	large, smaller := countedPuts(slabOps+100, 0), countedPuts(slabOps, 1_000_000)
	want, err := Decode(smaller, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		first, err := Decode(large, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		first.DropOps()
		second, err := Decode(smaller, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		again := Encode(second)
		if !bytes.Equal(again, smaller) || len(second.Ops) != len(want.Ops) {
			t.Fatal("a change decoded into used memory is another one")
		}
		second.DropOps()
	}
}

func TestManyLargeChangesTakeTheMemoryOfOne(t *testing.T) {
	const times, n = 50, slabOps * 4
	c := Change{Actor: "0123456789abcdef", Seq: 1, StartOp: 1}
	for i := range n {
		c.Ops = append(c.Ops, Op{Key: "k", Action: Set, Value: Value{Kind: Int, Int: int64(i)}})
		if i > 0 {
			c.Ops[i].Pred = []OpID{{uint64(i), c.Actor}}
		}
	}
	raw := Encode(&c)
	one := uint64(n * unsafe.Sizeof(Op{}))
	preds := uint64(n * unsafe.Sizeof(OpID{}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		c, err := Decode(raw, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		c.DropOps()
	}
	runtime.ReadMemStats(&after)
	// A collection in between may cost one more each.
	room := uint64(after.NumGC-before.NumGC) + 2
	if took := after.TotalAlloc - before.TotalAlloc; took > room*one+times*(preds+1<<16) {
		t.Errorf("%d changes took %d bytes of memory with %d for each, where room for %d was to be enough", times, took, one, room)
	}
}
