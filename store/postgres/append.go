package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

// Append implements [store.Appender]. A batch that others keep from its rows is
// tried again in halves, each a transaction by itself.
func (s *Store) Append(ctx context.Context, commits []store.Commit) (stale []crdt.RecordID, err error) {
	if err := store.CheckCommits(commits); err != nil || len(commits) == 0 {
		return nil, err
	}
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	a := appending{commits: commits, stored: make([]bool, len(commits))}
	if a.rows, err = encode(commits); err != nil {
		return nil, err
	}
	all := make([]int, len(commits))
	for i := range all {
		all[i] = i
	}
	if err := s.append(ctx, &a, all, maxAttempts); err != nil {
		return nil, s.explain(ctx, "append", err)
	}
	for i := range commits {
		if !a.stored[i] {
			stale = append(stale, commits[i].Record)
		}
	}
	return stale, nil
}

// An appending is one batch of commits on its way.
type appending struct {
	commits []store.Commit
	rows    []row
	stored  []bool // by index in commits
	done    bool   // whether a part of the batch is stored
}

// append stores the commits of these indexes, or its halves.
func (s *Store) append(ctx context.Context, a *appending, part []int, attempts int) error {
	err := s.appendOnce(ctx, a, part)
	var refused *store.CommitError
	switch {
	case errors.As(err, &refused) && a.done:
		return fmt.Errorf("%v, after another part of the batch was stored", refused) // no longer a CommitError: something is stored
	case !isContended(err):
		a.done = a.done || err == nil
		return err
	case attempts == 1 || ctx.Err() != nil:
		return err
	}
	for _, half := range a.halves(part) {
		if err := s.append(ctx, a, half, attempts-1); err != nil {
			return err
		}
	}
	return nil
}

// halves parts commits by supplier, so that each half needs other locks. Those
// of one supplier stay together.
func (a *appending) halves(part []int) [][]int {
	names := make(map[string]bool)
	for _, i := range part {
		names[a.commits[i].Supplier] = true
	}
	sorted := slices.Sorted(maps.Keys(names))
	if len(sorted) < 2 {
		return [][]int{part}
	}
	middle := sorted[len(sorted)/2]
	var low, high []int
	for _, i := range part {
		if a.commits[i].Supplier < middle {
			low = append(low, i)
		} else {
			high = append(high, i)
		}
	}
	return [][]int{low, high}
}

// appendOnce tries one transaction. Without conflicts, merged entries and
// receipts it is one round trip, COMMIT included.
func (s *Store) appendOnce(ctx context.Context, a *appending, part []int) error {
	conn, err := acquire(ctx, s.durable)
	if err != nil {
		return err
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	err = s.appendOn(ctx, conn, a, part)
	if err != nil && !conn.Conn().IsClosed() {
		// It fails only if the connection is lost, and then the server does it.
		_, _ = conn.Exec(ctx, `ROLLBACK`)
	}
	return err
}

func (s *Store) appendOn(ctx context.Context, conn *pgxpool.Conn, a *appending, part []int) error {
	names := a.suppliers(part)
	extras := a.extras(part)
	var batch pgx.Batch
	batch.Queue(`BEGIN`)
	if fresh := s.known.missing(names); len(fresh) > 0 {
		batch.Queue(`INSERT INTO wedsync.suppliers (name) SELECT n FROM unnest($1::text[]) AS n ORDER BY n ON CONFLICT DO NOTHING`, fresh)
	}
	locked := 0
	batch.Queue(`SELECT name FROM wedsync.suppliers WHERE name = ANY ($1::text[]) ORDER BY name FOR NO KEY UPDATE`, names).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			locked++
		}
		return rows.Err()
	})
	var stored []int
	for _, chunk := range a.chunks(part) {
		chunk.queue(&batch, a, func(ord int32) { stored = append(stored, int(ord)) })
	}
	if extras == nil {
		batch.Queue(`COMMIT`)
	} else {
		extras.queueChecks(&batch)
	}
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if locked != len(names) {
		s.known.forget()
		return fmt.Errorf("%w: %d of %d suppliers are no longer in the database", store.ErrUnavailable, len(names)-locked, len(names))
	}
	if extras != nil {
		if err := extras.finish(ctx, conn, a, stored); err != nil {
			return err
		}
	}
	s.known.add(names)
	for _, i := range stored {
		a.stored[i] = true
	}
	s.bell.moved(a.suppliersOf(stored))
	return nil
}

// suppliers are the names of the suppliers of some commits, escaped and in order.
func (a *appending) suppliers(part []int) []string {
	names := make([]string, 0, 4)
	for _, i := range part {
		if n := a.rows[i].supplier; len(names) == 0 || names[len(names)-1] != n {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (a *appending) suppliersOf(part []int) []string {
	var names []string
	for _, i := range part {
		if n := a.commits[i].Supplier; len(names) == 0 || names[len(names)-1] != n {
			names = append(names, n)
		}
	}
	return names
}
