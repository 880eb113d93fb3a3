package main

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/timeline"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/sending"
	"wedsync/store"
)

// A workshop is what a hub works on that no request waits for.
type workshop struct {
	jobs    store.Jobs
	workers map[string]store.Worker
	sender  *sending.Sender
	log     *slog.Logger
}

// workers are the jobs of webhooks, those that come and those that go, and of
// communications.
func workers(events *processing.Processor, sender *sending.Sender, keeper *account.Keeper, engine *pulling.Engine, talk *timeline.Timeline) map[string]store.Worker {
	all := events.Workers()
	maps.Copy(all, sender.Workers())
	maps.Copy(all, keeper.Workers())
	maps.Copy(all, engine.Workers())
	maps.Copy(all, talk.Workers())
	return all
}

// begin begins the work. It goes on until ctx ends or stop is called, which
// returns when all of it has ended.
func (w *workshop) begin(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { w.sender.Run(ctx) })
	all.Go(func() { w.work(ctx) })
	return func() {
		cancel()
		all.Wait()
	}
}

// workAgain is how long after jobs could not be run they are tried again.
const workAgain = 5 * time.Second

// work runs jobs until ctx ends. It begins with what a process has left that was
// killed: the first sweep by itself would come once that one's lead over the
// queue has run out.
func (w *workshop) work(ctx context.Context) {
	if err := w.jobs.PutJobs(ctx, store.Job{Kind: pulling.SweepKind}); err != nil && ctx.Err() == nil {
		w.log.Warn("accounts are read a little later", "err", err)
	}
	for {
		err := w.jobs.WorkJobs(ctx, w.workers)
		if ctx.Err() != nil {
			return
		}
		w.log.Warn("jobs cannot be run now; trying again", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(workAgain):
		}
	}
}
