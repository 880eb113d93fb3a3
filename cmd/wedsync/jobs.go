package main

import (
	"context"
	"log/slog"
	"time"

	"wedsync/store"
)

// jobsAgain is how long it takes until jobs are run again that could not be.
const jobsAgain = 5 * time.Second

// runJobs runs the jobs of a store. What it returns ends that, and returns once
// none runs.
func runJobs(ctx context.Context, jobs store.Jobs, workers map[string]store.Worker, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends with stop
		defer close(ended)
		for ctx.Err() == nil {
			err := jobs.WorkJobs(ctx, workers)
			if err == nil || ctx.Err() != nil {
				return
			}
			log.Error("jobs are not run: webhooks wait; trying again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(jobsAgain):
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
