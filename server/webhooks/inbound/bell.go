package inbound

import (
	"context"
	"log/slog"
	"time"

	"wedsync/store"
)

// JobKind is the kind of jobs that have an event worked on; their key is its id.
const JobKind = "webhook_event"

const (
	maxBells   = 64 // transactions whose jobs wait to be put; of more the sweep finds the events
	bellWithin = 10 * time.Second
)

// A bell puts the jobs of events that were kept. That it cannot is nobody's loss:
// events that are due are found without a job.
type bell struct {
	jobs  Jobs
	log   *slog.Logger
	queue chan []store.Job
	ended chan struct{} // closed when run has returned
}

func newBell(j Jobs, log *slog.Logger) *bell {
	return &bell{jobs: j, log: log, queue: make(chan []store.Job, maxBells), ended: make(chan struct{})}
}

// ring has jobs put, soon. The keeper alone calls it, and then close.
func (b *bell) ring(jobs []store.Job) {
	if len(jobs) == 0 {
		return
	}
	select {
	case b.queue <- jobs:
	default:
	}
}

func (b *bell) close() { close(b.queue) }

func (b *bell) wait() { <-b.ended }

// run puts jobs until the bell is closed. That none can be put is logged once, and
// so is that they can again.
func (b *bell) run(ctx context.Context) {
	defer close(b.ended)
	failing := false
	for jobs := range b.queue {
		err := b.put(ctx, b.gather(jobs))
		switch {
		case err != nil && !failing:
			b.log.WarnContext(ctx, "jobs of webhooks cannot be put; their events are worked on later", "err", err)
		case err == nil && failing:
			b.log.InfoContext(ctx, "jobs of webhooks can be put again")
		}
		failing = err != nil
	}
}

// gather takes the jobs that wait behind some.
func (b *bell) gather(jobs []store.Job) []store.Job {
	for len(jobs) < maxTogether {
		select {
		case more, ok := <-b.queue:
			if !ok {
				return jobs
			}
			jobs = append(jobs, more...)
		default:
			return jobs
		}
	}
	return jobs
}

func (b *bell) put(ctx context.Context, jobs []store.Job) error {
	ctx, cancel := context.WithTimeout(ctx, bellWithin)
	defer cancel()
	return b.jobs.PutJobs(ctx, jobs...)
}
