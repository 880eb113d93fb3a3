package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"wedsync/store"
)

// The files in a data directory.
const (
	databaseFile = "wedsync.db"
	lockFile     = "wedsync.lock"
)

// maxReaders is how many reads run at once; more wait for a connection.
const maxReaders = 4

var _ store.Store = (*Store)(nil)

// A Store is a [store.Store] in one SQLite file.
type Store struct {
	file    string
	lock    *os.File
	readers *pool
	durable *writer // a commit waits for the disk
	lax     *writer // a commit may be lost in a power failure
	jobs    *workbench

	running sync.RWMutex // held for reading by every call, for writing by Close
	closed  bool
}

// Open opens the store in a directory, making what is not there yet: the
// directory, for its owner alone, the database, and the tables of this version.
// It fails if another process has the directory open.
func Open(ctx context.Context, dir string) (*Store, error) {
	s := &Store{file: filepath.Join(dir, databaseFile), jobs: &workbench{file: filepath.Join(dir, jobsFile)}}
	if err := s.open(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", s.file, err), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string) error {
	var err error
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if s.lock, err = lock(filepath.Join(dir, lockFile)); err != nil {
		return err
	}
	if err = touch(s.file); err != nil {
		return err
	}
	turn := make(chan struct{}, 1)
	if s.durable, err = openWriter(s.file, "full", turn); err != nil {
		return err
	}
	if err = migrate(ctx, s.durable.db); err != nil {
		return explain(err)
	}
	if s.lax, err = openWriter(s.file, "normal", turn); err != nil {
		return err
	}
	s.readers, err = openPool(s.file, maxReaders)
	return err
}

// touch makes the database file, for its owner alone. SQLite gives the files
// beside it the same mode.
func touch(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Close implements [store.Store].
func (s *Store) Close() error {
	jobs := s.jobs.close() // first, because jobs at work call the store
	s.running.Lock()
	defer s.running.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := errors.Join(jobs, s.release()); err != nil {
		return fmt.Errorf("close %s: %w", s.file, err)
	}
	return nil
}

// release closes what is open. The lock goes last.
func (s *Store) release() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.lax != nil {
		errs = append(errs, s.lax.close())
	}
	if s.durable != nil {
		errs = append(errs, s.durable.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// enter keeps the store open until leave is called.
func (s *Store) enter() (leave func(), err error) {
	s.running.RLock()
	if s.closed {
		s.running.RUnlock()
		return nil, fmt.Errorf("%s is closed: %w", s.file, store.ErrUnavailable)
	}
	return s.running.RUnlock, nil
}

// read runs a method's reading and explains its error.
func (s *Store) read(ctx context.Context, what string, f func(context.Context, *pool) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.explain(what, f(ctx, s.readers))
}

// write runs a method's transaction and explains its error.
func (s *Store) write(ctx context.Context, w *writer, what string, f func(context.Context, *transaction) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.explain(what, w.do(ctx, f))
}

func (s *Store) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", s.file, what, explain(err))
}
