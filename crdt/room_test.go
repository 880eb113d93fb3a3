package crdt

import (
	"bytes"
	"testing"
	"unsafe"
)

// counted is an encoded change of n operations on one key, whose values count up from v.
func counted(n, v int) []byte {
	c := Change{Actor: "0123456789abcdef", Seq: 1, StartOp: 1}
	for i := range n {
		c.Ops = append(c.Ops, Op{Key: "k", Action: Set, Value: Value{Kind: Int, Int: int64(v + i)}})
		if i > 0 {
			c.Ops[i].Pred = []OpID{{uint64(i), c.Actor}}
		}
	}
	return Encode(&c)
}

func TestChangeDecodedIntoTheRoomOfAnotherIsTheSame(t *testing.T) {
	var room Room
	for _, raw := range [][]byte{counted(2000, 0), counted(1500, 1_000_000), {1, 2, 3}, counted(1, 7), counted(2500, 5), nil, counted(2500, 6)} {
		want, wantErr := Decode(raw, DefaultLimits)
		got, err := room.Decode(raw, DefaultLimits)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got error %v, want %v", err, wantErr)
		}
		if err == nil && (len(got.Ops) != len(want.Ops) || !bytes.Equal(Encode(got), raw)) {
			t.Fatal("a change decoded into used memory is another one")
		}
	}
}

func TestManyLargeChangesTakeTheMemoryOfOne(t *testing.T) {
	const n = 1 << 16
	raw := counted(n, 0)
	var room Room
	if _, err := room.Decode(raw, DefaultLimits); err != nil {
		t.Fatal(err)
	}
	took := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := room.Decode(raw, DefaultLimits); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if one := int64(n * unsafe.Sizeof(Op{})); took > one/4 { // predecessors have memory of their own
		t.Errorf("another change took %d bytes of memory, its operations alone have %d", took, one)
	}
}
