package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"wedsync/store"
	"wedsync/store/jobs"
)

// jobsSchema is where River has its tables, beside the hub's.
const jobsSchema = "river"

// jobsEvery is how often to look for jobs that other nodes put and have no worker
// for, and for those whose time has come.
const jobsEvery = time.Second

// maxJobs is how many connections River has at most.
const maxJobs = 4

// A workbench is where jobs are put and worked on, with connections of its own.
// They are made, and River's tables with them, when they are first needed.
type workbench struct {
	config *pgxpool.Config

	mu     sync.Mutex
	closed bool
	pool   *pgxpool.Pool
	queue  *jobs.Queue[pgx.Tx]
}

// PutJobs implements [store.Jobs].
func (s *Store) PutJobs(ctx context.Context, all ...store.Job) error {
	q, err := s.jobs.open(ctx)
	if err == nil {
		err = q.PutJobs(ctx, all...)
	}
	return s.explain(ctx, "put jobs", err)
}

// WorkJobs implements [store.Jobs].
func (s *Store) WorkJobs(ctx context.Context, workers map[string]store.Worker) error {
	q, err := s.jobs.open(ctx)
	if err == nil {
		err = q.WorkJobs(ctx, workers)
	}
	return s.explain(ctx, "work jobs", err)
}

// open makes the connections once.
func (w *workbench) open(ctx context.Context) (*jobs.Queue[pgx.Tx], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, fmt.Errorf("closed: %w", store.ErrUnavailable)
	}
	if w.queue != nil {
		return w.queue, nil
	}
	// The pool outlives the call that makes it.
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), forJobs(w.config))
	if err != nil {
		return nil, err
	}
	o := jobs.Options[pgx.Tx]{Driver: riverpgxv5.New(pool), Schema: jobsSchema, Every: jobsEvery}
	if err = makeJobs(ctx, pool, o); err == nil {
		w.queue, err = jobs.Open(o)
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	w.pool = pool
	return w.queue, nil
}

// close ends what works on jobs and closes the connections.
func (w *workbench) close() {
	w.mu.Lock()
	queue, pool := w.queue, w.pool
	w.closed, w.queue = true, nil
	w.mu.Unlock()
	if queue != nil {
		queue.Close()
		pool.Close()
	}
}

// forJobs is the configuration of River's connections. Jobs may be lost in a
// crash. River's statements are not made for the plans of the hub's.
func forJobs(c *pgxpool.Config) *pgxpool.Config {
	c = pooled(c, maxJobs, false)
	c.ConnConfig.RuntimeParams["application_name"] = "wedsync jobs"
	for _, name := range []string{"enable_seqscan", "enable_mergejoin", "plan_cache_mode"} {
		delete(c.ConnConfig.RuntimeParams, name)
	}
	return c
}

// migrateJobs brings River's tables to this version for who migrates a database.
func migrateJobs(ctx context.Context, config *pgxpool.Config) error {
	w := workbench{config: config}
	defer w.close()
	_, err := w.open(ctx)
	return err
}

// makeJobs brings River's tables to this version. Of several nodes one does it and
// the others wait.
func makeJobs(ctx context.Context, pool *pgxpool.Pool, o jobs.Options[pgx.Tx]) error {
	const wait = `SELECT set_config('lock_timeout', '15s', true), pg_advisory_xact_lock(hashtextextended('wedsync jobs', 0))`
	return transactOnce(ctx, pool, func(ctx context.Context, tx pgx.Tx) error {
		// River has transactions of its own; this one only keeps others waiting.
		const alone = `SELECT set_config('idle_in_transaction_session_timeout', '0', true)`
		if _, err := tx.Exec(ctx, alone); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, wait); err != nil {
			return err
		}
		if err := makeJobsSchema(ctx, pool); err != nil {
			return err
		}
		return jobs.Migrate(ctx, o)
	})
}

// makeJobsSchema makes the schema unless it is there: who may make none may have
// been given one.
func makeJobsSchema(ctx context.Context, pool *pgxpool.Pool) error {
	var known bool
	if err := pool.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, jobsSchema).Scan(&known); err != nil || known {
		return err
	}
	_, err := pool.Exec(ctx, `CREATE SCHEMA `+jobsSchema)
	return err
}
