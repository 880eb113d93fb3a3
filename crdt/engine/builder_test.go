package engine

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// watched are paths into the documents that materialise.mjs makes, and some that
// are never there.
var watched = []crdt.Path{"a", "b", "name", "💐", "b.a", "name.b", "💐.name.a", "absent", "absent.deep.down"}

// values are what the hub may set: one of every kind, and nothing.
var values = []crdt.Value{
	{},
	{Kind: crdt.Null},
	{Kind: crdt.Bool, Int: 1},
	{Kind: crdt.Int, Int: -12500},
	{Kind: crdt.Uint, Uint: 1 << 52},
	{Kind: crdt.Float, Float: 12.5},
	{Kind: crdt.Str, Str: "scalar 💒"},
	{Kind: crdt.Text, Str: "naïve 💒"},
	{Kind: crdt.Text},
	{Kind: crdt.Bytes, Bytes: []byte{0, 255}},
	{Kind: crdt.Counter, Int: 3},
	{Kind: crdt.Timestamp, Int: 1_812_792_600_007},
	{Kind: crdt.Map, Map: map[string]crdt.Value{
		"x": {Kind: crdt.Text, Str: "in a map"},
		"y": {Kind: crdt.List, List: []crdt.Value{{Kind: crdt.Null}, {Kind: crdt.Text, Str: "é"}, {Kind: crdt.Map}}},
	}},
	{Kind: crdt.List, List: []crdt.Value{{Kind: crdt.Int, Int: 1}, {Kind: crdt.List}}},
}

// A tracked is a record as the hub holds it.
type tracked struct {
	graph  *crdt.Graph
	fields *crdt.Fields
	chunks [][]byte
}

func (r *tracked) add(t *testing.T, raw []byte) {
	t.Helper()
	c, err := crdt.Decode(raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	added, err := r.graph.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range added {
		i, _ := r.graph.Index(c.Hash)
		r.fields.Apply(i, c)
	}
	r.chunks = append(r.chunks, raw)
}

// shown is what the document shows, whose heads must be those of the graph.
func (r *tracked) shown(t *testing.T, e *Engine) any {
	t.Helper()
	result := materialise(t, e, record, r.chunks)
	if !slices.Equal(result.Heads, r.graph.Heads()) {
		t.Fatalf("heads are %v, the graph has %v", result.Heads, r.graph.Heads())
	}
	var v any
	if err := json.Unmarshal(result.JSON, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHubChangesMeanInAutomergeWhatTheyMeanToUs(t *testing.T) {
	seed := uint64(rand.Uint32())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	e := start(t, Options{})
	for _, d := range documents(t, seed, 150) {
		hub := &tracked{graph: crdt.NewGraph(crdt.DefaultLimits), fields: crdt.NewFields(watched...)}
		for _, raw := range d.Chunks {
			hub.add(t, raw)
		}
		sameFields(t, hub, d.JSON)
		for step := range 3 {
			b := crdt.NewBuilder(hub.fields, hub.graph, "hub", int64(step))
			p, v := watched[r.IntN(len(watched))], values[r.IntN(len(values))]
			if spliced := v.Kind == crdt.Text && b.Splice(p, v.Str); !spliced {
				b.Set(p, v)
			}
			before := hub.fields.Value(p, hub.graph.All())
			hub.add(t, b.Change("by the hub").Raw)
			shown := hub.shown(t, e)
			if diff := cmp.Diff(throughJSON(t, v.JSON()), at(shown, p)); diff != "" {
				t.Fatalf("seed %d, %s, step %d: %s was %v; set -, the document shows +\n%s", seed, d.Name, step, p, before, diff)
			}
			sameFields(t, hub, shown)
		}
	}
}

// sameFields fails the test unless the watched paths are as the document shows them.
func sameFields(t *testing.T, r *tracked, shown any) {
	t.Helper()
	for _, p := range watched {
		got := throughJSON(t, r.fields.Value(p, r.graph.All()).JSON())
		if diff := cmp.Diff(at(shown, p), got); diff != "" {
			t.Fatalf("%s: the document shows -, the fields +\n%s", p, diff)
		}
	}
}

// at is what v shows at p, nil if nothing.
func at(v any, p crdt.Path) any {
	for _, key := range p.Keys() {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func throughJSON(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
