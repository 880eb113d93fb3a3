package crdt

import (
	"errors"
	"testing"
)

func TestMaterialiseShowsAllFieldsAndHeads(t *testing.T) {
	chunks := chunksOf(t, 3)
	v, heads, err := Materialise(chunks, 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	b, err := EncodeJSON(v)
	if err != nil || string(b) != `{"a":"2","b":"<&>"}` {
		t.Errorf("%s, %v", b, err)
	}
	last, err := Decode(chunks[len(chunks)-1], DefaultLimits)
	if err != nil || len(heads) != 1 || heads[0] != last.Hash {
		t.Errorf("heads %v, want %v (%v)", heads, last.Hash, err)
	}
}

func TestMaterialiseStopsAtItsLimits(t *testing.T) {
	chunks := chunksOf(t, 3)
	size := 0
	for _, c := range chunks {
		size += len(c)
	}
	if _, _, err := Materialise(chunks, 3, size); !errors.Is(err, ErrLimit) {
		t.Errorf("4 operations where 3 are allowed: %v", err)
	}
	if _, _, err := Materialise(chunks, 4, size/2); !errors.Is(err, ErrLimit) {
		t.Errorf("twice the bytes that are allowed: %v", err)
	}
	if _, _, err := Materialise(chunks, 4, size); err != nil {
		t.Errorf("just what is allowed: %v", err)
	}
	if _, _, err := Materialise([][]byte{{1, 2, 3}}, 4, size); !errors.Is(err, ErrMalformed) {
		t.Errorf("three bytes: %v", err)
	}
}

// chunksOf sets field a in n changes, one after the other, and b in the last.
func chunksOf(t *testing.T, n int) (chunks [][]byte) {
	t.Helper()
	const actor = ActorID("0123456789abcdef")
	var deps []Hash
	var pred []OpID
	for i := range n {
		c := &Change{Deps: deps, Actor: actor, Seq: uint64(i + 1), StartOp: uint64(i + 1), NumOps: 1}
		id := OpID{Counter: c.StartOp, Actor: actor}
		c.Ops = []Op{{ID: id, Key: "a", Action: Set, Value: Value{Kind: Str, Str: string(rune('0' + i))}, Pred: pred}}
		if i == n-1 {
			c.NumOps = 2
			c.Ops = append(c.Ops, Op{
				ID: OpID{Counter: c.StartOp + 1, Actor: actor}, Key: "b", Action: Set, Value: Value{Kind: Str, Str: "<&>"},
			})
		}
		decoded, err := Decode(Encode(c), DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		deps, pred = []Hash{decoded.Hash}, []OpID{id}
		chunks = append(chunks, decoded.Raw)
	}
	return chunks
}
