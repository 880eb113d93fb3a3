package sqlite

import (
	"context"
	"database/sql"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	itemOwners = `SELECT x.id FROM suppliers s JOIN items i ON i.supplier = s.key JOIN records x ON x.key IN
			(SELECT r.key` + owning + ` UNION SELECT r.key` + linking + `)
		WHERE s.name = ? AND i.id = ? AND i.present ORDER BY x.id`
	threadOwners = `SELECT DISTINCT x.id FROM suppliers s JOIN items i ON i.supplier = s.key JOIN records x ON x.key IN
			(SELECT r.key` + owning + ` UNION SELECT r.key` + linking + `)
		WHERE s.name = ? AND i.thread = ? AND i.present ORDER BY x.id LIMIT ?`
)

// Owners implements [store.Communications].
func (s *Store) Owners(ctx context.Context, supplier string, items []string) (map[string][]crdt.RecordID, error) {
	found := make(map[string][]crdt.RecordID)
	err := s.read(ctx, "owners", func(ctx context.Context, p *pool) error {
		for _, id := range items {
			owners, err := recordsOf(ctx, p, itemOwners, supplier, id)
			if err != nil {
				return err
			}
			if len(owners) > 0 {
				found[id] = owners
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ThreadOwners implements [store.Communications].
func (s *Store) ThreadOwners(ctx context.Context, supplier string, threads [][32]byte, limit int) (map[[32]byte][]crdt.RecordID, error) {
	found := make(map[[32]byte][]crdt.RecordID)
	err := s.read(ctx, "thread owners", func(ctx context.Context, p *pool) error {
		for _, thread := range threads {
			owners, err := recordsOf(ctx, p, threadOwners, supplier, thread[:], max(limit, 0))
			if err != nil {
				return err
			}
			if len(owners) > 0 {
				found[thread] = owners
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// recordsOf reads the ids of records.
func recordsOf(ctx context.Context, q querier, query string, args ...any) (found []crdt.RecordID, err error) {
	err = q.rows(ctx, query, args, func(rows *sql.Rows) error {
		var column []byte
		if err := rows.Scan(&column); err != nil {
			return err
		}
		id, err := recordIn(column)
		found = append(found, id)
		return err
	})
	return found, err
}

const linksQuery = `SELECT l.record, l.state, l.user, l.at FROM suppliers s JOIN links l ON l.supplier = s.key
	WHERE s.name = ? AND l.item = ? ORDER BY l.record`

// Links implements [store.Communications].
func (s *Store) Links(ctx context.Context, supplier, item string) (found []store.Link, err error) {
	err = s.read(ctx, "links", func(ctx context.Context, p *pool) (err error) {
		found, err = readLinks(ctx, p, supplier, item)
		return err
	})
	return found, err
}

func readLinks(ctx context.Context, q querier, supplier, item string) (found []store.Link, err error) {
	err = q.rows(ctx, linksQuery, []any{supplier, item}, func(rows *sql.Rows) error {
		l := store.Link{Supplier: supplier, Item: item}
		var record []byte
		var at int64
		if err := rows.Scan(&record, &l.State, &l.By, &at); err != nil {
			return err
		}
		var err error
		l.Record, err = recordIn(record)
		l.At = time.UnixMicro(at).UTC()
		found = append(found, l)
		return err
	})
	return found, err
}

const untoldQuery = `SELECT s.name, i.id FROM items i JOIN suppliers s ON s.key = i.supplier
	WHERE i.present AND NOT i.told AND i.id < ? ORDER BY i.id LIMIT ?`

// Untold implements [store.Communications].
func (s *Store) Untold(ctx context.Context, before time.Time, limit int) (found []store.EventKey, err error) {
	err = s.read(ctx, "untold", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, untoldQuery, []any{store.MadeBefore(before), max(limit, 0)}, func(rows *sql.Rows) error {
			var k store.EventKey
			err := rows.Scan(&k.Supplier, &k.ID)
			found = append(found, k)
			return err
		})
	})
	return found, err
}
