package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"wedsync/store"
)

// How River works. What it has finished it forgets soon.
const (
	fetchPause   = 5 * time.Millisecond // between looks for more jobs, while there are some
	completedFor = time.Minute
	failedFor    = 24 * time.Hour
	rescueAfter  = store.MaxJobTime + 30*time.Second // of a job whose process is gone
	firstRetry   = time.Second
	lastRetry    = 5 * time.Minute
)

// config is how River works for some workers.
func (q *Queue[Tx]) config(workers map[string]store.Worker) (*river.Config, error) {
	c := &river.Config{
		Logger:                      q.log,
		Schema:                      q.o.Schema,
		PollOnly:                    true,
		FetchCooldown:               fetchPause,
		FetchPollInterval:           q.o.Every,
		JobTimeout:                  store.MaxJobTime,
		MaxAttempts:                 store.MaxJobAttempts,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: completedFor,
		CancelledJobRetentionPeriod: failedFor,
		DiscardedJobRetentionPeriod: failedFor,
		RetryPolicy:                 backoff{},
		Queues:                      make(map[string]river.QueueConfig),
		Workers:                     river.NewWorkers(),
	}
	for kind, w := range workers {
		switch {
		case !kinds.MatchString(kind):
			return nil, fmt.Errorf("%q is no kind of jobs", kind)
		case w.Run == nil || w.AtOnce < 1 || w.AtOnce > maxAtOnce:
			return nil, fmt.Errorf("jobs %s: %d are to run at once", kind, w.AtOnce)
		case w.Within < 0 || w.Within > store.MaxJobTime:
			return nil, fmt.Errorf("jobs %s: %s is no time within which one ends", kind, w.Within)
		case w.Every != 0 && w.Every < store.MinJobInterval:
			return nil, fmt.Errorf("jobs %s: every %s is too often", kind, w.Every)
		}
		c.Queues[kind] = river.QueueConfig{MaxWorkers: w.AtOnce}
		if w.Every > 0 {
			c.PeriodicJobs = append(c.PeriodicJobs, periodic(kind, w.Every))
		}
	}
	return c, river.AddWorkerSafely(c.Workers, &dispatcher{workers: workers})
}

// maxAtOnce bounds how many jobs of a kind run on a node at the same time.
const maxAtOnce = 1000

func periodic(kind string, every time.Duration) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(every), func() (river.JobArgs, *river.InsertOpts) {
		return doorbell{JobKind: kind}, &river.InsertOpts{Queue: kind, MaxAttempts: store.MaxJobAttempts}
	}, &river.PeriodicJobOpts{ID: kind, RunOnStart: true})
}

// A dispatcher runs each job by the worker of its kind.
type dispatcher struct {
	river.WorkerDefaults[doorbell]
	workers map[string]store.Worker
}

// errNoWorker means that a job came with a queue that is not its kind's.
var errNoWorker = errors.New("nobody works on jobs of this kind")

// Work implements [river.Worker].
func (d *dispatcher) Work(ctx context.Context, j *river.Job[doorbell]) error {
	w, ok := d.workers[j.Args.JobKind]
	if !ok {
		return river.JobCancel(fmt.Errorf("%s: %w", j.Args.JobKind, errNoWorker))
	}
	return w.Run(ctx, store.Job{Kind: j.Args.JobKind, Supplier: string(j.Args.Supplier), Key: string(j.Args.Key), At: j.ScheduledAt})
}

// Timeout implements [river.Worker].
func (d *dispatcher) Timeout(j *river.Job[doorbell]) time.Duration {
	return d.workers[j.Args.JobKind].Within
}

// backoff has a failed job run again after a time that doubles.
type backoff struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (backoff) NextRetry(j *rivertype.JobRow) time.Time {
	since := time.Now()
	if n := len(j.Errors); n > 0 {
		since = j.Errors[n-1].At
	}
	return since.Add(min(firstRetry<<min(j.Attempt-1, 16), lastRetry))
}

// quiet is a log of what people should know.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(loud{log.Handler()}) }

// loud is a handler of warnings and errors alone.
type loud struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (h loud) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (h loud) WithAttrs(attrs []slog.Attr) slog.Handler { return loud{h.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (h loud) WithGroup(name string) slog.Handler { return loud{h.Handler.WithGroup(name)} }
