package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"wedsync/store"
	"wedsync/store/jobs"
)

// jobsFile holds the jobs, beside the database, so that they keep no commit
// waiting. Nothing is lost with it: jobs say only that there is something to do.
const jobsFile = "jobs.db"

// jobsEvery is how often to look for jobs whose time has come. Each look costs 2 ms.
const jobsEvery = 3 * time.Second

// A workbench is where jobs are put and worked on. Its file is opened, and made, when
// it is first needed.
type workbench struct {
	file string

	mu     sync.Mutex
	closed bool
	db     *sql.DB
	queue  *jobs.Queue[*sql.Tx]
}

// PutJobs implements [store.Jobs].
func (s *Store) PutJobs(ctx context.Context, all ...store.Job) error {
	q, err := s.jobs.open(ctx)
	if err == nil {
		err = q.PutJobs(ctx, all...)
	}
	return s.jobs.explain("put jobs", err)
}

// WorkJobs implements [store.Jobs].
func (s *Store) WorkJobs(ctx context.Context, workers map[string]store.Worker) error {
	q, err := s.jobs.open(ctx)
	if err == nil {
		err = q.WorkJobs(ctx, workers)
	}
	return s.jobs.explain("work jobs", err)
}

func (w *workbench) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %s: %w", w.file, what, explain(err))
	if errors.Is(err, store.ErrCorrupt) {
		err = fmt.Errorf("%w (stop the hub and delete this file: nothing is lost)", err)
	}
	return err
}

// open opens the file once.
func (w *workbench) open(ctx context.Context) (*jobs.Queue[*sql.Tx], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, fmt.Errorf("closed: %w", store.ErrUnavailable)
	}
	if w.queue != nil {
		return w.queue, nil
	}
	if err := touch(w.file); err != nil {
		return nil, err
	}
	db, err := openDatabase(w.file, "normal", 1, "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	o := jobs.Options[*sql.Tx]{Driver: riversqlite.New(db), Every: jobsEvery}
	if err = jobs.Migrate(ctx, o); err == nil {
		w.queue, err = jobs.Open(o)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w.db = db
	return w.queue, nil
}

// close ends what works on jobs and releases the file.
func (w *workbench) close() error {
	w.mu.Lock()
	queue, db := w.queue, w.db
	w.closed, w.queue = true, nil
	w.mu.Unlock()
	if queue == nil {
		return nil
	}
	queue.Close()
	return db.Close()
}
