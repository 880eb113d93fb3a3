package crdt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A vector is a chunk and what JavaScript reads from it.
type vector struct {
	Raw     []byte       `json:"raw"`
	Decoded vectorChange `json:"decoded"`
}

type vectorChange struct {
	Actor   string     `json:"actor"`
	Hash    string     `json:"hash"`
	Seq     uint64     `json:"seq"`
	StartOp uint64     `json:"startOp"`
	Time    int64      `json:"time"`
	Message *string    `json:"message"`
	Deps    []string   `json:"deps"`
	Ops     []vectorOp `json:"ops"`
}

type vectorOp struct {
	Action   string   `json:"action"`
	Obj      string   `json:"obj"`
	Key      *string  `json:"key,omitempty"`
	ElemID   *string  `json:"elemId,omitempty"`
	Insert   bool     `json:"insert,omitempty"`
	Datatype string   `json:"datatype,omitempty"`
	Value    any      `json:"value,omitempty"`
	Pred     []string `json:"pred"`
	Name     *string  `json:"name,omitempty"`
	Expand   bool     `json:"expand,omitempty"`
}

// readVectors reads a file of vectors, one a line.
func readVectors(t testing.TB, name string) []vector {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../testdata/automerge", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for line := range bytes.Lines(b) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, v)
	}
	return all
}

func TestVectorsDecodeAndEncodeAsInJavaScript(t *testing.T) {
	vectors := readVectors(t, "changes.json")
	if len(vectors) < 20 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		v.check(t)
	}
}

// check decodes the chunk, compares every field, and encodes it again.
func (v *vector) check(t *testing.T) {
	t.Helper()
	c, err := Decode(v.Raw, DefaultLimits)
	if err != nil {
		t.Errorf("Decode: %v", err)
		return
	}
	got, want := describe(c), v.Decoded
	if want.Message == nil {
		want.Message = new(string)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-JavaScript +Go\n%s", diff)
	}
	if c.NumOps != len(c.Ops) {
		t.Errorf("NumOps %d, %d operations", c.NumOps, len(c.Ops))
	}
	if again := Encode(c); !bytes.Equal(again, v.Raw) {
		t.Errorf("encodes as\n%x, was\n%x", again, v.Raw)
	}
}

// describe says of a change what JavaScript would.
func describe(c *Change) vectorChange {
	d := vectorChange{
		Actor: c.Actor.String(), Hash: c.Hash.String(), Seq: c.Seq, StartOp: c.StartOp, Time: c.Time, Message: &c.Message,
		Deps: []string{}, Ops: []vectorOp{},
	}
	for _, h := range c.Deps {
		d.Deps = append(d.Deps, h.String())
	}
	for i := range c.Ops {
		d.Ops = append(d.Ops, describeOp(&c.Ops[i]))
	}
	return d
}

func describeOp(op *Op) vectorOp {
	names := map[Action]string{MakeMap: "makeMap", Set: "set", MakeList: "makeList", Del: "del", MakeText: "makeText", Inc: "inc", MakeTable: "makeTable", Mark: "markEnd"}
	o := vectorOp{Action: names[op.Action], Insert: op.Insert, Expand: op.Expand, Pred: []string{}}
	o.Obj = describeID(op.Obj, "_root")
	if op.Seq {
		elem := describeID(op.Elem, "_head")
		o.ElemID = &elem
	} else {
		o.Key = &op.Key
	}
	if op.Begin {
		o.Action, o.Name = "markBegin", &op.Name
	}
	for _, id := range op.Pred {
		o.Pred = append(o.Pred, describeID(id, ""))
	}
	if op.Action != Mark || op.Begin {
		o.Value, o.Datatype = describeValue(op.Value)
	}
	if op.Action == Mark || op.Action == Inc { // JavaScript does not tell the type
		o.Datatype = ""
	}
	if op.Action == Mark && op.Value.Kind == Float {
		o.Value = op.Value.Float
	}
	return o
}

func describeID(id OpID, zero string) string {
	if id.IsZero() {
		return zero
	}
	return fmt.Sprintf("%d@%s", id.Counter, id.Actor)
}

func describeValue(v Value) (any, string) {
	switch v.Kind {
	case Bool:
		return v.Int == 1, ""
	case Int:
		return float64(v.Int), "int"
	case Uint:
		return float64(v.Uint), "uint"
	case Counter:
		return float64(v.Int), "counter"
	case Timestamp:
		return float64(v.Int), "timestamp"
	case Float:
		return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, math.Float64bits(v.Float))), "float64"
	case Str:
		return v.Str, ""
	case Bytes:
		list := []any{}
		for _, b := range v.Bytes {
			list = append(list, float64(b))
		}
		return list, ""
	}
	return nil, ""
}
