package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
)

const (
	filledSuppliers = 8
	filledBatch     = 500 // commits of one transaction
	filledChange    = 120 // bytes of a change, about what a device's takes
)

// fillStore makes a data directory with so many records that each have so many
// changes, beside something of everything. Every tenth record has a conflict with
// a verdict on it.
func fillStore(t *testing.T, random *rand.Rand, records, changes int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, s)
	bytes := rand.NewChaCha8([32]byte{byte(random.Uint32())})
	for version := range changes {
		for first := 0; first < records; first += filledBatch {
			var commits []store.Commit
			for n := first; n < min(first+filledBatch, records); n++ {
				commits = append(commits, filledCommit(bytes, n, uint64(version)))
			}
			if stale, err := s.Append(t.Context(), commits); err != nil || len(stale) > 0 {
				t.Fatalf("append: %v, %d stale", err, len(stale))
			}
		}
	}
	_, err = s.Identity(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// filledCommit is the next change of the n-th record.
func filledCommit(bytes *rand.ChaCha8, n int, version uint64) store.Commit {
	supplier := fmt.Sprintf("supplier-%d", n%filledSuppliers)
	var id crdt.RecordID
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	id[0] = 0x80
	c := store.Commit{
		Supplier: supplier, Record: id, Version: version, State: store.Listed, Heads: make([]crdt.Hash, 1),
		Batches: []store.Batch{{
			Chunks: [][]byte{make([]byte, filledChange)},
			Origin: store.Origin{Kind: "sync", From: conflicts.Principal{Supplier: supplier, User: "ada", Device: "phone", Role: conflicts.Member}, At: time.Unix(int64(version), int64(n))},
		}},
		Ledger: []byte(`{"version":2}`),
	}
	_, _ = bytes.Read(c.Heads[0][:]) // it never fails
	_, _ = bytes.Read(c.Batches[0].Chunks[0])
	if n%10 == 0 && version == 0 {
		key := fmt.Sprintf("%026d", n)
		c.Conflicts = []conflicts.Conflict{{ID: "c" + key, Record: id, Field: "budget", Status: conflicts.Pending, Version: 1, OpenedAt: c.Batches[0].Origin.At}}
		c.Receipts = []conflicts.Receipt{{ID: "r" + key, User: "ada", Record: id, Field: "budget", Conflict: "c" + key}}
	}
	return c
}
