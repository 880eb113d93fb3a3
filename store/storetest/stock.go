package storetest

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// Stocked is how many records a benchmarked store holds.
const Stocked = 10_000

// Stock stores the first commit of every record and returns their versions.
func Stock(b *testing.B, s store.Appender) []uint64 {
	b.Helper()
	versions, commits := make([]uint64, Stocked), make([]store.Commit, Stocked)
	for n := range commits {
		commits[n], versions[n] = StockCommit(n, 0), 1
	}
	if _, err := s.Append(b.Context(), commits); err != nil {
		b.Fatal(err)
	}
	return versions
}

// StockID is the n-th record. Ids are scattered as those of hashes are.
func StockID(n int) (id crdt.RecordID) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	return id
}

// StockCommit moves the n-th record from a version to the next.
func StockCommit(n int, version uint64) store.Commit {
	return store.Commit{
		Supplier: fmt.Sprint("supplier-", n%10),
		Record:   StockID(n),
		Version:  version,
		State:    store.Listed,
		Heads:    []crdt.Hash{{byte(n), byte(version)}},
		Batches: []store.Batch{{Chunks: [][]byte{make([]byte, 160)}, Origin: store.Origin{
			Kind:   "sync",
			From:   conflicts.Principal{Supplier: "supplier-1", User: "user-12345", Device: "device-1234", Role: conflicts.Owner},
			Policy: 1,
			At:     time.Date(2026, 11, 22, 14, 12, 0, 123456789, time.UTC),
		}}},
	}
}

// CPU is what this process has used so far, the kernel on its behalf included.
func CPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
