package engine

import (
	"context"
	"errors"
	"os"
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
