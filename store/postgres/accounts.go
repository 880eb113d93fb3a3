package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const (
	accountColumns = `SELECT supplier, id, provider, version, settings, created, changed FROM wedsync.accounts`
	accountsQuery  = accountColumns + ` WHERE supplier = $1 ORDER BY id`
	allAccounts    = accountColumns + ` WHERE id > $1 ORDER BY id LIMIT $2`
)

// Accounts implements [store.Accounts].
func (s *Store) Accounts(ctx context.Context, supplier string) ([]store.Account, error) {
	return s.accounts(ctx, "accounts", accountsQuery, escape(supplier))
}

// AllAccounts implements [store.Accounts].
func (s *Store) AllAccounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return s.accounts(ctx, "all accounts", allAccounts, escape(after), max(limit, 0))
}

func (s *Store) accounts(ctx context.Context, what, query string, args ...any) (found []store.Account, err error) {
	err = s.read(ctx, what, func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			a, err := scanAccount(row)
			found = append(found, a)
			return err
		})
	})
	return found, err
}

// Account implements [store.Accounts].
func (s *Store) Account(ctx context.Context, id string) (a store.Account, err error) {
	err = s.read(ctx, "account", func(ctx context.Context, p *pgxpool.Pool) error {
		a, err = scanAccount(p.QueryRow(ctx, accountColumns+` WHERE id = $1`, escape(id)))
		return err
	})
	return a, err
}

func scanAccount(row pgx.Row) (a store.Account, err error) {
	if err := row.Scan(&a.Supplier, &a.ID, &a.Provider, &a.Version, &a.Settings, &a.Created, &a.Changed); err != nil {
		return store.Account{}, err
	}
	a.Supplier, a.ID, a.Provider = unescape(a.Supplier), unescape(a.ID), unescape(a.Provider)
	a.Created, a.Changed = a.Created.UTC(), a.Changed.UTC()
	return a, nil
}

// SetAccount implements [store.Accounts].
func (s *Store) SetAccount(ctx context.Context, a store.Account) error {
	const insert = `INSERT INTO wedsync.accounts (id, supplier, provider, version, settings, created, changed)
		VALUES ($1, $2, $3, 1, $4, $5, $6) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.accounts SET version = version + 1, settings = $4, changed = $5
		WHERE id = $1 AND supplier = $2 AND version = $3`
	const many = `SELECT count(*) > $2 FROM wedsync.accounts WHERE supplier = $1`
	if err := store.CheckHook(a.Settings); err != nil {
		return err
	}
	name, id := escape(a.Supplier), escape(a.ID)
	return s.write(ctx, s.durable, "set account", func(ctx context.Context, tx pgx.Tx) error {
		if a.Version > 0 {
			return stale(affected(tx.Exec(ctx, update, id, name, int64(a.Version), notNull(a.Settings), micros(a.Changed))))
		}
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		err := stale(affected(tx.Exec(ctx, insert, id, name, escape(a.Provider), notNull(a.Settings), micros(a.Created), micros(a.Changed))))
		if err != nil {
			return err
		}
		return tooMany(ctx, tx, many, store.MaxAccounts, a.Supplier)
	})
}

// DeleteAccount implements [store.Accounts].
func (s *Store) DeleteAccount(ctx context.Context, supplier, id string) error {
	const remove = `DELETE FROM wedsync.accounts WHERE supplier = $1 AND id = $2`
	const cursors = `DELETE FROM wedsync.cursors WHERE supplier = $1 AND account = $2`
	return s.write(ctx, s.durable, "delete account", func(ctx context.Context, tx pgx.Tx) error {
		deleted, err := affected(tx.Exec(ctx, remove, escape(supplier), escape(id)))
		if err == nil && deleted == 0 {
			err = noAccount(id)
		}
		if err == nil {
			_, err = tx.Exec(ctx, cursors, escape(supplier), escape(id))
		}
		return err
	})
}

// holdAccount keeps an account from being deleted, and returns ErrNotFound unless
// a supplier has it. Supplier and id are escaped.
func holdAccount(ctx context.Context, tx pgx.Tx, supplier, id string) error {
	const hold = `SELECT 1 FROM wedsync.accounts WHERE id = $1 AND supplier = $2 FOR KEY SHARE`
	found, err := affected(tx.Exec(ctx, hold, id, supplier))
	if err == nil && found == 0 {
		err = noAccount(unescape(id))
	}
	return err
}

func noAccount(id string) error { return fmt.Errorf("account %s: %w", id, store.ErrNotFound) }
