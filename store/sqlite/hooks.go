package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// RestoreHooks implements [store.Copier].
func (s *Store) RestoreHooks(ctx context.Context, supplier string, h store.Hooks) error {
	return s.write(ctx, s.durable, "restore hooks", func(ctx context.Context, t *transaction) error {
		if err := t.supplier(ctx, supplier); err != nil {
			return err
		}
		var key int64
		if err := t.row(ctx, `SELECT key FROM suppliers WHERE name = ?`, []any{supplier}, &key); err != nil {
			return err
		}
		r := hookRestoring{transaction: t, supplier: supplier, key: key}
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
	*transaction
	supplier string
	key      int64
}

func (r *hookRestoring) connections(ctx context.Context, h *store.Hooks) error {
	const put = `REPLACE INTO connections (id, supplier, source, version, settings, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?)`
	for _, c := range h.Connections {
		_, err := r.exec(ctx, put, c.ID, r.key, c.Source, int64(c.Version), notNull(c.Settings), c.Created.UnixMicro(), c.Changed.UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *hookRestoring) objects(ctx context.Context, h *store.Hooks) error {
	const put = `REPLACE INTO objects (supplier, connection, external, record) VALUES (?, ?, ?, ?)`
	for _, o := range h.Objects {
		if _, err := r.exec(ctx, put, r.key, o.Connection, o.External, o.Record[:]); err != nil {
			return err
		}
	}
	return nil
}

func (r *hookRestoring) events(ctx context.Context, h *store.Hooks) error {
	const remove = `DELETE FROM inbox WHERE supplier = ? AND id = ?`
	for i := range h.Events {
		e := h.Events[i]
		e.Supplier = r.supplier
		if _, err := r.exec(ctx, remove, r.key, e.ID); err != nil {
			return err
		}
		stored, err := r.insertEvent(ctx, &e)
		if err == nil && !stored {
			err = fmt.Errorf("event %s: number %d or external id %q is another's: %w", e.ID, e.Number, e.External, store.ErrNotEmpty)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *hookRestoring) endpoints(ctx context.Context, h *store.Hooks) error {
	const put = `REPLACE INTO endpoints (id, supplier, version, cursor, settings, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?)`
	for _, e := range h.Endpoints {
		_, err := r.exec(ctx, put, e.ID, r.key, int64(e.Version), int64(e.Cursor), notNull(e.Settings), e.Created.UnixMicro(), e.Changed.UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *hookRestoring) deliveries(ctx context.Context, h *store.Hooks) error {
	const find = `SELECT 1 FROM endpoints WHERE id = ? AND supplier = ?`
	const remove = `DELETE FROM deliveries WHERE endpoint = ? AND id = ?`
	for i := range h.Deliveries {
		d := &h.Deliveries[i]
		var one int
		err := r.row(ctx, find, []any{d.Endpoint, r.key}, &one)
		if errors.Is(err, sql.ErrNoRows) {
			err = noEndpoint(d.Endpoint)
		}
		if err == nil {
			_, err = r.exec(ctx, remove, d.Endpoint, d.ID)
		}
		if err != nil {
			return err
		}
		head := d.State == store.DeliveryPending && d.Record == (crdt.RecordID{})
		stored, err := r.insertDelivery(ctx, r.key, d.Endpoint, d, head)
		if err == nil && !stored {
			err = fmt.Errorf("place %d is another's: %w", d.Seq, store.ErrNotEmpty)
		}
		if err != nil {
			return fmt.Errorf("delivery %s: %w", d.ID, err)
		}
		if d.Record != (crdt.RecordID{}) {
			if err := r.settle(ctx, d.Endpoint, d.Record[:]); err != nil {
				return err
			}
		}
	}
	return nil
}
