package hub_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// A crashing store keeps the hub's identity whatever becomes of the rest, and
// fails in an append on cue.
type crashing struct {
	store.Store
	fault atomic.Int32 // a storetest.Fault of the next append, 0 for none
}

var modelIdentity = store.Identity{
	Secret: []byte("0123456789abcdef0123456789abcdef"), StorageID: "6a4e3f0e-9e0a-4d6e-8b69-3d3f0a3c3d11",
}

func (s *crashing) Identity(context.Context) (store.Identity, error) { return modelIdentity, nil }

func (s *crashing) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	fault := storetest.Fault(s.fault.Swap(0))
	if fault == storetest.NotDone {
		return nil, storetest.ErrFault
	}
	stale, err := s.Store.Append(ctx, commits)
	if err == nil && fault == storetest.AnswerLost {
		return nil, storetest.ErrFault
	}
	return stale, err
}

// memoryDir is a directory in memory where there is one: the model is about
// what is stored, not about the disk.
func memoryDir(t interface{ Fatalf(string, ...any) }) string {
	const memory = "/dev/shm"
	parent := ""
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "wedsync-model-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	return dir
}

// start opens the store and begins a hub over it.
func (m *model) start() {
	inner, err := open(m.ctx, m.dir)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	m.store = &crashing{Store: inner}
	m.hub, err = hub.New(m.ctx, hub.Options{
		Store: m.store, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler),
		Now:    func() time.Time { return time.Unix(0, m.clock.Load()).UTC() },
		Limits: hub.Limits{ComeBack: atOnce},
	})
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	m.converted()
}

// converted waits until all records are judged by the policy in force.
func (m *model) converted() {
	if _, err := m.hub.Policy(m.ctx, modelSupplier); err != nil {
		m.t.Fatalf("policy: %v", err)
	}
	for !m.hub.PolicyJob(modelSupplier).Finished {
		runtime.Gosched()
	}
}

// stop ends the hub, and everything that waited in its memory.
func (m *model) stop() {
	m.hub.Close()
	if err := m.store.Close(); err != nil {
		m.t.Fatalf("close: %v", err)
	}
}

// backUp copies the store, whose hub has stopped.
func (m *model) backUp() {
	m.backups++
	copyDir(m.t, m.dir, m.backup(m.backups))
}

func (m *model) backup(n int) string {
	return filepath.Join(m.dir, "..", "backup", string(rune('a'+n)))
}

// copyDir makes a directory the copy of another.
func copyDir(t interface{ Fatalf(string, ...any) }, from, to string) {
	if err := os.RemoveAll(to); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatalf("copy: %v", err)
	}
}
