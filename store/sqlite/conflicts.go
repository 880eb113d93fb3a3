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

// conflicts writes the rows of one commit. Those that are no longer pending go
// first, so that a field may close one conflict and open the next.
func (a *appending) conflicts(ctx context.Context, supplier, record int64, rows []conflicts.Conflict) error {
	for _, pending := range []bool{false, true} {
		for i := range rows {
			if (rows[i].Status == conflicts.Pending) != pending {
				continue
			}
			if err := a.conflict(ctx, supplier, record, &rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *appending) conflict(ctx context.Context, supplier, record int64, c *conflicts.Conflict) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	const upsert = `INSERT INTO sync_conflicts (id, supplier, record, field, status, version, opened_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, body = excluded.body
		WHERE record = excluded.record AND field = excluded.field`
	n, err := a.exec(ctx, upsert, c.ID, supplier, record, string(c.Field), string(c.Status),
		int64(c.Version), c.OpenedAt.UnixMicro(), string(body))
	if isDuplicate(err) {
		return store.SecondPending(c.Record, c.Field)
	}
	if err == nil && n == 0 {
		return &store.CommitError{
			Record: c.Record,
			Reason: fmt.Sprintf("conflict %s is of another record or field", c.ID),
		}
	}
	return err
}

// conflictQuery is what all queries of the queue begin with.
const conflictQuery = `SELECT id, body FROM sync_conflicts
	WHERE supplier = (SELECT key FROM suppliers WHERE name = ?) AND id > ?`

// Conflicts implements [store.Conflicts].
func (s *Store) Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) (found []conflicts.Conflict, err error) {
	query := conflictQuery
	args := []any{supplier, q.After}
	if q.Status != "" {
		query += ` AND status = ?`
		args = append(args, string(q.Status))
	}
	if q.Field != "" {
		query += ` AND field = ?`
		args = append(args, string(q.Field))
	}
	if q.Record != (crdt.RecordID{}) {
		query += ` AND record = (SELECT key FROM records WHERE id = ?)`
		args = append(args, q.Record[:])
	}
	query += ` ORDER BY id LIMIT ?`
	args = append(args, max(q.Limit, 0))
	err = s.read(ctx, "conflicts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			c, err := scanConflict(rows.Scan)
			found = append(found, c)
			return err
		})
	})
	return found, err
}

// Conflict implements [store.Conflicts].
func (s *Store) Conflict(ctx context.Context, supplier, id string) (c conflicts.Conflict, err error) {
	const query = `SELECT id, body FROM sync_conflicts
		WHERE id = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	err = s.read(ctx, "conflict", func(ctx context.Context, p *pool) error {
		c, err = scanConflict(func(into ...any) error { return p.row(ctx, query, []any{id, supplier}, into...) })
		return err
	})
	return c, err
}

func scanConflict(scan func(...any) error) (c conflicts.Conflict, err error) {
	var id string
	var body []byte
	if err := scan(&id, &body); err != nil {
		return c, err
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("conflict %s: %w: %w", id, err, store.ErrCorrupt)
	}
	return c, nil
}
