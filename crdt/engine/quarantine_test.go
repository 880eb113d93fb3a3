package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/crdt"
)

func TestChangeThatKillsIsFoundAndLeftOut(t *testing.T) {
	var book logbook
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, Log: slog.New(slog.NewJSONHandler(&book, nil))})
	honest := chain(t, 0xaa, 30)
	bad := killer(0xbb, hashOf(t, honest[9]))
	child := draft{actor: 0xcc, seq: 1, startOp: 2000, deps: []crdt.Hash{hashOf(t, bad)}, key: "child", value: 1}.chunk()
	chunks := slices.Concat(honest[:20], [][]byte{bad, child}, honest[20:])

	_, err := e.Materialise(context.Background(), record, chunks)
	var q *QuarantineError
	if !errors.As(err, &q) || !errors.Is(err, ErrQuarantined) {
		t.Fatalf("first call: %v, want %v", err, ErrQuarantined)
	}
	if q.Change != hashOf(t, bad) || q.Record != record {
		t.Fatalf("blames %s of %s, want %s of %s", q.Change, q.Record, hashOf(t, bad), record)
	}

	before := counter(t, registry, deaths, "cause", "crash")
	r, err := e.Materialise(context.Background(), record, chunks)
	if err != nil {
		t.Fatal(err)
	}
	if want := []crdt.Hash{hashOf(t, bad), hashOf(t, child)}; !slices.Equal(r.Quarantined, want) {
		t.Errorf("left out %v, want %v", r.Quarantined, want)
	}
	whole := materialise(t, e, crdt.RecordID{9}, honest)
	if string(r.JSON) != string(whole.JSON) || !slices.Equal(r.Heads, whole.Heads) {
		t.Errorf("shows %s at %v, want %s at %v", r.JSON, r.Heads, whole.JSON, whole.Heads)
	}
	if _, err := e.Save(context.Background(), record, chunks); !errors.Is(err, ErrQuarantined) {
		t.Errorf("save of a history with a change in quarantine: %v", err)
	}
	if after := counter(t, registry, deaths, "cause", "crash"); after != before {
		t.Errorf("%v workers died of a change in quarantine", after-before)
	}

	if got := e.Quarantined(); !slices.Equal(got, []Quarantined{{record, hashOf(t, bad)}}) {
		t.Errorf("quarantine holds %v", got)
	}
	if got := counter(t, registry, quarantines); got != 1 {
		t.Errorf("%v changes counted in quarantine, want 1", got)
	}
	if before < 2 || before > 2+6 {
		t.Errorf("%v workers died in the search, want 2 to 8", before)
	}
	entries := book.lines(t, "engine cannot take a change, it is in quarantine")
	if len(entries) != 1 || entries[0]["change"] != hashOf(t, bad).String() || entries[0]["record"] != record.String() {
		t.Errorf("log: %v", entries)
	}
}

func TestKillerInOneRecordIsNoneInAnother(t *testing.T) {
	e := start(t, Options{})
	bad := killer(0xbb)
	for _, id := range []crdt.RecordID{{1}, {2}} {
		if _, err := e.Materialise(context.Background(), id, [][]byte{bad}); !errors.Is(err, ErrQuarantined) {
			t.Fatalf("record %s: %v", id, err)
		}
	}
	if got := e.Quarantined(); len(got) != 2 {
		t.Errorf("quarantine holds %v, want one change of each record", got)
	}
}

func TestEachKillerOfARecordIsFound(t *testing.T) {
	e := start(t, Options{})
	honest := chain(t, 0xaa, 5)
	chunks := slices.Concat(honest, [][]byte{killer(0xbb), killer(0xcc)})
	for range 2 {
		if _, err := e.Materialise(context.Background(), record, chunks); !errors.Is(err, ErrQuarantined) {
			t.Fatalf("got %v", err)
		}
	}
	r, err := e.Materialise(context.Background(), record, chunks)
	if err != nil || len(r.Quarantined) != 2 {
		t.Fatalf("got %+v, %v, want two changes left out", r, err)
	}
}

func TestChangeThatIsRefusedIsFoundAndLeftOut(t *testing.T) {
	e := start(t, Options{})
	// The last number that an operation can have leaves none for the next change.
	poison := draft{actor: 0xbb, seq: 1, startOp: 1<<32 - 1, key: "p", value: 1}.chunk()
	next := draft{actor: 0xbb, seq: 2, startOp: 1 << 32, deps: []crdt.Hash{hashOf(t, poison)}, key: "p", value: 2}.chunk()
	chunks := slices.Concat(chain(t, 0xaa, 5), [][]byte{poison, next}, chain(t, 0xcc, 5))
	_, err := e.Materialise(context.Background(), record, chunks)
	var q *QuarantineError
	if !errors.As(err, &q) || q.Change != hashOf(t, next) {
		t.Fatalf("got %v, want %s in quarantine", err, hashOf(t, next))
	}
	r, err := e.Materialise(context.Background(), record, chunks)
	if err != nil || len(r.Quarantined) != 1 || len(r.Heads) != 3 {
		t.Fatalf("got %+v, %v, want all but one change", r, err)
	}
}

// Few mutants kill a worker, so that a killer is among them now and then.
func TestMutatedChangesCostOnlyTheirOwnRecord(t *testing.T) {
	const mutants, between = 60, 20 // killers
	seed := uint64(rand.Uint32())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	docs := documents(t, seed, 20)
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, Deadline: 2 * time.Second})
	expected := []error{ErrQuarantined, ErrTimeout, crdt.ErrMalformed, crdt.ErrInvalid, crdt.ErrLimit}
	for n := range mutants {
		d := docs[r.IntN(len(docs))]
		chunks := slices.Clone(d.Chunks)
		body := slices.Clone(bodyOf(t, chunks[len(chunks)-1]))
		for range 1 + r.IntN(3) {
			body[r.IntN(len(body))] = byte(r.Uint32())
		}
		chunks[len(chunks)-1] = seal(body)
		if n%between == between-1 {
			chunks = append(d.Chunks[:len(d.Chunks):len(d.Chunks)], killer(0xbb))
		}
		id := crdt.RecordID{0xff, byte(n), byte(n >> 8)}
		_, err := e.Materialise(context.Background(), id, chunks)
		known := func(want error) bool { return errors.Is(err, want) }
		if err != nil && !slices.ContainsFunc(expected, known) {
			t.Fatalf("seed %d, mutant %d: %v", seed, n, err)
		}
	}
	if got := counter(t, registry, deaths, "cause", "crash"); got < mutants/between {
		t.Errorf("seed %d: %v workers died, so this test shows nothing", seed, got)
	}
	for _, d := range docs {
		materialise(t, e, record, d.Chunks)
	}
}

func TestQuarantineForgetsTheOldest(t *testing.T) {
	var q quarantine
	for i := range maxQuarantined + 1 {
		q.add(Quarantined{Record: record, Change: crdt.Hash{byte(i), byte(i >> 8)}})
		q.add(Quarantined{Record: record, Change: crdt.Hash{byte(i), byte(i >> 8)}})
	}
	list := q.list()
	if len(list) != maxQuarantined || list[0].Change != (crdt.Hash{1}) {
		t.Errorf("%d entries from %v, want %d from %v", len(list), list[0].Change, maxQuarantined, crdt.Hash{1})
	}
	if bad := q.of(crdt.RecordID{9}); bad != nil {
		t.Errorf("another record has %v", bad)
	}
}
