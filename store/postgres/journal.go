package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

// A page ends with the row that leads beyond MaxPage.
const (
	pageBegin = `SELECT number, record, version, body, origins FROM (
		SELECT *, sum(octet_length(body)) OVER (ORDER BY number) - octet_length(body) AS before FROM (
			SELECT number, record, version, body, origins FROM wedsync.batches WHERE supplier = $1 AND number > $2`
	pageEnd      = ` ORDER BY number LIMIT $3) b) p WHERE before <= $4 ORDER BY number`
	journalQuery = pageBegin + pageEnd
	historyQuery = pageBegin + ` AND record = $5` + pageEnd

	happeningsBegin = `SELECT number, record, version, NULL::bytea, origins FROM (
		SELECT *, sum(octet_length(origins)) OVER (ORDER BY `
	happeningsMiddle = `) - octet_length(origins) AS before FROM (
			SELECT number, record, version, origins FROM wedsync.batches WHERE supplier = $1 AND `
	happeningsQuery   = happeningsBegin + `number` + happeningsMiddle + `number > $2` + pageEnd
	happeningsOfQuery = happeningsBegin + `number DESC` + happeningsMiddle +
		`number < $2 AND record = $5 ORDER BY number DESC LIMIT $3) b) p WHERE before <= $4 ORDER BY number DESC`
	movesQuery = `SELECT number, record, version FROM wedsync.batches WHERE supplier = $1 AND number > $2 ORDER BY number LIMIT $3`
)

// Journal implements [store.Journal].
func (s *Store) Journal(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "journal", journalQuery, supplier, after, limit)
}

// History implements [store.Journal].
func (s *Store) History(ctx context.Context, supplier string, id crdt.RecordID, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "history", historyQuery, supplier, after, limit, [16]byte(id))
}

// Happenings implements [store.Journal].
func (s *Store) Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "happenings", happeningsQuery, supplier, after, limit)
}

// HappeningsOf implements [store.Journal].
func (s *Store) HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]store.Entry, error) {
	if before == 0 || before >= maxVersion {
		before = maxVersion - 1
	}
	return s.entries(ctx, "happenings of a record", happeningsOfQuery, supplier, before, limit, [16]byte(id))
}

// entries reads a page of entries.
func (s *Store) entries(ctx context.Context, what, query, supplier string, after uint64, limit int, more ...any) (entries []store.Entry, err error) {
	if after >= maxVersion || limit <= 0 {
		return nil, nil
	}
	args := append([]any{escape(supplier), int64(after), limit, store.MaxPage}, more...)
	err = s.read(ctx, what, func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			e, err := scanEntry(row)
			entries = append(entries, e)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

func scanEntry(row pgx.Rows) (e store.Entry, err error) {
	var body []byte
	var origins string
	if err := row.Scan(&e.Number, (*[16]byte)(&e.Record), &e.Version, &body, &origins); err != nil {
		return e, err
	}
	if body == nil {
		e.Batches, err = store.OriginsAlone([]byte(origins))
	} else if e.Batches, err = store.DecodeBody(body); err == nil {
		err = store.DecodeOrigins([]byte(origins), e.Batches)
	}
	if err != nil {
		return e, fmt.Errorf("record %s: entry %d, version %d: %w", e.Record, e.Number, e.Version, err)
	}
	return e, nil
}

// Moves implements [store.Nodes].
func (s *Store) Moves(ctx context.Context, supplier string, after uint64, limit int) (moves []store.Move, err error) {
	if after >= maxVersion || limit <= 0 {
		return nil, nil
	}
	err = s.read(ctx, "moves", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, movesQuery, escape(supplier), int64(after), limit)
		return each(rows, err, func(row pgx.Rows) error {
			var m store.Move
			err := row.Scan(&m.Number, (*[16]byte)(&m.Record), &m.Version)
			moves = append(moves, m)
			return err
		})
	})
	return moves, err
}
