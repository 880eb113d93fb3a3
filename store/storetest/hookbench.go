package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"wedsync/store"
)

// BenchReceive stores events of 1,000 bytes that arrive so many at once, and takes
// each to its end as who works on it does: a claim, and an outcome.
func BenchReceive(b *testing.B, s store.Store, together int) {
	n := 0
	for b.Loop() {
		events := make([]store.InboxEvent, together)
		for i := range events {
			events[i] = event("rose", n)
			events[i].External, events[i].Body = fmt.Sprint(n), make([]byte, 1000)
			n++
		}
		if _, err := s.ReceiveEvents(b.Context(), events); err != nil {
			b.Fatal(err)
		}
		for i := range events {
			e := &events[i]
			e.Version = 1
			if err := s.UpdateEvent(b.Context(), *e); err != nil {
				b.Fatal(err)
			}
			e.Version, e.State, e.Outcome = 2, store.EventDone, []byte(`{}`)
			if err := s.UpdateEvent(b.Context(), *e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchJobs puts jobs, so many at once, until all have run.
func BenchJobs(b *testing.B, s store.Store, together int) {
	ctx, cancel := context.WithCancel(b.Context())
	var ran atomic.Int64
	done := make(chan struct{}, 1)
	put := int64(0)
	ended := make(chan error, 1)
	go func() {
		ended <- s.WorkJobs(ctx, map[string]store.Worker{"bench": {AtOnce: 16, Run: func(context.Context, store.Job) error {
			if ran.Add(1)%int64(together) == 0 {
				done <- struct{}{}
			}
			return nil
		}}})
	}()
	for b.Loop() {
		jobs := make([]store.Job, together)
		for i := range jobs {
			jobs[i] = store.Job{Kind: "bench", Supplier: "rose", Key: fmt.Sprint(put)}
			put++
		}
		if err := s.PutJobs(b.Context(), jobs...); err != nil {
			b.Fatal(err)
		}
		<-done
	}
	b.ReportMetric(float64(put)/b.Elapsed().Seconds(), "jobs/s")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}
