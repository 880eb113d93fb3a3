package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wedsync/store"
)

const cursorsQuery = `SELECT c.scope, c.version, c.due, c.state FROM accounts a JOIN suppliers s ON s.key = a.supplier
	JOIN cursors c ON c.account = a.id WHERE a.id = ? AND s.name = ? ORDER BY c.scope`

// Cursors implements [store.Communications].
func (s *Store) Cursors(ctx context.Context, supplier, account string) (found []store.Cursor, err error) {
	err = s.read(ctx, "cursors", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, cursorsQuery, []any{account, supplier}, func(rows *sql.Rows) error {
			c := store.Cursor{Supplier: supplier, Account: account}
			var due int64
			err := rows.Scan(&c.Scope, &c.Version, &due, &c.State)
			c.Due = time.UnixMicro(due).UTC()
			found = append(found, c)
			return err
		})
	})
	return found, err
}

const dueCursorsQuery = `SELECT s.name, c.account, c.scope FROM cursors c JOIN accounts a ON a.id = c.account
	JOIN suppliers s ON s.key = a.supplier WHERE c.due <= ? ORDER BY c.due, c.account, c.scope LIMIT ?`

// DueCursors implements [store.Communications].
func (s *Store) DueCursors(ctx context.Context, now time.Time, limit int) (due []store.CursorKey, err error) {
	err = s.read(ctx, "due cursors", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, dueCursorsQuery, []any{now.UnixMicro(), max(limit, 0)}, func(rows *sql.Rows) error {
			var k store.CursorKey
			err := rows.Scan(&k.Supplier, &k.Account, &k.Scope)
			due = append(due, k)
			return err
		})
	})
	return due, err
}

// SetCursor implements [store.Communications].
func (s *Store) SetCursor(ctx context.Context, c store.Cursor) error {
	if err := store.CheckHook(c.State); err != nil {
		return err
	}
	return s.write(ctx, s.durable, "set cursor", func(ctx context.Context, t *transaction) error {
		if err := t.account(ctx, c.Supplier, c.Account); err != nil {
			return err
		}
		return t.cursor(ctx, &c)
	})
}

// cursor stores a cursor of an account that is there.
func (t *transaction) cursor(ctx context.Context, c *store.Cursor) error {
	const insert = `INSERT INTO cursors (account, scope, version, due, state) VALUES (?, ?, 1, ?, ?) ON CONFLICT DO NOTHING`
	const update = `UPDATE cursors SET version = version + 1, due = ?, state = ? WHERE account = ? AND scope = ? AND version = ?`
	const many = `SELECT count(*) > ? FROM cursors WHERE account = ?`
	if c.Version > 0 {
		return stale(t.exec(ctx, update, c.Due.UnixMicro(), notNull(c.State), c.Account, c.Scope, int64(c.Version)))
	}
	if err := stale(t.exec(ctx, insert, c.Account, c.Scope, c.Due.UnixMicro(), notNull(c.State))); err != nil {
		return err
	}
	var tooMany bool
	err := t.row(ctx, many, []any{store.MaxScopes, c.Account}, &tooMany)
	if err == nil && tooMany {
		err = fmt.Errorf("account %s has %d scopes: %w", c.Account, store.MaxScopes, store.ErrTooMany)
	}
	return err
}
