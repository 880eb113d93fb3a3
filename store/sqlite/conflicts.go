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

// selection is what a query selects, as the condition of a statement.
func selection(supplier string, q store.ConflictQuery) (where string, args []any) {
	where, args = ` WHERE supplier = (SELECT key FROM suppliers WHERE name = ?)`, []any{supplier}
	and := func(given bool, condition string, value any) {
		if given {
			where += " AND " + condition
			args = append(args, value)
		}
	}
	and(q.Status != "", `status = ?`, string(q.Status))
	and(q.Field != "", `field = ?`, string(q.Field))
	and(q.Record != (crdt.RecordID{}), `record = (SELECT key FROM records WHERE id = ?)`, q.Record[:])
	and(!q.OpenedBefore.IsZero(), `opened_at < ?`, q.OpenedBefore.UnixMicro())
	and(q.Author != "", `EXISTS (SELECT 1 FROM json_each(body, '$.proposals') p, json_each(p.value, '$.authors') a
		WHERE json_extract(a.value, '$.user') = ?)`, q.Author)
	and(q.Source != "", `EXISTS (SELECT 1 FROM json_each(body, '$.proposals') p
		WHERE json_extract(p.value, '$.source') = ?)`, string(q.Source))
	return where, args
}

// conflictsQuery is the statement that reads one page of a query.
func conflictsQuery(supplier string, q store.ConflictQuery) (query string, args []any) {
	where, args := selection(supplier, q)
	after, order := ` AND id > ?`, ` ORDER BY id`
	if q.Newest {
		after, order = ` AND id < ?`, ` ORDER BY id DESC`
	}
	if q.After != "" {
		where, args = where+after, append(args, q.After)
	}
	return `SELECT id, body FROM sync_conflicts` + where + order + ` LIMIT ?`, append(args, max(q.Limit, 0))
}

// Conflicts implements [store.Conflicts].
func (s *Store) Conflicts(ctx context.Context, supplier string, q store.ConflictQuery) (found []conflicts.Conflict, err error) {
	query, args := conflictsQuery(supplier, q)
	err = s.read(ctx, "conflicts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			c, err := scanConflict(rows.Scan)
			found = append(found, c)
			return err
		})
	})
	return found, err
}

// ConflictCounts implements [store.Conflicts].
func (s *Store) ConflictCounts(ctx context.Context, supplier string, q store.ConflictQuery) (map[crdt.Path]int, error) {
	where, args := selection(supplier, q)
	counts := make(map[crdt.Path]int)
	err := s.read(ctx, "conflict counts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, `SELECT field, count(*) FROM sync_conflicts`+where+` GROUP BY field`, args, func(rows *sql.Rows) error {
			var field string
			var n int
			err := rows.Scan(&field, &n)
			counts[crdt.Path(field)] = n
			return err
		})
	})
	return counts, err
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
