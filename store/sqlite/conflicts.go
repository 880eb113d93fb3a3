package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"wedsync/conflicts"
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
	const upsert = `INSERT INTO sync_conflicts (id, supplier, record, field, status, version, opened_at, quiet_since, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version,
			quiet_since = excluded.quiet_since, body = excluded.body
		WHERE record = excluded.record AND field = excluded.field`
	n, err := a.exec(ctx, upsert, c.ID, supplier, record, string(c.Field), string(c.Status),
		int64(c.Version), c.OpenedAt.UnixMicro(), c.QuietSince().UnixMicro(), string(body))
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

// Conflict implements [store.Conflicts].
func (s *Store) Conflict(ctx context.Context, supplier, id string) (c conflicts.Conflict, err error) {
	const query = `SELECT body FROM sync_conflicts
		WHERE id = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	err = s.read(ctx, "conflict", func(ctx context.Context, p *pool) error {
		var body []byte
		if err := p.row(ctx, query, []any{id, supplier}, &body); err != nil {
			return err
		}
		c, err = readConflict(id, body)
		return err
	})
	return c, err
}
