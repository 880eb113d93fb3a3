package sqlite

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

// stocked is how many records the benchmarked stores hold.
const stocked = 10_000

// BenchmarkAppend stores batches of commits of one 160-byte chunk each, over
// 10,000 records of 10 suppliers. cpu-us/commit counts the whole process,
// kernel included.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := opened(b, b.TempDir())
			versions := stock(b, s)
			next, before := 0, cpu()
			for b.Loop() {
				commits := make([]store.Commit, size)
				for i := range commits {
					n := (next + i) % stocked
					commits[i] = benchCommit(n, versions[n])
					versions[n]++
				}
				next += size
				if stale, err := s.Append(b.Context(), commits); err != nil || len(stale) > 0 {
					b.Fatalf("append: %v, %d stale", err, len(stale))
				}
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(next), "cpu-us/commit")
		})
	}
}

// BenchmarkHeads asks for the heads of 10,000 records, as many at once as a
// device has. cpu-ms/10k is the whole storm.
func BenchmarkHeads(b *testing.B) {
	s := opened(b, b.TempDir())
	stock(b, s)
	ids := make([]crdt.RecordID, stocked)
	for i := range ids {
		ids[i] = benchID(i * 7919 % stocked)
	}
	for _, size := range []int{20, 1000, stocked} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			storms, before := 0, cpu()
			for b.Loop() {
				for at := 0; at < stocked; at += size {
					found, err := s.Heads(b.Context(), ids[at:at+size])
					if err != nil || len(found) != size {
						b.Fatalf("heads: %d of %d, %v", len(found), size, err)
					}
				}
				storms++
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(storms), "cpu-ms/10k")
		})
	}
}

// BenchmarkLoad opens a record of 100 commits.
func BenchmarkLoad(b *testing.B) {
	s := opened(b, b.TempDir())
	for v := range uint64(100) {
		appendOne(b, s, v)
	}
	for b.Loop() {
		if st, err := s.Load(b.Context(), one); err != nil || len(st.Batches) != 100 {
			b.Fatal(err)
		}
	}
}

// BenchmarkProject writes projections one by one, none of which waits for the disk.
func BenchmarkProject(b *testing.B) {
	s := opened(b, b.TempDir())
	stock(b, s)
	fields, n := make([]byte, 1000), 0
	for b.Loop() {
		if err := s.Project(b.Context(), store.Projection{Record: benchID(n % stocked), Heads: []crdt.Hash{{1}}, Fields: fields}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// stock stores the first commit of every record and returns their versions.
func stock(b *testing.B, s *Store) []uint64 {
	b.Helper()
	versions, commits := make([]uint64, stocked), make([]store.Commit, stocked)
	for n := range commits {
		commits[n], versions[n] = benchCommit(n, 0), 1
	}
	if _, err := s.Append(b.Context(), commits); err != nil {
		b.Fatal(err)
	}
	return versions
}

// benchID scatters ids as hashes do.
func benchID(n int) (id crdt.RecordID) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	return id
}

func benchCommit(n int, version uint64) store.Commit {
	return store.Commit{
		Supplier: fmt.Sprint("supplier-", n%10),
		Record:   benchID(n),
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

// cpu is what the process has used so far.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
