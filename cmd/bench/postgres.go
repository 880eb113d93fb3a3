package main

import (
	"context"
	"errors"
	"fmt"

	"wedsync/store/postgres/pgtest"
)

// A database is what stands beside a server that keeps nothing itself.
type database struct {
	address string
	pid     int // of all its processes the first
	close   func() error
}

// newDatabase starts a PostgreSQL that waits for the disk.
func newDatabase(ctx context.Context) (*database, error) {
	s, err := pgtest.Start("fsync=on", "full_page_writes=on", "max_connections=100", "shared_buffers=128MB")
	if err != nil {
		return nil, err
	}
	const name = "bench"
	if err := s.Run(ctx, "postgres", "CREATE DATABASE "+name); err != nil {
		return nil, errors.Join(fmt.Errorf("make a database: %w", err), s.Close())
	}
	return &database{address: s.Address(name), pid: s.PID(), close: s.Close}, nil
}

// hubOnPostgres is the hub over a PostgreSQL of its own. What that uses of the
// processor counts as the hub's.
func hubOnPostgres(binary string, profiling bool) *subject {
	s := hub(binary, profiling)
	s.name, s.database = postgresName, newDatabase
	if s.missing == "" {
		s.missing = pgtest.Missing()
	}
	return s
}
