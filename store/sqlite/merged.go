package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// merged writes the merged entries of one commit. Those that are closed go
// first, so that a field may close one entry and open the next.
func (a *appending) merged(ctx context.Context, supplier, record int64, entries []conflicts.Merged) error {
	for _, open := range []bool{false, true} {
		for i := range entries {
			if (entries[i].Status == conflicts.MergedOpen) != open {
				continue
			}
			if err := a.mergedEntry(ctx, supplier, record, &entries[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *appending) mergedEntry(ctx context.Context, supplier, record int64, m *conflicts.Merged) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	const upsert = `INSERT INTO merged (id, supplier, record, field, status, version, opened_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, body = excluded.body
		WHERE record = excluded.record AND field = excluded.field`
	n, err := a.exec(ctx, upsert, m.ID, supplier, record, string(m.Field), string(m.Status),
		int64(m.Version), m.OpenedAt.UnixMicro(), string(body))
	if isDuplicate(err) {
		return store.SecondMerged(m.Record, m.Field)
	}
	if err == nil && n == 0 {
		return &store.CommitError{
			Record: m.Record,
			Reason: fmt.Sprintf("merged entry %s is of another record or field", m.ID),
		}
	}
	return err
}

// mergedFrom is where the entries of a supplier's records are read from that are
// listed, or in any state.
const mergedFrom = `SELECT m.id, m.body FROM merged m JOIN records r ON r.key = m.record AND (r.state = ? OR ?)
	WHERE m.supplier = (SELECT key FROM suppliers WHERE name = ?)`

// mergedQuery is the statement that reads one page of a query.
func mergedQuery(supplier string, q store.MergedQuery) (query string, args []any) {
	query, args = mergedFrom, []any{int64(store.Listed), q.Unlisted, supplier}
	and := func(given bool, condition string, value any) {
		if given {
			query += " AND " + condition
			args = append(args, value)
		}
	}
	and(q.Status != "", `m.status = ?`, string(q.Status))
	and(q.Record != (crdt.RecordID{}), `m.record = (SELECT key FROM records WHERE id = ?)`, q.Record[:])
	and(q.After != "", `m.id > ?`, q.After)
	return query + ` ORDER BY m.id LIMIT ?`, append(args, max(q.Limit, 0))
}

// MergedEntries implements [store.Merged].
func (s *Store) MergedEntries(ctx context.Context, supplier string, q store.MergedQuery) (found []conflicts.Merged, err error) {
	query, args := mergedQuery(supplier, q)
	err = s.read(ctx, "merged entries", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			m, err := scanMerged(rows.Scan)
			found = append(found, m)
			return err
		})
	})
	return found, err
}

// MergedEntry implements [store.Merged].
func (s *Store) MergedEntry(ctx context.Context, supplier, id string) (m conflicts.Merged, err error) {
	err = s.read(ctx, "merged entry", func(ctx context.Context, p *pool) error {
		m, err = scanMerged(func(into ...any) error {
			return p.row(ctx, mergedFrom+` AND m.id = ?`, []any{int64(store.Listed), false, supplier, id}, into...)
		})
		return err
	})
	return m, err
}

func scanMerged(scan func(...any) error) (m conflicts.Merged, err error) {
	var id string
	var body []byte
	if err := scan(&id, &body); err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("merged entry %s: %w: %w", id, err, store.ErrCorrupt)
	}
	return m, nil
}
