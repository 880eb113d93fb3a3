package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const connectionsQuery = `SELECT supplier, id, source, version, settings, created, changed FROM wedsync.connections`

// Connections implements [store.Connections].
func (s *Store) Connections(ctx context.Context, supplier string) (found []store.Connection, err error) {
	err = s.read(ctx, "connections", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, connectionsQuery+` WHERE supplier = $1`, escape(supplier))
		return each(rows, err, func(row pgx.Rows) error {
			c, err := scanConnection(row)
			found = append(found, c)
			return err
		})
	})
	sortBy(found, func(c store.Connection) string { return c.ID })
	return found, err
}

// Connection implements [store.Connections].
func (s *Store) Connection(ctx context.Context, id string) (c store.Connection, err error) {
	err = s.read(ctx, "connection", func(ctx context.Context, p *pgxpool.Pool) error {
		c, err = scanConnection(p.QueryRow(ctx, connectionsQuery+` WHERE id = $1`, escape(id)))
		return err
	})
	return c, err
}

func scanConnection(row pgx.Row) (c store.Connection, err error) {
	if err := row.Scan(&c.Supplier, &c.ID, &c.Source, &c.Version, &c.Settings, &c.Created, &c.Changed); err != nil {
		return store.Connection{}, err
	}
	c.Supplier, c.ID, c.Source = unescape(c.Supplier), unescape(c.ID), unescape(c.Source)
	c.Created, c.Changed = c.Created.UTC(), c.Changed.UTC()
	return c, nil
}

// SetConnection implements [store.Connections].
func (s *Store) SetConnection(ctx context.Context, c store.Connection) error {
	const insert = `INSERT INTO wedsync.connections (id, supplier, source, version, settings, created, changed)
		VALUES ($1, $2, $3, 1, $4, $5, $6) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.connections SET version = version + 1, settings = $4, changed = $5
		WHERE id = $1 AND supplier = $2 AND version = $3`
	const many = `SELECT count(*) > $2 FROM wedsync.connections WHERE supplier = $1`
	if err := store.CheckHook(c.Settings); err != nil {
		return err
	}
	name, id := escape(c.Supplier), escape(c.ID)
	return s.write(ctx, s.durable, "set connection", func(ctx context.Context, tx pgx.Tx) error {
		if c.Version > 0 {
			return stale(affected(tx.Exec(ctx, update, id, name, int64(c.Version), notNull(c.Settings), micros(c.Changed))))
		}
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		err := stale(affected(tx.Exec(ctx, insert, id, name, escape(c.Source), notNull(c.Settings), micros(c.Created), micros(c.Changed))))
		if err != nil {
			return err
		}
		return tooMany(ctx, tx, many, store.MaxConnections, c.Supplier)
	})
}

// stale returns ErrStale unless a statement changed rows.
func stale(changed int64, err error) error {
	if err == nil && changed == 0 {
		err = store.ErrStale
	}
	return err
}

// DeleteConnection implements [store.Connections].
func (s *Store) DeleteConnection(ctx context.Context, supplier, id string) error {
	const remove = `DELETE FROM wedsync.connections WHERE supplier = $1 AND id = $2`
	const objects = `DELETE FROM wedsync.objects WHERE supplier = $1 AND connection = $2`
	return s.write(ctx, s.durable, "delete connection", func(ctx context.Context, tx pgx.Tx) error {
		deleted, err := affected(tx.Exec(ctx, remove, escape(supplier), escape(id)))
		if err == nil && deleted == 0 {
			err = fmt.Errorf("connection %s: %w", id, store.ErrNotFound)
		}
		if err == nil {
			_, err = tx.Exec(ctx, objects, escape(supplier), escape(id))
		}
		return err
	})
}
