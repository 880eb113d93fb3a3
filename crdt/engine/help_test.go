package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/crdt"
)

var record = crdt.RecordID{1, 2, 3}

// start starts an engine that ends with the test.
func start(t testing.TB, o Options) *Engine {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// materialise fails the test unless the engine has a whole result.
func materialise(t testing.TB, e *Engine, id crdt.RecordID, chunks [][]byte) *Result {
	t.Helper()
	r, err := e.Materialise(context.Background(), id, chunks)
	if err != nil {
		t.Fatal(err)
	}
	if r.Quarantined != nil {
		t.Fatalf("left out: %v", r.Quarantined)
	}
	return r
}

// onlyPID is the process of an engine with one worker that is not in use.
func onlyPID(t testing.TB, e *Engine) int {
	t.Helper()
	s := <-e.slots
	defer func() { e.slots <- s }()
	if s.worker == nil {
		t.Fatal("the engine has no worker")
	}
	return s.worker.cmd.Process.Pid
}

// A document is what materialise.mjs writes.
type document struct {
	Name   string   `json:"name"`
	Chunks [][]byte `json:"chunks"`
	Heads  []string `json:"heads"`
	JSON   any      `json:"json"`
}

// documents has JavaScript make count random documents, after one with every kind.
func documents(t testing.TB, seed uint64, count int) []document {
	t.Helper()
	cmd := exec.Command("node", "materialise.mjs", strconv.FormatUint(seed, 10), strconv.Itoa(count))
	cmd.Dir = "../../testdata/automerge"
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node materialise.mjs %d %d: %v\n%s", seed, count, err, stderr.Bytes())
	}
	var docs []document
	for line := range strings.Lines(string(out)) {
		var d document
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	if len(docs) != count+1 {
		t.Fatalf("%d documents, want %d", len(docs), count+1)
	}
	return docs
}

// A draft is a change of one operation, which a test may get wrong.
type draft struct {
	actor   byte
	seq     uint64
	startOp uint64
	deps    []crdt.Hash
	key     string
	value   byte
	bytes   []byte // in place of value
	object  byte   // index into the actor table plus one; 0 is the root
}

// chunk encodes d, with a right checksum and nothing else checked.
func (d draft) chunk() []byte {
	body := binary.AppendUvarint(nil, uint64(len(d.deps)))
	for _, dep := range d.deps {
		body = append(body, dep[:]...)
	}
	body = append(body, 1, d.actor)
	body = binary.AppendUvarint(body, d.seq)
	body = binary.AppendUvarint(body, d.startOp)
	body = append(body, 0, 0, 0) // time, message, other actors
	type column struct {
		spec byte
		data []byte
	}
	var columns []column
	if d.object > 0 {
		columns = append(columns, column{0x01, []byte{0x7f, d.object - 1}}, column{0x02, []byte{0x7f, 1}})
	}
	meta, value := []byte{0x7f, 1<<4 | 4}, []byte{d.value & 0x3f}
	if d.bytes != nil {
		meta, value = binary.AppendUvarint([]byte{0x7f}, uint64(len(d.bytes))<<4|7), d.bytes
	}
	columns = append(columns,
		column{0x15, append([]byte{0x7f, byte(len(d.key))}, d.key...)},
		column{0x34, []byte{1}},
		column{0x42, []byte{0x7f, byte(crdt.Set)}},
		column{0x56, meta},
		column{0x57, value},
		column{0x70, []byte{0x7f, 0}})
	body = append(body, byte(len(columns)))
	for _, c := range columns {
		body = binary.AppendUvarint(append(body, c.spec), uint64(len(c.data)))
	}
	for _, c := range columns {
		body = append(body, c.data...)
	}
	return seal(body)
}

// seal makes a chunk of the body of a change.
func seal(body []byte) []byte {
	hash := hashBody(body)
	raw := append(append([]byte(nil), magic...), hash[:4]...)
	raw = binary.AppendUvarint(append(raw, plain), uint64(len(body)))
	return append(raw, body...)
}

func hashOf(t testing.TB, chunk []byte) crdt.Hash {
	t.Helper()
	c, err := readChange(chunk)
	if err != nil {
		t.Fatal(err)
	}
	return c.hash
}

// chain is n changes of one actor, each after the one before it, after deps.
func chain(t testing.TB, actor byte, n int, deps ...crdt.Hash) [][]byte {
	t.Helper()
	var chunks [][]byte
	for i := range n {
		d := draft{actor: actor, seq: uint64(i + 1), startOp: uint64(i + 1), deps: deps, key: "k" + strconv.Itoa(i%20), value: byte(i % 64)}
		chunks = append(chunks, d.chunk())
		deps = []crdt.Hash{hashOf(t, chunks[i])}
	}
	return chunks
}

// heavy is n changes of one actor that set a megabyte each.
func heavy(t testing.TB, actor byte, n int) [][]byte {
	t.Helper()
	var chunks [][]byte
	var deps []crdt.Hash
	for i := range n {
		d := draft{actor: actor, seq: uint64(i + 1), startOp: uint64(i + 1), deps: deps, key: "k" + strconv.Itoa(i), bytes: make([]byte, 1<<20)}
		chunks = append(chunks, d.chunk())
		deps = []crdt.Hash{hashOf(t, chunks[i])}
	}
	return chunks
}

// killer is a change after deps whose object names an actor that is not there.
// automerge-go aborts on it.
func killer(actor byte, deps ...crdt.Hash) []byte {
	return draft{actor: actor, seq: 1, startOp: 1000, deps: deps, key: "x", value: 1, object: 10}.chunk()
}

// counter reads a metric of r; labels are name, value, name, value …
func counter(t testing.TB, r *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetName(), l.GetValue())
			}
			if strings.Join(have, " ") == strings.Join(labels, " ") {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %v", name, labels)
	return 0
}

// logbook is a log that tests read.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// lines are the entries with a message.
func (l *logbook) lines(t testing.TB, message string) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	s := bufio.NewScanner(bytes.NewReader(l.b.Bytes()))
	for s.Scan() {
		var entry map[string]any
		if err := json.Unmarshal(s.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		if entry["msg"] == message {
			found = append(found, entry)
		}
	}
	return found
}

const patience = 30 * time.Second
