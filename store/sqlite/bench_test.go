package sqlite

import (
	"fmt"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/storetest"
)

// BenchmarkAppend stores batches of commits of one 160-byte chunk each, over
// 10,000 records of 10 suppliers. cpu-us/commit counts the whole process,
// kernel included.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := opened(b, b.TempDir())
			versions := storetest.Stock(b, s)
			next, before := 0, storetest.CPU()
			for b.Loop() {
				commits := make([]store.Commit, size)
				for i := range commits {
					n := (next + i) % storetest.Stocked
					commits[i] = storetest.StockCommit(n, versions[n])
					versions[n]++
				}
				next += size
				if stale, err := s.Append(b.Context(), commits); err != nil || len(stale) > 0 {
					b.Fatalf("append: %v, %d stale", err, len(stale))
				}
			}
			b.ReportMetric(float64((storetest.CPU()-before).Microseconds())/float64(next), "cpu-us/commit")
		})
	}
}

// BenchmarkHeads asks for the heads of 10,000 records, as many at once as a
// device has. cpu-ms/10k is the whole storm.
func BenchmarkHeads(b *testing.B) {
	s := opened(b, b.TempDir())
	storetest.Stock(b, s)
	ids := make([]crdt.RecordID, storetest.Stocked)
	for i := range ids {
		ids[i] = storetest.StockID(i * 7919 % storetest.Stocked)
	}
	for _, size := range []int{20, 1000, storetest.Stocked} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			storms, before := 0, storetest.CPU()
			for b.Loop() {
				for at := 0; at < storetest.Stocked; at += size {
					found, err := s.Heads(b.Context(), ids[at:at+size])
					if err != nil || len(found) != size {
						b.Fatalf("heads: %d of %d, %v", len(found), size, err)
					}
				}
				storms++
			}
			b.ReportMetric(float64((storetest.CPU()-before).Microseconds())/1000/float64(storms), "cpu-ms/10k")
		})
	}
}

// BenchmarkLoad opens a record of 100 commits.
func BenchmarkLoad(b *testing.B) {
	s := opened(b, b.TempDir())
	for v := range uint64(100) {
		storetest.AppendStep(b, s, v)
	}
	for b.Loop() {
		if st, err := s.Load(b.Context(), storetest.One); err != nil || len(st.Batches) != 100 {
			b.Fatal(err)
		}
	}
}

// BenchmarkProject writes projections one by one, none of which waits for the disk.
func BenchmarkProject(b *testing.B) {
	s := opened(b, b.TempDir())
	storetest.Stock(b, s)
	fields, n := make([]byte, 1000), 0
	for b.Loop() {
		if err := s.Project(b.Context(), store.Projection{Record: storetest.StockID(n % storetest.Stocked), Heads: []crdt.Hash{{1}}, Fields: fields}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkReceive takes events in and to their end.
func BenchmarkReceive(b *testing.B) {
	for _, together := range []int{1, 50} {
		b.Run(fmt.Sprint(together), func(b *testing.B) { storetest.BenchReceive(b, opened(b, b.TempDir()), together) })
	}
}

// BenchmarkJobs puts jobs and waits until they have run.
func BenchmarkJobs(b *testing.B) {
	for _, together := range []int{1, 500} {
		b.Run(fmt.Sprint(together), func(b *testing.B) { storetest.BenchJobs(b, opened(b, b.TempDir()), together) })
	}
}

// BenchmarkOpen opens and closes a store, which makes its tables, without jobs and
// with some.
func BenchmarkOpen(b *testing.B) {
	for _, jobs := range []int{0, 1} {
		b.Run(fmt.Sprint(jobs, " jobs"), func(b *testing.B) {
			for b.Loop() {
				s, err := Open(b.Context(), b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				for range jobs {
					if err := s.PutJobs(b.Context(), store.Job{Kind: "bench"}); err != nil {
						b.Fatal(err)
					}
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPull stores pulls of 500 e-mails.
func BenchmarkPull(b *testing.B) {
	s := opened(b, b.TempDir())
	storetest.BenchPull(b, s)
}

// BenchmarkTimeline reads pages of a client with 10,000 items.
func BenchmarkTimeline(b *testing.B) {
	for name, q := range map[string]store.TimelineQuery{"all": {}, "text": {Text: "word12"}} {
		b.Run(name, func(b *testing.B) {
			s := opened(b, b.TempDir())
			storetest.BenchTimeline(b, s, q)
		})
	}
}
