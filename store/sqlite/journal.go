package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

const maxNumber = 1<<numberBits - 1

const journalQuery = `SELECT b.entry, r.id, b.version, b.body, b.origins
	FROM suppliers s
	JOIN batches b ON b.entry > (s.key << 40) + ?2 AND b.entry < (s.key + 1) << 40
	JOIN records r ON r.key = b.record
	WHERE s.name = ?1 ORDER BY b.entry LIMIT ?3`

const historyQuery = `SELECT b.entry, r.id, b.version, b.body, b.origins
	FROM suppliers s JOIN records r ON r.supplier = s.key
	JOIN batches b ON b.record = r.key AND b.entry > (s.key << 40) + ?2 AND b.entry < (s.key + 1) << 40
	WHERE s.name = ?1 AND r.id = ?4 ORDER BY b.entry LIMIT ?3`

const happeningsQuery = `SELECT b.entry, r.id, b.version, NULL, b.origins
	FROM suppliers s
	JOIN batches b ON b.entry > (s.key << 40) + ?2 AND b.entry < (s.key + 1) << 40
	JOIN records r ON r.key = b.record
	WHERE s.name = ?1 ORDER BY b.entry LIMIT ?3`

const happeningsOfQuery = `SELECT b.entry, r.id, b.version, NULL, b.origins
	FROM suppliers s JOIN records r ON r.supplier = s.key
	JOIN batches b ON b.record = r.key AND b.entry > s.key << 40 AND b.entry < (s.key << 40) + ?2
	WHERE s.name = ?1 AND r.id = ?4 ORDER BY b.entry DESC LIMIT ?3`

// Journal implements [store.Journal].
func (s *Store) Journal(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "journal", journalQuery, after, limit, supplier, int64(after), limit)
}

// History implements [store.Journal].
func (s *Store) History(ctx context.Context, supplier string, id crdt.RecordID, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "history", historyQuery, after, limit, supplier, int64(after), limit, id[:])
}

// Happenings implements [store.Journal].
func (s *Store) Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error) {
	return s.entries(ctx, "happenings", happeningsQuery, after, limit, supplier, int64(after), limit)
}

// HappeningsOf implements [store.Journal].
func (s *Store) HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]store.Entry, error) {
	if before == 0 || before > maxNumber {
		before = maxNumber
	}
	return s.entries(ctx, "happenings of a record", happeningsOfQuery, 0, limit, supplier, int64(before), limit, id[:])
}

// entries reads a page of entries.
func (s *Store) entries(ctx context.Context, what, query string, after uint64, limit int, args ...any) (entries []store.Entry, err error) {
	if after >= maxNumber || limit <= 0 {
		return nil, nil
	}
	size := 0
	err = s.read(ctx, what, func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			e, n, err := scanEntry(rows)
			if err != nil {
				return err
			}
			entries = append(entries, e)
			if size += n; size > store.MaxPage {
				return errPageFull
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, errPageFull) {
		return nil, err
	}
	return entries, nil
}

// scanEntry reads an entry and how many bytes its chunks take; if they were not
// asked for, its origins.
func scanEntry(rows *sql.Rows) (e store.Entry, size int, err error) {
	var entry, version int64
	var id, body, origins []byte
	if err := rows.Scan(&entry, &id, &version, &body, &origins); err != nil {
		return e, 0, err
	}
	e.Number, e.Version = uint64(entry&maxNumber), uint64(version)
	if len(id) != len(e.Record) {
		return e, 0, fmt.Errorf("entry %d: record id %x: %w", e.Number, id, store.ErrCorrupt)
	}
	e.Record = crdt.RecordID(id)
	size = len(body)
	if body == nil {
		size = len(origins)
		e.Batches, err = store.OriginsAlone(origins)
	} else if e.Batches, err = store.DecodeBody(body); err == nil {
		err = store.DecodeOrigins(origins, e.Batches)
	}
	if err != nil {
		return e, 0, fmt.Errorf("record %s: entry %d, version %d: %w", e.Record, e.Number, e.Version, err)
	}
	return e, size, nil
}
