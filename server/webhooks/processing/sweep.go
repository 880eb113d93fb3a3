package processing

import (
	"context"
	"errors"
	"time"

	"wedsync/server/webhooks/inbound"
	"wedsync/store"
)

const (
	sweepEvery = 30 * time.Second
	overdue    = time.Minute // how long an event is left to the job that it has
	sweepOf    = 1000        // events of a sweep

	keepContent = 30 * 24 * time.Hour  // of events that are done
	keepKeys    = 180 * 24 * time.Hour // by which repetitions are known
	forgetOf    = 1000                 // events of a transaction
	forgetTimes = 10                   // transactions of a sweep
)

// Sweep has events worked on whose job was lost, and forgets old ones.
func (p *Processor) Sweep(ctx context.Context) error {
	return errors.Join(p.wake(ctx), p.forget(ctx))
}

func (p *Processor) wake(ctx context.Context) error {
	due, err := p.Store.DueEvents(ctx, p.Now().Add(-overdue), sweepOf)
	if err != nil || len(due) == 0 {
		return err
	}
	jobs := make([]store.Job, len(due))
	for i, key := range due {
		jobs[i] = store.Job{Kind: inbound.JobKind, Supplier: key.Supplier, Key: key.ID}
	}
	p.metrics.rung.Add(float64(len(jobs)))
	return p.Jobs.PutJobs(ctx, jobs...)
}

func (p *Processor) forget(ctx context.Context) error {
	now := p.Now()
	for range forgetTimes {
		n, err := p.Store.ForgetEvents(ctx, now.Add(-keepContent), now.Add(-keepKeys), forgetOf)
		if err != nil || n < forgetOf {
			return err
		}
	}
	return nil
}
