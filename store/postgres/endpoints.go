package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const endpointsQuery = `SELECT supplier, id, version, cursor, settings, created, changed FROM wedsync.endpoints`

// Endpoints implements [store.Outbox].
func (s *Store) Endpoints(ctx context.Context, supplier string) ([]store.Endpoint, error) {
	found, err := s.endpoints(ctx, endpointsQuery+` WHERE supplier = $1`, escape(supplier))
	sortBy(found, func(e store.Endpoint) string { return e.ID })
	return found, err
}

// AllEndpoints implements [store.Outbox].
func (s *Store) AllEndpoints(ctx context.Context, after store.Endpoint, limit int) ([]store.Endpoint, error) {
	const query = endpointsQuery + ` WHERE (supplier, id) > ($1, $2) ORDER BY supplier, id LIMIT $3`
	return s.endpoints(ctx, query, escape(after.Supplier), escape(after.ID), max(limit, 0))
}

func (s *Store) endpoints(ctx context.Context, query string, args ...any) (found []store.Endpoint, err error) {
	err = s.read(ctx, "endpoints", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			e, err := scanEndpoint(row)
			found = append(found, e)
			return err
		})
	})
	return found, err
}

// Endpoint implements [store.Outbox].
func (s *Store) Endpoint(ctx context.Context, supplier, id string) (e store.Endpoint, err error) {
	err = s.read(ctx, "endpoint", func(ctx context.Context, p *pgxpool.Pool) error {
		e, err = scanEndpoint(p.QueryRow(ctx, endpointsQuery+` WHERE supplier = $1 AND id = $2`, escape(supplier), escape(id)))
		return err
	})
	return e, err
}

func scanEndpoint(row pgx.Row) (e store.Endpoint, err error) {
	if err := row.Scan(&e.Supplier, &e.ID, &e.Version, &e.Cursor, &e.Settings, &e.Created, &e.Changed); err != nil {
		return store.Endpoint{}, err
	}
	e.Supplier, e.ID, e.Created, e.Changed = unescape(e.Supplier), unescape(e.ID), e.Created.UTC(), e.Changed.UTC()
	return e, nil
}

// SetEndpoint implements [store.Outbox].
func (s *Store) SetEndpoint(ctx context.Context, e store.Endpoint) error {
	const insert = `INSERT INTO wedsync.endpoints (supplier, id, version, cursor, settings, created, changed)
		VALUES ($1, $2, 1, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.endpoints SET version = version + 1, settings = $4, changed = $5
		WHERE supplier = $1 AND id = $2 AND version = $3`
	const many = `SELECT count(*) > $2 FROM wedsync.endpoints WHERE supplier = $1`
	if err := store.CheckHook(e.Settings); err != nil {
		return err
	}
	name, id := escape(e.Supplier), escape(e.ID)
	return s.write(ctx, s.durable, "set endpoint", func(ctx context.Context, tx pgx.Tx) error {
		if e.Version > 0 {
			return stale(affected(tx.Exec(ctx, update, name, id, int64(e.Version), notNull(e.Settings), micros(e.Changed))))
		}
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		err := stale(affected(tx.Exec(ctx, insert, name, id, int64(e.Cursor), notNull(e.Settings), micros(e.Created), micros(e.Changed))))
		if err != nil {
			return err
		}
		return tooMany(ctx, tx, many, store.MaxEndpoints, e.Supplier)
	})
}

// deletedAtOnce is how many deliveries are deleted in one transaction.
const deletedAtOnce = 1000

// DeleteEndpoint implements [store.Outbox]. It goes through the deliveries in
// order, so that no part looks at what the parts before it have left behind.
func (s *Store) DeleteEndpoint(ctx context.Context, supplier, id string) error {
	const deliveries = `WITH gone AS (DELETE FROM wedsync.deliveries WHERE supplier = $1 AND seq = ANY (ARRAY(
			SELECT seq FROM wedsync.deliveries WHERE supplier = $1 AND endpoint = $2 AND seq > $3 ORDER BY seq LIMIT $4)) RETURNING seq)
		SELECT coalesce(max(seq), 0), count(*) FROM gone`
	const endpoint = `DELETE FROM wedsync.endpoints WHERE supplier = $1 AND id = $2`
	name := escape(supplier)
	for last, more := int64(math.MinInt64), true; more; {
		reached := last
		err := s.write(ctx, s.durable, "delete endpoint", func(ctx context.Context, tx pgx.Tx) error {
			if err := holdEndpoint(ctx, tx, name, id); err != nil {
				return err
			}
			var deleted int
			err := tx.QueryRow(ctx, deliveries, name, escape(id), last, deletedAtOnce).Scan(&reached, &deleted)
			if more = deleted == deletedAtOnce; more || err != nil {
				return err
			}
			_, err = tx.Exec(ctx, endpoint, name, escape(id))
			return err
		})
		if err != nil {
			return err
		}
		last = reached
	}
	return nil
}

// holdEndpoint holds an endpoint's row after its supplier's, so that nobody else
// changes what is pending.
func holdEndpoint(ctx context.Context, tx pgx.Tx, supplier, id string) error {
	const lock = `SELECT 1 FROM wedsync.endpoints WHERE supplier = $1 AND id = $2 FOR UPDATE`
	if _, err := tx.Exec(ctx, lockNotes, []string{supplier}); err != nil {
		return err
	}
	held, err := affected(tx.Exec(ctx, lock, supplier, escape(id)))
	if err == nil && held == 0 {
		err = fmt.Errorf("endpoint %s: %w", id, store.ErrNotFound)
	}
	return err
}

// Dispatch implements [store.Outbox].
func (s *Store) Dispatch(ctx context.Context, supplier, endpoint string, from, to uint64, deliveries []store.Delivery) error {
	const move = `UPDATE wedsync.endpoints SET cursor = $4 WHERE supplier = $1 AND id = $2 AND cursor = $3`
	return s.dispatch(ctx, "dispatch", supplier, endpoint, deliveries, func(ctx context.Context, tx pgx.Tx) error {
		return stale(affected(tx.Exec(ctx, move, escape(supplier), escape(endpoint), int64(from), int64(to))))
	})
}

// AddDeliveries implements [store.Outbox].
func (s *Store) AddDeliveries(ctx context.Context, supplier, endpoint string, deliveries []store.Delivery) error {
	return s.dispatch(ctx, "add deliveries", supplier, endpoint, deliveries, func(context.Context, pgx.Tx) error { return nil })
}

// dispatch stores deliveries once move has found the cursor right and moved it.
func (s *Store) dispatch(ctx context.Context, what, supplier, endpoint string, deliveries []store.Delivery, move func(context.Context, pgx.Tx) error) error {
	const many = `SELECT count(*) > $3 FROM wedsync.deliveries WHERE supplier = $1 AND endpoint = $2 AND state = 'pending'`
	for i := range deliveries {
		if err := store.CheckHook(deliveries[i].Body, deliveries[i].Log); err != nil {
			return fmt.Errorf("delivery %s: %w", deliveries[i].ID, err)
		}
	}
	name := escape(supplier)
	return s.write(ctx, s.durable, what, func(ctx context.Context, tx pgx.Tx) error {
		err := holdEndpoint(ctx, tx, name, endpoint)
		if err == nil {
			err = move(ctx, tx)
		}
		if err != nil || len(deliveries) == 0 {
			return err
		}
		if err := deliver(ctx, tx, name, escape(endpoint), deliveries); err != nil {
			return err
		}
		var full bool
		err = tx.QueryRow(ctx, many, name, escape(endpoint), store.MaxPending).Scan(&full)
		if err == nil && full {
			err = fmt.Errorf("endpoint %s: more than %d deliveries would wait: %w", endpoint, store.MaxPending, store.ErrTooMany)
		}
		return err
	})
}
