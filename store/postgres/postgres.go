package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

var _ store.Store = (*Store)(nil)

// A Store is a [store.Store] in a PostgreSQL database, as one node has it open.
type Store struct {
	name    string // of the database, for people
	node    string // random, so that a node knows its own messages
	config  *pgxpool.Config
	readers *pgxpool.Pool
	durable *pgxpool.Pool // a commit waits for the disk
	lax     *pgxpool.Pool // a commit may be lost in a crash
	known   suppliers
	bell    *bell
	jobs    *workbench

	listening sync.WaitGroup
	closing   chan struct{} // closed to end Listen

	running sync.RWMutex // held for reading by every other call, for writing by Close
	closed  bool
}

// Open opens the store in the database of an address,
// postgres://USER:PASSWORD@HOST:PORT/DATABASE, and brings its tables to this
// version. Many nodes may do so at once.
func Open(ctx context.Context, address string) (*Store, error) {
	return openWith(ctx, address, migrate)
}

// OpenAsIs is Open for a database whose tables are of this version already. It
// returns ErrOldTables if they are not, and changes nothing.
func OpenAsIs(ctx context.Context, address string) (*Store, error) {
	return openWith(ctx, address, checkTables)
}

// openWith opens the store once prepare is content with the tables.
func openWith(ctx context.Context, address string, prepare func(context.Context, *pgxpool.Config) error) (*Store, error) {
	config, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{name: describe(config.ConnConfig), node: rand.Text()[:nodeSize], config: config, jobs: &workbench{config: config}, closing: make(chan struct{})}
	err = prepare(ctx, config)
	if err == nil {
		err = s.connect(ctx)
	}
	if err != nil {
		s.release()
		return nil, fmt.Errorf("open %s: %w", s.name, explain(ctx, err))
	}
	return s, nil
}

// connect makes the pools.
func (s *Store) connect(ctx context.Context) error {
	for _, p := range []struct {
		pool    **pgxpool.Pool
		most    int32
		durable bool
	}{{&s.readers, maxReaders, true}, {&s.durable, maxWriters, true}, {&s.lax, maxLax, false}} {
		var err error
		if *p.pool, err = pgxpool.NewWithConfig(ctx, pooled(s.config, p.most, p.durable)); err != nil {
			return err
		}
	}
	s.bell = newBell(s.lax, s.node)
	return nil
}

// Close implements [store.Store].
func (s *Store) Close() error {
	s.jobs.close() // first, because jobs at work call the store
	s.running.Lock()
	defer s.running.Unlock()
	if !s.closed {
		s.closed = true
		close(s.closing)
		s.listening.Wait()
		s.release()
	}
	return nil
}

func (s *Store) release() {
	if s.bell != nil {
		s.bell.close()
	}
	for _, p := range []*pgxpool.Pool{s.readers, s.durable, s.lax} {
		if p != nil {
			p.Close()
		}
	}
}

// enter keeps the store open until leave is called.
func (s *Store) enter() (leave func(), err error) {
	s.running.RLock()
	if s.closed {
		s.running.RUnlock()
		return nil, fmt.Errorf("%s is closed: %w", s.name, store.ErrUnavailable)
	}
	return s.running.RUnlock, nil
}

// read runs a method's reading and explains its error.
func (s *Store) read(ctx context.Context, what string, f func(context.Context, *pgxpool.Pool) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	within, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.explain(ctx, what, f(within, s.readers))
}

// write runs a method's transaction and explains its error.
func (s *Store) write(ctx context.Context, pool *pgxpool.Pool, what string, f func(context.Context, pgx.Tx) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.explain(ctx, what, transact(ctx, pool, f))
}

func (s *Store) explain(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", s.name, what, explain(ctx, err))
}

// each calls f for every row of a query until it returns an error.
func each(rows pgx.Rows, err error, f func(pgx.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// isNone reports whether a query had no row.
func isNone(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
