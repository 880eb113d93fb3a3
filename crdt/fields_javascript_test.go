package crdt_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// A told line is what Automerge for JavaScript says of one history.
type told struct {
	Chunks [][]byte
	Heads  []string
	Views  []struct {
		Heads  []string
		Fields map[crdt.Path]any
	}
	Fields    map[crdt.Path]any // by --show
	Conflicts map[crdt.Path]map[string]any
}

// node runs a script and yields what it prints.
func node(t *testing.T, in io.Reader, args ...string) []told {
	t.Helper()
	cmd := exec.Command("node", append([]string{"testdata/automerge/fields.mjs"}, args...)...)
	cmd.Dir = ".."
	cmd.Stdin = in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v (Node and the packages of package.json are needed: npx -y rust-just@1.57.0 test)\n%s", err, stderr.Bytes())
	}
	var lines []told
	scan := bufio.NewScanner(bytes.NewReader(out))
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		var line told
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// The fields of a JavaScript history, once watched at roots, once at leaves:
// what is watched must make no difference.
var (
	rootPaths = []crdt.Path{"list", "venue", "name", "date", "count"}
	leafPaths = []crdt.Path{"venue.name", "count", "venue.city.name", "date", "name"}
)

// A replica is a hub's copy of a history.
type replica struct {
	graph *crdt.Graph
	roots *crdt.Fields
	leafs *crdt.Fields
	raw   [][]byte
}

func newReplica(t *testing.T, chunks [][]byte) *replica {
	t.Helper()
	r := &replica{crdt.NewGraph(crdt.DefaultLimits), crdt.NewFields(rootPaths...), crdt.NewFields(leafPaths...), nil}
	for _, raw := range chunks {
		c, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			t.Fatalf("%x: %v", raw, err)
		}
		added, err := r.graph.Add(c)
		if err != nil || len(added) != 1 {
			t.Fatalf("%x: added %d, %v", raw, len(added), err)
		}
		r.apply(c)
	}
	return r
}

func (r *replica) apply(c *crdt.Change) {
	i, _ := r.graph.Index(c.Hash)
	r.roots.Apply(i, c)
	r.leafs.Apply(i, c)
	r.raw = append(r.raw, c.Raw)
}

// same compares the fields of a view with what JavaScript says.
func (r *replica) same(t *testing.T, v crdt.View, fields map[crdt.Path]any) {
	t.Helper()
	for p, want := range fields {
		if diff := cmp.Diff(want, tagged(r.roots.Value(p, v))); diff != "" {
			t.Fatalf("%s by its root (-JavaScript +Go):\n%s", p, diff)
		}
		if !slices.Contains(leafPaths, p) {
			continue
		}
		if diff := cmp.Diff(want, tagged(r.leafs.Value(p, v))); diff != "" {
			t.Fatalf("%s by itself (-JavaScript +Go):\n%s", p, diff)
		}
	}
}

func TestFieldsReadAsJavaScriptShowsThem(t *testing.T) {
	seed := strconv.FormatUint(uint64(rand.Uint32()), 10)
	t.Logf("node testdata/automerge/fields.mjs %s 60", seed)
	conflicts := 0
	for _, line := range node(t, nil, seed, "60") {
		r := newReplica(t, line.Chunks)
		for _, view := range line.Views {
			r.same(t, r.graph.View(hashes(t, view.Heads)...), view.Fields)
		}
		if got := fmt.Sprint(r.graph.Heads()); got != fmt.Sprint(line.Heads) {
			t.Fatalf("heads %s, want %s", got, line.Heads)
		}
		for p, want := range line.Conflicts {
			got := map[string]any{}
			if live := r.roots.Live(p, r.graph.All()); len(live) > 1 {
				for _, l := range live {
					got[fmt.Sprintf("%d@%s", l.ID.Counter, l.ID.Actor)] = tagged(l.Value)
				}
			}
			conflicts += len(got)
			if diff := cmp.Diff(textual(t, want), textual(t, got)); diff != "" {
				t.Fatalf("conflicts of %s (-JavaScript +Go):\n%s", p, diff)
			}
		}
	}
	if conflicts < 60 {
		t.Errorf("%d values in conflict; the histories say little", conflicts)
	}
}

func TestHubChangesShowInJavaScriptWhatTheySay(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var replicas []*replica
	var in bytes.Buffer
	for _, line := range node(t, nil, strconv.FormatUint(seed>>40, 10), "60") {
		r := newReplica(t, line.Chunks)
		for n := range 3 {
			r.edit(t, random, int64(n))
		}
		replicas = append(replicas, r)
		if err := json.NewEncoder(&in).Encode(map[string]any{"chunks": r.raw}); err != nil {
			t.Fatal(err)
		}
	}
	for i, line := range node(t, &in, "--show") {
		r := replicas[i]
		if got := fmt.Sprint(r.graph.Heads()); got != fmt.Sprint(line.Heads) {
			t.Fatalf("heads %s, JavaScript has %s", got, line.Heads)
		}
		r.same(t, r.graph.All(), line.Fields)
	}
}

// edit writes some fields as the hub does.
func (r *replica) edit(t *testing.T, random *rand.Rand, time int64) {
	t.Helper()
	b := crdt.NewBuilder(r.leafs, r.graph, "the hub's actor", time)
	want := map[crdt.Path]crdt.Value{}
	for range 1 + random.IntN(4) {
		p := leafPaths[random.IntN(len(leafPaths))]
		v := hubValues[random.IntN(len(hubValues))]
		if v.Kind != crdt.Text || !b.Splice(p, v.Str) {
			b.Set(p, v)
		}
		want[p] = v
	}
	if b.Len() == 0 {
		return
	}
	c, err := crdt.Decode(b.Change("set by the hub").Raw, crdt.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.graph.AddHub(c); err != nil {
		t.Fatal(err)
	}
	r.apply(c)
	for p, v := range want {
		if got := r.leafs.Value(p, r.graph.All()); !got.Equal(v) {
			t.Fatalf("%s is %+v after setting %+v", p, got, v)
		}
	}
}

var hubValues = []crdt.Value{
	{},
	{Kind: crdt.Null},
	{Kind: crdt.Str, Str: "2027-06-12"},
	{Kind: crdt.Text, Str: "Rosenhof 💒"},
	{Kind: crdt.Text, Str: "Rosengarten"},
	{Kind: crdt.Text},
	{Kind: crdt.Timestamp, Int: 1_800_000_000_000},
	{Kind: crdt.Int, Int: 12500},
	{Kind: crdt.Uint, Uint: 7},
	{Kind: crdt.Float, Float: 0.5},
	{Kind: crdt.Bool, Int: 1},
	{Kind: crdt.Counter, Int: 3},
	{Kind: crdt.Bytes, Bytes: []byte{0, 255}},
	{Kind: crdt.Map, Map: map[string]crdt.Value{
		"name": {Kind: crdt.Text, Str: "ä"},
		"list": {Kind: crdt.List, List: []crdt.Value{{Kind: crdt.Int, Int: 1}, {Kind: crdt.Text, Str: "two"}, {Kind: crdt.List, List: []crdt.Value{}}}},
	}},
}

// textual is v without the difference between scalar and text strings, which
// JavaScript does not make in conflicts.
func textual(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), `"str":`, `"text":`)
}

// tagged is a value as fields.mjs prints it.
func tagged(v crdt.Value) any {
	switch v.Kind {
	case crdt.Missing:
		return map[string]any{"missing": true}
	case crdt.Null:
		return map[string]any{"null": true}
	case crdt.Bool:
		return map[string]any{"bool": v.Int == 1}
	case crdt.Int:
		return map[string]any{"number": strconv.FormatInt(v.Int, 10)}
	case crdt.Uint:
		return map[string]any{"number": strconv.FormatUint(v.Uint, 10)}
	case crdt.Float:
		return map[string]any{"number": strconv.FormatFloat(v.Float, 'f', -1, 64)}
	case crdt.Str:
		return map[string]any{"str": v.Str}
	case crdt.Text:
		return map[string]any{"text": v.Str}
	case crdt.Bytes:
		return map[string]any{"bytes": base64.StdEncoding.EncodeToString(v.Bytes)}
	case crdt.Counter:
		return map[string]any{"counter": float64(v.Int)}
	case crdt.Timestamp:
		return map[string]any{"timestamp": float64(v.Int)}
	case crdt.List:
		list := []any{}
		for _, in := range v.List {
			list = append(list, tagged(in))
		}
		return map[string]any{"list": list}
	case crdt.Map:
		m := map[string]any{}
		for key, in := range v.Map {
			m[key] = tagged(in)
		}
		return map[string]any{"map": m}
	}
	panic(fmt.Sprintf("kind %d", v.Kind))
}

func hashes(t *testing.T, texts []string) []crdt.Hash {
	t.Helper()
	var all []crdt.Hash
	for _, s := range texts {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, crdt.Hash(b))
	}
	return all
}
