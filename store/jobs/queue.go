package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"wedsync/store"
)

// Options say where the tables are.
type Options[Tx any] struct {
	Driver riverdriver.Driver[Tx]
	Schema string // of River's tables; empty if there are no schemas
	// Every is how often to look for jobs of which nobody tells: those that others
	// put, and those whose time has come.
	Every time.Duration
}

// A deaf driver hears of no jobs from the database. A client wakes its own workers
// then, at once, where one that listens holds back notifications that follow each
// other closely; and no commit pays for them.
type deaf[Tx any] struct{ riverdriver.Driver[Tx] }

// SupportsListener implements [riverdriver.Driver].
func (deaf[Tx]) SupportsListener() bool { return false }

// SupportsListenNotify implements [riverdriver.Driver].
func (deaf[Tx]) SupportsListenNotify() bool { return false }

// A Queue is a [store.Jobs].
type Queue[Tx any] struct {
	o      Options[Tx]
	log    *slog.Logger
	putter *river.Client[Tx]

	mu      sync.Mutex
	closed  bool
	busy    bool               // while WorkJobs runs
	stop    context.CancelFunc // of that or the last WorkJobs
	ended   chan struct{}      // closed when it has ended
	working *river.Client[Tx]  // while it takes jobs
}

// Open makes a queue on tables of River's present version.
func Open[Tx any](o Options[Tx]) (*Queue[Tx], error) {
	o.Driver = deaf[Tx]{o.Driver}
	q := &Queue[Tx]{o: o, log: quiet(slog.Default())}
	var err error
	q.putter, err = river.NewClient(o.Driver, &river.Config{Logger: q.log, Schema: o.Schema})
	return q, err
}

// Migrate brings River's tables to its present version. One process at a time does.
func Migrate[Tx any](ctx context.Context, o Options[Tx]) error {
	m, err := rivermigrate.New(o.Driver, &rivermigrate.Config{Logger: quiet(slog.Default()), Schema: o.Schema})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Close ends WorkJobs, and returns when it has ended.
func (q *Queue[Tx]) Close() {
	q.mu.Lock()
	q.closed = true
	stop, ended := q.stop, q.ended
	q.mu.Unlock()
	if ended != nil {
		stop()
		<-ended
	}
}

// errClosed is what calls return after Close.
var errClosed = fmt.Errorf("the queue of jobs is closed: %w", store.ErrUnavailable)

// doorbell is a job as River keeps it. Texts may hold any bytes.
type doorbell struct {
	JobKind  string `json:"kind"`
	Supplier []byte `json:"supplier,omitempty"`
	Key      []byte `json:"key,omitempty"`
}

// Kind is the one kind that River knows.
func (doorbell) Kind() string { return "doorbell" }

var kinds = regexp.MustCompile(`^[a-z][a-z0-9_]{1,31}$`)

// PutJobs implements [store.Jobs].
func (q *Queue[Tx]) PutJobs(ctx context.Context, jobs ...store.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		if !kinds.MatchString(j.Kind) {
			return fmt.Errorf("%q is no kind of jobs", j.Kind)
		}
		if len(j.Supplier) > store.MaxJobKey || len(j.Key) > store.MaxJobKey {
			return fmt.Errorf("job %s: a supplier of %d bytes, a key of %d: %w", j.Kind, len(j.Supplier), len(j.Key), store.ErrTooMany)
		}
		params[i] = river.InsertManyParams{
			Args:       doorbell{JobKind: j.Kind, Supplier: []byte(j.Supplier), Key: []byte(j.Key)},
			InsertOpts: &river.InsertOpts{Queue: j.Kind, ScheduledAt: j.At, MaxAttempts: store.MaxJobAttempts},
		}
	}
	client, err := q.client()
	if err == nil {
		_, err = client.InsertMany(ctx, params)
	}
	return err
}

// client is the one that works, which wakes its workers itself, or the one that
// only puts.
func (q *Queue[Tx]) client() (*river.Client[Tx], error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return nil, errClosed
	case q.working != nil:
		return q.working, nil
	}
	return q.putter, nil
}

// WorkJobs implements [store.Jobs].
func (q *Queue[Tx]) WorkJobs(ctx context.Context, workers map[string]store.Worker) error {
	config, err := q.config(workers)
	if err != nil {
		return err
	}
	client, err := river.NewClient(q.o.Driver, config)
	if err != nil {
		return err
	}
	within, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	if err := q.begin(stop, ended); err != nil {
		return err
	}
	defer q.end()
	if err := client.Start(within); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	q.works(client)
	<-client.Stopped()
	if ctx.Err() == nil {
		return errClosed
	}
	return nil
}

// begin notes that somebody works.
func (q *Queue[Tx]) begin(stop context.CancelFunc, ended chan struct{}) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	if q.busy {
		return errors.New("the jobs of this store are worked on already")
	}
	q.busy, q.stop, q.ended = true, stop, ended
	return nil
}

// works notes who does. A client wakes its workers only once it has started them.
func (q *Queue[Tx]) works(client *river.Client[Tx]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working = client
}

// end notes that nobody does any more.
func (q *Queue[Tx]) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy, q.working = false, nil
}
