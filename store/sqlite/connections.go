package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/store"
)

const connectionsQuery = `SELECT s.name, c.id, c.source, c.version, c.settings, c.created, c.changed
	FROM suppliers s JOIN connections c ON c.supplier = s.key WHERE s.name = ? ORDER BY c.id`

// Connections implements [store.Connections].
func (s *Store) Connections(ctx context.Context, supplier string) (found []store.Connection, err error) {
	err = s.read(ctx, "connections", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, connectionsQuery, []any{supplier}, func(rows *sql.Rows) error {
			c, err := scanConnection(rows.Scan)
			found = append(found, c)
			return err
		})
	})
	return found, err
}

// Connection implements [store.Connections].
func (s *Store) Connection(ctx context.Context, id string) (c store.Connection, err error) {
	const query = `SELECT s.name, c.id, c.source, c.version, c.settings, c.created, c.changed
		FROM connections c JOIN suppliers s ON s.key = c.supplier WHERE c.id = ?`
	err = s.read(ctx, "connection", func(ctx context.Context, p *pool) error {
		c, err = scanConnection(func(into ...any) error { return p.row(ctx, query, []any{id}, into...) })
		return err
	})
	return c, err
}

func scanConnection(scan func(...any) error) (c store.Connection, err error) {
	var created, changed int64
	if err := scan(&c.Supplier, &c.ID, &c.Source, &c.Version, &c.Settings, &created, &changed); err != nil {
		return store.Connection{}, err
	}
	c.Created, c.Changed = time.UnixMicro(created).UTC(), time.UnixMicro(changed).UTC()
	return c, nil
}

// SetConnection implements [store.Connections].
func (s *Store) SetConnection(ctx context.Context, c store.Connection) error {
	const insert = `INSERT INTO connections (id, supplier, source, version, settings, created, changed)
		SELECT ?, key, ?, 1, ?, ?, ? FROM suppliers WHERE name = ? ON CONFLICT DO NOTHING`
	const update = `UPDATE connections SET version = version + 1, settings = ?, changed = ?
		WHERE id = ? AND version = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	const many = `SELECT count(*) > ? FROM suppliers s JOIN connections c ON c.supplier = s.key WHERE s.name = ?`
	if err := store.CheckHook(c.Settings); err != nil {
		return err
	}
	return s.write(ctx, s.durable, "set connection", func(ctx context.Context, t *transaction) error {
		if c.Version > 0 {
			return stale(t.exec(ctx, update, notNull(c.Settings), c.Changed.UnixMicro(), c.ID, int64(c.Version), c.Supplier))
		}
		if err := t.supplier(ctx, c.Supplier); err != nil {
			return err
		}
		if err := stale(t.exec(ctx, insert, c.ID, c.Source, notNull(c.Settings), c.Created.UnixMicro(), c.Changed.UnixMicro(), c.Supplier)); err != nil {
			return err
		}
		return t.tooMany(ctx, many, store.MaxConnections, c.Supplier)
	})
}

// stale returns ErrStale unless a statement changed rows.
func stale(changed int64, err error) error {
	if err == nil && changed == 0 {
		err = store.ErrStale
	}
	return err
}

// supplier makes a supplier that is not there yet.
func (t *transaction) supplier(ctx context.Context, name string) error {
	_, err := t.exec(ctx, `INSERT INTO suppliers (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
	return err
}

// DeleteConnection implements [store.Connections].
func (s *Store) DeleteConnection(ctx context.Context, supplier, id string) error {
	const remove = `DELETE FROM connections WHERE id = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?) RETURNING supplier`
	const objects = `DELETE FROM objects WHERE supplier = ? AND connection = ?`
	return s.write(ctx, s.durable, "delete connection", func(ctx context.Context, t *transaction) error {
		var key int64
		err := t.row(ctx, remove, []any{id, supplier}, &key)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("connection %s: %w", id, store.ErrNotFound)
		}
		if err == nil {
			_, err = t.exec(ctx, objects, key, id)
		}
		return err
	})
}
