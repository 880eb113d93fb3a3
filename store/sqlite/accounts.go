package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/store"
)

const (
	accountColumns = `SELECT s.name, a.id, a.provider, a.version, a.settings, a.created, a.changed`
	accountsQuery  = accountColumns + ` FROM suppliers s JOIN accounts a ON a.supplier = s.key WHERE s.name = ? ORDER BY a.id`
	allAccounts    = accountColumns + ` FROM accounts a JOIN suppliers s ON s.key = a.supplier WHERE a.id > ? ORDER BY a.id LIMIT ?`
)

// Accounts implements [store.Accounts].
func (s *Store) Accounts(ctx context.Context, supplier string) ([]store.Account, error) {
	return s.accounts(ctx, "accounts", accountsQuery, supplier)
}

// AllAccounts implements [store.Accounts].
func (s *Store) AllAccounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return s.accounts(ctx, "all accounts", allAccounts, after, max(limit, 0))
}

func (s *Store) accounts(ctx context.Context, what, query string, args ...any) (found []store.Account, err error) {
	err = s.read(ctx, what, func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			a, err := scanAccount(rows.Scan)
			found = append(found, a)
			return err
		})
	})
	return found, err
}

// Account implements [store.Accounts].
func (s *Store) Account(ctx context.Context, id string) (a store.Account, err error) {
	const query = accountColumns + ` FROM accounts a JOIN suppliers s ON s.key = a.supplier WHERE a.id = ?`
	err = s.read(ctx, "account", func(ctx context.Context, p *pool) error {
		a, err = scanAccount(func(into ...any) error { return p.row(ctx, query, []any{id}, into...) })
		return err
	})
	return a, err
}

func scanAccount(scan func(...any) error) (a store.Account, err error) {
	var created, changed int64
	if err := scan(&a.Supplier, &a.ID, &a.Provider, &a.Version, &a.Settings, &created, &changed); err != nil {
		return store.Account{}, err
	}
	a.Created, a.Changed = time.UnixMicro(created).UTC(), time.UnixMicro(changed).UTC()
	return a, nil
}

// SetAccount implements [store.Accounts].
func (s *Store) SetAccount(ctx context.Context, a store.Account) error {
	const insert = `INSERT INTO accounts (id, supplier, provider, version, settings, created, changed)
		SELECT ?, key, ?, 1, ?, ?, ? FROM suppliers WHERE name = ? ON CONFLICT DO NOTHING`
	const update = `UPDATE accounts SET version = version + 1, settings = ?, changed = ?
		WHERE id = ? AND version = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	const many = `SELECT count(*) > ? FROM suppliers s JOIN accounts a ON a.supplier = s.key WHERE s.name = ?`
	if err := store.CheckHook(a.Settings); err != nil {
		return err
	}
	return s.write(ctx, s.durable, "set account", func(ctx context.Context, t *transaction) error {
		if a.Version > 0 {
			return stale(t.exec(ctx, update, notNull(a.Settings), a.Changed.UnixMicro(), a.ID, int64(a.Version), a.Supplier))
		}
		if err := t.supplier(ctx, a.Supplier); err != nil {
			return err
		}
		if err := stale(t.exec(ctx, insert, a.ID, a.Provider, notNull(a.Settings), a.Created.UnixMicro(), a.Changed.UnixMicro(), a.Supplier)); err != nil {
			return err
		}
		return t.tooMany(ctx, many, store.MaxAccounts, a.Supplier)
	})
}

// DeleteAccount implements [store.Accounts].
func (s *Store) DeleteAccount(ctx context.Context, supplier, id string) error {
	const cursors = `DELETE FROM cursors WHERE account = ?`
	const remove = `DELETE FROM accounts WHERE id = ?`
	return s.write(ctx, s.durable, "delete account", func(ctx context.Context, t *transaction) error {
		if err := t.account(ctx, supplier, id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, cursors, id); err != nil {
			return err
		}
		_, err := t.exec(ctx, remove, id)
		return err
	})
}

// account returns ErrNotFound unless a supplier has an account.
func (t *transaction) account(ctx context.Context, supplier, id string) error {
	const find = `SELECT 1 FROM accounts a JOIN suppliers s ON s.key = a.supplier WHERE a.id = ? AND s.name = ?`
	var one int
	err := t.row(ctx, find, []any{id, supplier}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("account %s: %w", id, store.ErrNotFound)
	}
	return err
}
