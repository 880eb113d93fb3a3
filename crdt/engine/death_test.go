package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/crdt"
)

const (
	deaths      = "wedsync_engine_worker_deaths_total"
	restarts    = "wedsync_engine_worker_restarts_total"
	quarantines = "wedsync_engine_quarantined_total"
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

func TestWorkerKilledBetweenCallsIsReplaced(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry})
	pid := onlyPID(t, e)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	materialise(t, e, record, chain(t, 0xaa, 3))
	if got := e.Quarantined(); len(got) != 0 {
		t.Errorf("quarantine holds %v", got)
	}
	if now := onlyPID(t, e); now == pid {
		t.Errorf("worker is still process %d", pid)
	}
	if got := counter(t, registry, restarts); got != 1 {
		t.Errorf("%v restarts, want 1", got)
	}
	if got := counter(t, registry, "wedsync_engine_worker_rss_bytes", "worker", "0"); got <= 0 {
		t.Errorf("resident memory %v", got)
	}
}

func TestStoppedWorkerIsKilledAtTheDeadline(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, Deadline: 2 * time.Second})
	pid := onlyPID(t, e)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := e.Materialise(context.Background(), record, chain(t, 0xaa, 3))
	if !errors.Is(err, ErrTimeout) {
		t.Fatalf("got %v, want %v", err, ErrTimeout)
	}
	if took := time.Since(began); took < time.Second || took > patience {
		t.Errorf("took %v", took)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d still exists: %v", pid, err)
	}
	if got := counter(t, registry, deaths, "cause", "timeout"); got != 1 {
		t.Errorf("%v timeouts counted, want 1", got)
	}
	if _, err := e.Materialise(context.Background(), record, nil); !errors.Is(err, ErrHeld) {
		t.Errorf("the same record again: %v, want %v", err, ErrHeld)
	}
	materialise(t, e, crdt.RecordID{2}, chain(t, 0xaa, 3))
}

func TestCallerThatGivesUpIsNotKeptWaiting(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, Deadline: patience})
	if err := syscall.Kill(onlyPID(t, e), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := e.Materialise(ctx, record, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want %v", err, context.DeadlineExceeded)
	}
	materialise(t, e, record, chain(t, 0xaa, 3))
	if got := counter(t, registry, deaths, "cause", "cancelled"); got != 1 {
		t.Errorf("%v cancelled calls counted, want 1", got)
	}
}

func TestMemoryOfAWorkerIsLimited(t *testing.T) {
	if _, data := memoryUse(); data == 0 {
		t.Log("this system limits no memory: only that the record loads is tested")
		materialise(t, start(t, Options{}), record, chain(t, 0xaa, 10))
		return
	}
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, MemoryLimit: minMemory})
	materialise(t, e, crdt.RecordID{2}, chain(t, 0xaa, 100))
	_, err := e.Materialise(context.Background(), record, heavy(t, 0xbb, 40))
	if !errors.Is(err, ErrQuarantined) {
		t.Fatalf("got %v, want %v", err, ErrQuarantined)
	}
	if got := counter(t, registry, deaths, "cause", "memory"); got < 2 {
		t.Errorf("%v deaths of memory counted, want 2 or more", got)
	}
	// Where exactly memory ends is not the same each time.
	for tries := 0; errors.Is(err, ErrQuarantined) && tries < 5; tries++ {
		_, err = e.Materialise(context.Background(), record, heavy(t, 0xbb, 40))
	}
	if err != nil {
		t.Errorf("what fits of the record: %v", err)
	}
	materialise(t, e, crdt.RecordID{2}, chain(t, 0xaa, 100))
}

func TestWornWorkerIsReplaced(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := start(t, Options{Registerer: registry, RecycleAfter: 2})
	for range 5 {
		materialise(t, e, record, chain(t, 0xaa, 3))
	}
	if got := counter(t, registry, restarts); got != 2 {
		t.Errorf("%v restarts in 5 calls, want 2", got)
	}
	for _, c := range []cause{crashed, outOfMem, timedOut, idle} {
		if got := counter(t, registry, deaths, "cause", string(c)); got != 0 {
			t.Errorf("%v deaths of cause %s", got, c)
		}
	}
}

func TestCloseLeavesNoProcess(t *testing.T) {
	e := start(t, Options{Workers: 2})
	var pids []int
	for range 2 {
		s := <-e.slots
		pids = append(pids, s.worker.cmd.Process.Pid)
		e.slots <- s
	}
	if pids[0] == pids[1] {
		t.Fatal("two workers are one process")
	}
	if err := syscall.Kill(pids[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	calls := make(chan error)
	for range 4 {
		go func() { // ends with its one answer, which is received below
			_, err := e.Materialise(context.Background(), record, nil)
			calls <- err
		}()
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := <-calls; err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("a call under way: %v, want %v", err, ErrClosed)
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d still exists: %v", pid, err)
		}
	}
	if _, err := e.Materialise(context.Background(), record, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want %v", err, ErrClosed)
	}
}

func TestProgramThatIsNoWorkerIsReported(t *testing.T) {
	for name, command := range map[string][]string{
		"ends at once":   {"/bin/true"},
		"does not exist": {"/does/not/exist"},
		"says nonsense":  {"/bin/echo", "Hello. This is no frame."},
	} {
		_, err := Start(context.Background(), Options{Command: command})
		if !errors.Is(err, ErrWorker) {
			t.Errorf("%s: %v, want %v", name, err, ErrWorker)
		}
	}
}

func TestWorkerStartsNoWorkers(t *testing.T) {
	t.Setenv(workerVariable, "1")
	if _, err := Start(context.Background(), Options{}); err == nil {
		t.Error("a process that is a worker started one")
	}
}

func TestWorkersDoNotSeeTheEnvironment(t *testing.T) {
	t.Setenv("WEDSYNC_SECRET", "secret")
	e := start(t, Options{})
	s := <-e.slots
	defer func() { e.slots <- s }()
	for _, v := range s.worker.cmd.Env {
		if v == "WEDSYNC_SECRET="+os.Getenv("WEDSYNC_SECRET") {
			t.Error("the worker has the hub's secret")
		}
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

func TestHoldsGrowAndAreBounded(t *testing.T) {
	var h held
	now := time.Unix(1_800_000_000, 0)
	for i := range maxHeld + 1 {
		h.hold(crdt.RecordID{1, byte(i), byte(i >> 8)}, now.Add(time.Duration(i)), time.Second)
	}
	if len(h.records) != maxHeld {
		t.Errorf("%d records held, want %d", len(h.records), maxHeld)
	}
	if err := h.check(crdt.RecordID{1}, now); err != nil {
		t.Errorf("the record that could be tried soonest is still held: %v", err)
	}
	other := crdt.RecordID{9}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if got := h.hold(other, now, time.Second).Sub(now); got != want {
			t.Errorf("held for %v, want %v", got, want)
		}
	}
	for range 20 {
		h.hold(other, now, time.Second)
	}
	if got := h.hold(other, now, time.Second).Sub(now); got != longHold {
		t.Errorf("held for %v, want %v", got, longHold)
	}
	if err := h.check(other, now.Add(longHold)); err != nil {
		t.Errorf("when the time is over: %v", err)
	}
	h.release(other)
	if err := h.check(other, now); err != nil {
		t.Errorf("after it was well: %v", err)
	}
}
