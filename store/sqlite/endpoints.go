package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/store"
)

const endpointColumns = `SELECT s.name, e.id, e.version, e.cursor, e.settings, e.created, e.changed
	FROM suppliers s JOIN endpoints e ON e.supplier = s.key`

// Endpoints implements [store.Outbox].
func (s *Store) Endpoints(ctx context.Context, supplier string) ([]store.Endpoint, error) {
	return s.endpoints(ctx, endpointColumns+` WHERE s.name = ? ORDER BY e.id`, supplier)
}

// AllEndpoints implements [store.Outbox].
func (s *Store) AllEndpoints(ctx context.Context, after store.Endpoint, limit int) ([]store.Endpoint, error) {
	const query = endpointColumns + ` WHERE (s.name, e.id) > (?, ?) ORDER BY s.name, e.id LIMIT ?`
	return s.endpoints(ctx, query, after.Supplier, after.ID, max(limit, 0))
}

func (s *Store) endpoints(ctx context.Context, query string, args ...any) (found []store.Endpoint, err error) {
	err = s.read(ctx, "endpoints", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			e, err := scanEndpoint(rows.Scan)
			found = append(found, e)
			return err
		})
	})
	return found, err
}

// Endpoint implements [store.Outbox].
func (s *Store) Endpoint(ctx context.Context, supplier, id string) (e store.Endpoint, err error) {
	const query = endpointColumns + ` WHERE s.name = ? AND e.id = ?`
	err = s.read(ctx, "endpoint", func(ctx context.Context, p *pool) error {
		e, err = scanEndpoint(func(into ...any) error { return p.row(ctx, query, []any{supplier, id}, into...) })
		return err
	})
	return e, err
}

func scanEndpoint(scan func(...any) error) (e store.Endpoint, err error) {
	var created, changed int64
	if err := scan(&e.Supplier, &e.ID, &e.Version, &e.Cursor, &e.Settings, &created, &changed); err != nil {
		return store.Endpoint{}, err
	}
	e.Created, e.Changed = time.UnixMicro(created).UTC(), time.UnixMicro(changed).UTC()
	return e, nil
}

// SetEndpoint implements [store.Outbox].
func (s *Store) SetEndpoint(ctx context.Context, e store.Endpoint) error {
	const insert = `INSERT INTO endpoints (id, supplier, version, cursor, settings, created, changed)
		SELECT ?, key, 1, ?, ?, ?, ? FROM suppliers WHERE name = ? ON CONFLICT DO NOTHING`
	const update = `UPDATE endpoints SET version = version + 1, settings = ?, changed = ?
		WHERE id = ? AND version = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	const many = `SELECT count(*) > ? FROM suppliers s JOIN endpoints e ON e.supplier = s.key WHERE s.name = ?`
	if err := store.CheckHook(e.Settings); err != nil {
		return err
	}
	return s.write(ctx, s.durable, "set endpoint", func(ctx context.Context, t *transaction) error {
		if e.Version > 0 {
			return stale(t.exec(ctx, update, notNull(e.Settings), e.Changed.UnixMicro(), e.ID, int64(e.Version), e.Supplier))
		}
		if err := t.supplier(ctx, e.Supplier); err != nil {
			return err
		}
		err := stale(t.exec(ctx, insert, e.ID, int64(e.Cursor), notNull(e.Settings), e.Created.UnixMicro(), e.Changed.UnixMicro(), e.Supplier))
		if err != nil {
			return err
		}
		return t.tooMany(ctx, many, store.MaxEndpoints, e.Supplier)
	})
}

// deletedAtOnce is how many deliveries are deleted in one transaction, so that
// commits wait for no more than a moment.
const deletedAtOnce = 1000

// DeleteEndpoint implements [store.Outbox].
func (s *Store) DeleteEndpoint(ctx context.Context, supplier, id string) error {
	const deliveries = `DELETE FROM deliveries WHERE seq IN (SELECT d.seq FROM suppliers s JOIN deliveries d ON d.supplier = s.key
		WHERE s.name = ? AND d.endpoint = ? LIMIT ?)`
	const endpoint = `DELETE FROM endpoints WHERE id = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	for {
		more := false
		err := s.write(ctx, s.durable, "delete endpoint", func(ctx context.Context, t *transaction) error {
			deleted, err := t.exec(ctx, deliveries, supplier, id, deletedAtOnce)
			if more = deleted == deletedAtOnce; more || err != nil {
				return err
			}
			deleted, err = t.exec(ctx, endpoint, id, supplier)
			if err == nil && deleted == 0 {
				err = noEndpoint(id)
			}
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

func noEndpoint(id string) error { return fmt.Errorf("endpoint %s: %w", id, store.ErrNotFound) }

// Dispatch implements [store.Outbox].
func (s *Store) Dispatch(ctx context.Context, supplier, endpoint string, from, to uint64, deliveries []store.Delivery) error {
	const move = `UPDATE endpoints SET cursor = ? WHERE id = ? AND cursor = ?`
	return s.dispatch(ctx, "dispatch", supplier, endpoint, deliveries, func(ctx context.Context, t *transaction) error {
		return stale(t.exec(ctx, move, int64(to), endpoint, int64(from)))
	})
}

// AddDeliveries implements [store.Outbox].
func (s *Store) AddDeliveries(ctx context.Context, supplier, endpoint string, deliveries []store.Delivery) error {
	return s.dispatch(ctx, "add deliveries", supplier, endpoint, deliveries, func(context.Context, *transaction) error { return nil })
}

// dispatch stores deliveries once move has found the cursor right and moved it.
func (s *Store) dispatch(ctx context.Context, what, supplier, endpoint string, deliveries []store.Delivery, move func(context.Context, *transaction) error) error {
	const find = `SELECT s.key FROM suppliers s JOIN endpoints e ON e.supplier = s.key WHERE s.name = ? AND e.id = ?`
	const many = `SELECT count(*) > ? FROM deliveries WHERE endpoint = ? AND state = 'pending'`
	for i := range deliveries {
		if err := store.CheckHook(deliveries[i].Body, deliveries[i].Log); err != nil {
			return fmt.Errorf("delivery %s: %w", deliveries[i].ID, err)
		}
	}
	return s.write(ctx, s.durable, what, func(ctx context.Context, t *transaction) error {
		var key int64
		err := t.row(ctx, find, []any{supplier, endpoint}, &key)
		if errors.Is(err, sql.ErrNoRows) {
			err = noEndpoint(endpoint)
		}
		if err == nil {
			err = move(ctx, t)
		}
		if err != nil || len(deliveries) == 0 {
			return err
		}
		if err := t.deliver(ctx, key, endpoint, deliveries); err != nil {
			return err
		}
		var full bool
		err = t.row(ctx, many, []any{store.MaxPending, endpoint}, &full)
		if err == nil && full {
			err = fmt.Errorf("endpoint %s: more than %d deliveries would wait: %w", endpoint, store.MaxPending, store.ErrTooMany)
		}
		return err
	})
}
