package crdt

import "testing"

// oneOp is a change that sets one root key over an older value, the most usual
// change of all.
func oneOp() []byte {
	author := ActorID("0123456789abcdef")
	return Encode(&Change{
		Deps: []Hash{{1, 2, 3}}, Actor: author, Seq: 12, StartOp: 345, Time: 1_795_357_622,
		Ops: []Op{{Key: "wedding_date", Action: Set, Value: Value{Kind: Str, Str: "2027-06-12"}, Pred: []OpID{{300, author}}}},
	})
}

func BenchmarkDecodeOneOperation(b *testing.B) {
	raw := oneOp()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(raw, DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeTyping(b *testing.B) {
	raw := Encode(typing(10_000))
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Decode(raw, DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeOneOperation(b *testing.B) {
	c, err := Decode(oneOp(), DefaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Encode(c)
	}
}

// typing is a change that writes n-1 characters into a new text.
func typing(n int) *Change {
	author := ActorID("0123456789abcdef")
	c := &Change{Actor: author, Seq: 1, StartOp: 1, Ops: []Op{{Key: "notes", Action: MakeText}}}
	for i := 1; i < n; i++ {
		op := Op{Obj: OpID{1, author}, Seq: true, Insert: true, Action: Set, Value: Value{Kind: Str, Str: string(rune('a' + i%26))}}
		if i > 1 {
			op.Elem = OpID{uint64(i), author}
		}
		c.Ops = append(c.Ops, op)
	}
	return c
}
