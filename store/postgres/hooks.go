package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
)

// RestoreHooks implements [store.Copier].
func (s *Store) RestoreHooks(ctx context.Context, supplier string, h store.Hooks) error {
	r := hookRestoring{supplier: escape(supplier)}
	return s.write(ctx, s.durable, "restore hooks", func(ctx context.Context, tx pgx.Tx) error {
		r.Tx = tx
		if err := holdSuppliers(ctx, tx, []string{r.supplier}); err != nil {
			return err
		}
		for _, step := range []func(context.Context, *store.Hooks) error{r.connections, r.objects, r.events, r.endpoints, r.deliveries} {
			if err := step(ctx, &h); err != nil {
				return err
			}
		}
		return nil
	})
}

// A hookRestoring is a part of a supplier's webhooks on its way.
type hookRestoring struct {
	pgx.Tx
	supplier string // escaped
}

func (r *hookRestoring) connections(ctx context.Context, h *store.Hooks) error {
	const put = `INSERT INTO wedsync.connections (supplier, id, source, version, settings, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET supplier = excluded.supplier, source = excluded.source, version = excluded.version,
			settings = excluded.settings, created = excluded.created, changed = excluded.changed`
	var batch pgx.Batch
	for _, c := range h.Connections {
		batch.Queue(put, r.supplier, escape(c.ID), escape(c.Source), int64(c.Version), notNull(c.Settings), micros(c.Created), micros(c.Changed))
	}
	return r.SendBatch(ctx, &batch).Close()
}

func (r *hookRestoring) objects(ctx context.Context, h *store.Hooks) error {
	const put = `INSERT INTO wedsync.objects (supplier, connection, external, record) VALUES ($1, $2, $3, $4)
		ON CONFLICT (supplier, connection, external) DO UPDATE SET record = excluded.record`
	var batch pgx.Batch
	for _, o := range h.Objects {
		batch.Queue(put, r.supplier, escape(o.Connection), escape(o.External), [16]byte(o.Record))
	}
	return r.SendBatch(ctx, &batch).Close()
}

func (r *hookRestoring) events(ctx context.Context, h *store.Hooks) error {
	const remove = `DELETE FROM wedsync.inbox WHERE supplier = $1 AND id = ANY ($2::text[])`
	var rows []eventRow
	var ids []string
	last := int64(0)
	for i := range h.Events {
		e := &h.Events[i]
		rows, ids, last = append(rows, eventRow{r.supplier, e}), append(ids, escape(e.ID)), max(last, e.Number)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := r.Exec(ctx, remove, r.supplier, ids); err != nil {
		return err
	}
	others := len(rows)
	if err := insertRows(ctx, r, rows, func(int64) { others-- }); err != nil {
		return err
	}
	if others > 0 {
		return fmt.Errorf("the numbers or external ids of %d events are others': %w", others, store.ErrNotEmpty)
	}
	if err := r.candidates(ctx, h.Events); err != nil {
		return err
	}
	return r.advance(ctx, `SELECT setval('wedsync.arrivals', greatest($1, (SELECT last_value FROM wedsync.arrivals)))`, last)
}

// candidates stores those of the events that have some.
func (r *hookRestoring) candidates(ctx context.Context, events []store.InboxEvent) error {
	const put = `UPDATE wedsync.inbox SET candidates = $3 WHERE supplier = $1 AND id = $2`
	var batch pgx.Batch
	for i := range events {
		if len(events[i].Candidates) > 0 {
			batch.Queue(put, r.supplier, escape(events[i].ID), uuids(events[i].Candidates))
		}
	}
	return r.SendBatch(ctx, &batch).Close()
}

// advance moves a sequence to a number unless it is beyond it.
func (r *hookRestoring) advance(ctx context.Context, query string, last int64) error {
	_, err := r.Exec(ctx, query, max(last, 1))
	return err
}

func (r *hookRestoring) endpoints(ctx context.Context, h *store.Hooks) error {
	const put = `INSERT INTO wedsync.endpoints (supplier, id, version, cursor, settings, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (supplier, id) DO UPDATE SET version = excluded.version, cursor = excluded.cursor,
			settings = excluded.settings, created = excluded.created, changed = excluded.changed`
	var batch pgx.Batch
	for _, e := range h.Endpoints {
		batch.Queue(put, r.supplier, escape(e.ID), int64(e.Version), int64(e.Cursor), notNull(e.Settings), micros(e.Created), micros(e.Changed))
	}
	return r.SendBatch(ctx, &batch).Close()
}

func (r *hookRestoring) deliveries(ctx context.Context, h *store.Hooks) error {
	const remove = `DELETE FROM wedsync.deliveries d USING unnest($2::text[], $3::text[]) AS n (endpoint, id)
		WHERE d.supplier = $1 AND d.endpoint = n.endpoint AND d.id = n.id`
	var all deliveryColumns
	byEndpoint := make(map[string]*deliveryColumns)
	last := int64(0)
	for i := range h.Deliveries {
		d := &h.Deliveries[i]
		one := byEndpoint[d.Endpoint]
		if one == nil {
			one = new(deliveryColumns)
			byEndpoint[d.Endpoint] = one
			if err := holdEndpoint(ctx, r, r.supplier, d.Endpoint); err != nil {
				return err
			}
		}
		all.add(escape(d.Endpoint), d)
		one.add(escape(d.Endpoint), d)
		last = max(last, d.Seq)
	}
	if len(all.ids) == 0 {
		return nil
	}
	if _, err := r.Exec(ctx, remove, r.supplier, all.endpoints, all.ids); err != nil {
		return err
	}
	stored, err := affected(r.Exec(ctx, insertDeliveries, all.args(r.supplier)...))
	if err == nil && stored != int64(len(all.ids)) {
		err = fmt.Errorf("the places of %d deliveries are others': %w", int64(len(all.ids))-stored, store.ErrNotEmpty)
	}
	if err != nil {
		return err
	}
	for endpoint, one := range byEndpoint {
		if err := settle(ctx, r, r.supplier, escape(endpoint), one.about()); err != nil {
			return err
		}
	}
	return r.advance(ctx, `SELECT setval('wedsync.departures', greatest($1, (SELECT last_value FROM wedsync.departures)))`, last)
}
