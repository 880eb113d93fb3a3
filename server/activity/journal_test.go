package activity

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// A journal is a supplier's in memory, with a hub that says when it moved on.
type journal struct {
	mu      sync.Mutex
	entries []store.Entry
	watcher *hub.Watcher
	reads   int
	fail    error
}

const epoch = "k3x9qmzw2p"

func (j *journal) Happenings(_ context.Context, _ string, after uint64, limit int) ([]store.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reads++
	if j.fail != nil {
		return nil, j.fail
	}
	from := min(after, uint64(len(j.entries)))
	return slices.Clone(j.entries[from:min(from+uint64(limit), uint64(len(j.entries)))]), nil
}

func (j *journal) HappeningsOf(_ context.Context, _ string, id crdt.RecordID, before uint64, limit int) (found []store.Entry, _ error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range slices.Backward(j.entries) {
		if e.Record == id && (before == 0 || e.Number < before) && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (j *journal) Ends(context.Context, []string) (map[string]store.End, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return map[string]store.End{"rose": {Number: uint64(len(j.entries))}}, nil
}

func (j *journal) Watch(_ string, w hub.Watcher) func() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.watcher = &w
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.watcher = nil
	}
}

// watched is who is told that the journal moved on, nil for nobody.
func (j *journal) watched() *hub.Watcher {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.watcher
}

// add adds an entry of one batch.
func (j *journal) add(id crdt.RecordID, o store.Origin) {
	j.mu.Lock()
	o.At = time.Now()
	j.entries = append(j.entries, store.Entry{
		Number: uint64(len(j.entries) + 1), Record: id, Version: 1, Batches: []store.Batch{{Origin: o}},
	})
	w := j.watcher
	j.mu.Unlock()
	if w != nil {
		w.Moved()
	}
}

// changed is what a device's change of some keys leaves in the journal.
func changed(user string, keys ...string) store.Origin {
	return store.Origin{
		Kind: "sync", From: conflicts.Principal{Supplier: "rose", User: user, Device: "phone", Role: conflicts.Member}, Changed: keys,
	}
}

func record(n byte) crdt.RecordID { return crdt.RecordID{n, 15: 1} }

// open begins streams over a journal.
func open(t *testing.T, j *journal, l Limits) *Streams {
	t.Helper()
	s := New(t.Context(), Options{Store: j, Hub: j, Epoch: epoch, Log: slog.New(slog.DiscardHandler), Limits: l})
	t.Cleanup(s.Close)
	return s
}
