package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const cursorsQuery = `SELECT scope, version, due, state FROM wedsync.cursors WHERE supplier = $1 AND account = $2`

// Cursors implements [store.Communications].
func (s *Store) Cursors(ctx context.Context, supplier, account string) (found []store.Cursor, err error) {
	err = s.read(ctx, "cursors", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, cursorsQuery, escape(supplier), escape(account))
		return each(rows, err, func(row pgx.Rows) error {
			c := store.Cursor{Supplier: supplier, Account: account}
			err := row.Scan(&c.Scope, &c.Version, &c.Due, &c.State)
			c.Scope, c.Due = unescape(c.Scope), c.Due.UTC()
			found = append(found, c)
			return err
		})
	})
	sortBy(found, func(c store.Cursor) string { return c.Scope })
	return found, err
}

const dueCursorsQuery = `SELECT supplier, account, scope FROM wedsync.cursors WHERE due <= $1 ORDER BY due, account, scope LIMIT $2`

// DueCursors implements [store.Communications].
func (s *Store) DueCursors(ctx context.Context, now time.Time, limit int) (due []store.CursorKey, err error) {
	err = s.read(ctx, "due cursors", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, dueCursorsQuery, micros(now), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var k store.CursorKey
			err := row.Scan(&k.Supplier, &k.Account, &k.Scope)
			k.Supplier, k.Account, k.Scope = unescape(k.Supplier), unescape(k.Account), unescape(k.Scope)
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
	return s.write(ctx, s.durable, "set cursor", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdAccount(ctx, tx, escape(c.Supplier), escape(c.Account)); err != nil {
			return err
		}
		return setCursor(ctx, tx, &c)
	})
}

// setCursor stores a cursor of an account that is held.
func setCursor(ctx context.Context, tx pgx.Tx, c *store.Cursor) error {
	const alone = `SELECT 1 FROM wedsync.accounts WHERE id = $1 FOR NO KEY UPDATE`
	const insert = `INSERT INTO wedsync.cursors (supplier, account, scope, version, due, state) VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.cursors SET version = version + 1, due = $4, state = $5
		WHERE supplier = $1 AND account = $2 AND scope = $3 AND version = $6`
	const many = `SELECT count(*) > $3 FROM wedsync.cursors WHERE supplier = $1 AND account = $2`
	name, account, scope := escape(c.Supplier), escape(c.Account), escape(c.Scope)
	if c.Version > 0 {
		return stale(affected(tx.Exec(ctx, update, name, account, scope, micros(c.Due), notNull(c.State), int64(c.Version))))
	}
	if _, err := tx.Exec(ctx, alone, account); err != nil {
		return err
	}
	if err := stale(affected(tx.Exec(ctx, insert, name, account, scope, micros(c.Due), notNull(c.State)))); err != nil {
		return err
	}
	var tooMany bool
	err := tx.QueryRow(ctx, many, name, account, store.MaxScopes).Scan(&tooMany)
	if err == nil && tooMany {
		err = fmt.Errorf("account %s has %d scopes: %w", c.Account, store.MaxScopes, store.ErrTooMany)
	}
	return err
}
