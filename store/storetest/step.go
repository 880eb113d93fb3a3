package storetest

import (
	"testing"

	"wedsync/crdt"
	"wedsync/store"
)

// One is the record that steps move.
var One = crdt.RecordID{1}

// Step moves a small record from a version to the next.
func Step(version uint64) []store.Commit {
	return []store.Commit{{
		Supplier: "rose", Record: One, Version: version, State: store.Listed,
		Heads:   []crdt.Hash{{byte(version)}},
		Batches: []store.Batch{{Chunks: [][]byte{make([]byte, 160)}}},
		Ledger:  []byte(`{}`),
	}}
}

// AppendStep stores a step, which must not be stale.
func AppendStep(t testing.TB, s store.Appender, version uint64) {
	t.Helper()
	if stale, err := s.Append(t.Context(), Step(version)); err != nil || len(stale) > 0 {
		t.Fatalf("append: %v, %d stale", err, len(stale))
	}
}
