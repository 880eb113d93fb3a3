package engine

import (
	"bufio"
	"bytes"
	"context"
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
