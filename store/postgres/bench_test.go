package postgres

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/postgres/pgtest"
	"wedsync/store/storetest"
)

// BenchmarkAppend stores batches of commits of one 160-byte chunk each, over
// 10,000 records of 10 suppliers, on a server that waits for the disk.
// cpu-us/commit counts this process and the server's, kernel included.
func BenchmarkAppend(b *testing.B) {
	srv, s := durable(b)
	versions := storetest.Stock(b, s)
	next := 0
	for _, size := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			first, before, server := next, storetest.CPU(), serverCPU(b, srv)
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
			done := float64(next - first)
			b.ReportMetric(float64((storetest.CPU()-before).Microseconds())/done, "hub-us/commit")
			b.ReportMetric(float64((serverCPU(b, srv)-server).Microseconds())/done, "server-us/commit")
			b.ReportMetric(done/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkReceive takes events in and to their end.
func BenchmarkReceive(b *testing.B) {
	for _, together := range []int{1, 50} {
		b.Run(fmt.Sprint(together), func(b *testing.B) {
			_, s := durable(b)
			storetest.BenchReceive(b, s, together)
		})
	}
}

// BenchmarkJobs puts jobs and waits until they have run.
func BenchmarkJobs(b *testing.B) {
	for _, together := range []int{1, 500} {
		b.Run(fmt.Sprint(together), func(b *testing.B) {
			_, s := durable(b)
			storetest.BenchJobs(b, s, together)
		})
	}
}

// BenchmarkHeads asks for the heads of 10,000 records, as many at once as a
// device has. The time is that of the whole storm.
func BenchmarkHeads(b *testing.B) {
	srv, s := durable(b)
	storetest.Stock(b, s)
	ids := make([]crdt.RecordID, storetest.Stocked)
	for i := range ids {
		ids[i] = storetest.StockID(i * 7919 % storetest.Stocked)
	}
	for _, size := range []int{20, 1000, storetest.Stocked} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			storms, before, server := 0, storetest.CPU(), serverCPU(b, srv)
			for b.Loop() {
				for at := 0; at < storetest.Stocked; at += size {
					found, err := s.Heads(b.Context(), ids[at:at+size])
					if err != nil || len(found) != size {
						b.Fatalf("heads: %d of %d, %v", len(found), size, err)
					}
				}
				storms++
			}
			b.ReportMetric(float64((storetest.CPU()-before).Microseconds())/1000/float64(storms), "hub-ms/10k")
			b.ReportMetric(float64((serverCPU(b, srv)-server).Microseconds())/1000/float64(storms), "server-ms/10k")
		})
	}
}

// durable opens a store in a server that waits for the disk.
func durable(b *testing.B) (*pgtest.Server, *Store) {
	b.Helper()
	srv, err := started(b.Context(), "fsync=on", "full_page_writes=on")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := srv.Close(); err != nil {
			b.Error(err)
		}
	})
	address, err := srv.Database(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return srv, opened(b, address)
}

// serverCPU is what the processes of a server have used so far, those that have
// ended included, to a hundredth of a second.
func serverCPU(b *testing.B, srv *pgtest.Server) time.Duration {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	postmaster, ticks := strconv.Itoa(srv.PID()), 0
	for _, file := range stats {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(content), ") ")
		fields := strings.Fields(after)
		own := filepath.Base(filepath.Dir(file)) == postmaster
		if !own && fields[1] != postmaster {
			continue
		}
		counted := fields[11:13]
		if own {
			counted = fields[11:15]
		}
		for _, f := range counted {
			n, err := strconv.Atoi(f)
			if err != nil {
				b.Fatal(err)
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// BenchmarkPull stores pulls of 500 e-mails.
func BenchmarkPull(b *testing.B) {
	_, s := durable(b)
	storetest.BenchPull(b, s)
}

// BenchmarkTimeline reads pages of a client with 10,000 items.
func BenchmarkTimeline(b *testing.B) {
	for name, q := range map[string]store.TimelineQuery{"all": {}, "text": {Text: "word12"}} {
		b.Run(name, func(b *testing.B) {
			_, s := durable(b)
			storetest.BenchTimeline(b, s, q)
		})
	}
}
