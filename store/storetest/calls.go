package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// must appends commits of which none may be stale.
func (b *bench) must(commits ...store.Commit) {
	b.Helper()
	b.expectStale(nil, commits...)
}

// expectStale appends commits of which exactly these records must be stale.
func (b *bench) expectStale(want []crdt.RecordID, commits ...store.Commit) {
	b.Helper()
	stale, err := b.Append(b.ctx, commits)
	if err != nil {
		b.Fatalf("append: %v", err)
	}
	b.same("stale records", stale, want)
}

func (b *bench) load(id crdt.RecordID) *store.Stored {
	b.Helper()
	st, err := b.Load(b.ctx, id)
	if err != nil {
		b.Fatalf("load %s: %v", id, err)
	}
	return st
}

// version of a record, 0 if there is none.
func (b *bench) version(id crdt.RecordID) uint64 {
	b.Helper()
	found, err := b.Heads(b.ctx, []crdt.RecordID{id})
	if err != nil {
		b.Fatalf("heads: %v", err)
	}
	return found[id].Version
}

func (b *bench) journal(supplier string, after uint64, limit int) []store.Entry {
	b.Helper()
	entries, err := b.Journal(b.ctx, supplier, after, limit)
	if err != nil {
		b.Fatalf("journal: %v", err)
	}
	return entries
}

func (b *bench) history(supplier string, id crdt.RecordID, after uint64, limit int) []store.Entry {
	b.Helper()
	entries, err := b.History(b.ctx, supplier, id, after, limit)
	if err != nil {
		b.Fatalf("history: %v", err)
	}
	return entries
}

func (b *bench) queue(supplier string, q store.ConflictQuery) []conflicts.Conflict {
	b.Helper()
	return store.ConflictsOf(b.queued(supplier, q))
}

func (b *bench) queued(supplier string, q store.ConflictQuery) []store.QueuedConflict {
	b.Helper()
	rows, err := b.Conflicts(b.ctx, supplier, q)
	if err != nil {
		b.Fatalf("conflicts: %v", err)
	}
	return rows
}

func (b *bench) notFound(what string, err error) {
	b.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		b.Errorf("%s: got error %v, want %v", what, err, store.ErrNotFound)
	}
}

// ok stops the case if a call that must succeed did not.
func (b *bench) ok(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// same compares by content: nil equals empty, times are equal at one instant.
func (b *bench) same(what string, got, want any) {
	b.Helper()
	same(b.T, what, got, want)
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	instant := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	if diff := cmp.Diff(want, got, instant, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
