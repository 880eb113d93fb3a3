package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

const insertDelivery = `INSERT INTO deliveries (seq, supplier, endpoint, id, number, record, type, state, head, version, attempts, due, created, log)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq`

// insertDelivery stores a delivery as it is, at its place if it has one, and
// whether it is the first. It reports whether it was not left out.
func (t *transaction) insertDelivery(ctx context.Context, supplier int64, endpoint string, d *store.Delivery, head bool) (bool, error) {
	const body = `INSERT INTO delivery_bodies (seq, body) VALUES (?, ?)`
	seq := sql.NullInt64{Int64: d.Seq, Valid: d.Seq != 0}
	args := []any{
		seq, supplier, endpoint, d.ID, int64(d.Number), recordOrNull(d.Record), d.Type, string(d.State), head, int64(d.Version),
		d.Attempts, d.Due.UnixMicro(), d.Created.UnixMicro(), d.Log,
	}
	err := t.row(ctx, insertDelivery, args, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil && d.Body != nil {
		_, err = t.exec(ctx, body, seq.Int64, d.Body)
	}
	return true, err
}

// deliver stores new deliveries of an endpoint.
func (t *transaction) deliver(ctx context.Context, supplier int64, endpoint string, deliveries []store.Delivery) error {
	const untold = `SELECT r.state <> ?1 OR ?2 >= (SELECT max(entry) & ?3 FROM batches WHERE record = r.key) FROM records r WHERE r.id = ?4 AND r.supplier = ?5`
	const head = `SELECT NOT EXISTS (SELECT 1 FROM deliveries WHERE endpoint = ? AND record = ? AND state = 'pending')`
	for i := range deliveries {
		d := &deliveries[i]
		isHead := true
		if d.Record != (crdt.RecordID{}) {
			var told bool
			err := t.row(ctx, untold, []any{int64(store.Erased), int64(d.Number), maxNumber, d.Record[:], supplier}, &told)
			if errors.Is(err, sql.ErrNoRows) || err == nil && !told {
				continue
			}
			if err == nil {
				err = t.row(ctx, head, []any{endpoint, d.Record[:]}, &isHead)
			}
			if err != nil {
				return fmt.Errorf("delivery %s: %w", d.ID, err)
			}
		}
		fresh := *d
		fresh.Seq, fresh.State, fresh.Version = 0, store.DeliveryPending, 1
		if _, err := t.insertDelivery(ctx, supplier, endpoint, &fresh, isHead); err != nil {
			return fmt.Errorf("delivery %s: %w", d.ID, err)
		}
	}
	return nil
}

// settle finds out which pending delivery of an endpoint and record is the first.
func (t *transaction) settle(ctx context.Context, endpoint string, record []byte) error {
	const first = `SELECT min(seq) FROM deliveries WHERE endpoint = ? AND record = ? AND state = 'pending'`
	const rest = `UPDATE deliveries SET head = 0 WHERE endpoint = ? AND record = ? AND head AND seq > ?`
	const mark = `UPDATE deliveries SET head = 1 WHERE seq = ? AND NOT head`
	var seq sql.NullInt64
	err := t.row(ctx, first, []any{endpoint, record}, &seq)
	if err != nil || !seq.Valid {
		return err
	}
	if _, err := t.exec(ctx, rest, endpoint, record, seq.Int64); err != nil {
		return err
	}
	_, err = t.exec(ctx, mark, seq.Int64)
	return err
}

const claimQuery = `SELECT ` + deliveryColumns + deliveryContent + deliveriesWhole + ` AND d.endpoint = ? AND d.head AND d.due <= ? ORDER BY d.due, d.seq LIMIT ?`

// ClaimDeliveries implements [store.Outbox]. A claim may be lost in a power
// failure, as is who made it.
func (s *Store) ClaimDeliveries(ctx context.Context, supplier, endpoint string, now, until time.Time, limit int) (claimed []store.Delivery, err error) {
	const claim = `UPDATE deliveries SET version = version + 1, due = ? WHERE seq = ?`
	err = s.write(ctx, s.lax, "claim deliveries", func(ctx context.Context, t *transaction) error {
		args := []any{supplier, endpoint, now.UnixMicro(), min(max(limit, 0), store.MaxClaim)}
		err := t.rows(ctx, claimQuery, args, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows.Scan, false)
			if err != nil {
				return err
			}
			d.Version, d.Due = d.Version+1, time.UnixMicro(until.UnixMicro()).UTC()
			claimed = append(claimed, d)
			return nil
		})
		if err != nil {
			return err
		}
		for i := range claimed {
			if _, err := t.exec(ctx, claim, until.UnixMicro(), claimed[i].Seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// UpdateDelivery implements [store.Outbox].
func (s *Store) UpdateDelivery(ctx context.Context, d store.Delivery) error {
	const find = `SELECT d.seq, d.version, d.state, d.record FROM suppliers s JOIN deliveries d ON d.supplier = s.key
		WHERE s.name = ? AND d.endpoint = ? AND d.id = ?`
	const update = `UPDATE deliveries SET version = version + 1, state = ?1, attempts = ?2, due = ?3, log = ?4,
		head = ?1 = 'pending' AND (head OR record IS NULL) WHERE seq = ?5`
	if err := store.CheckHook(d.Log); err != nil {
		return err
	}
	return s.write(ctx, s.durable, "update delivery", func(ctx context.Context, t *transaction) error {
		var seq, version int64
		var state string
		var record []byte
		err := t.row(ctx, find, []any{d.Supplier, d.Endpoint, d.ID}, &seq, &version, &state, &record)
		if err == nil && uint64(version) != d.Version {
			err = fmt.Errorf("version %d was read, it is at %d: %w", d.Version, version, store.ErrStale)
		}
		if err == nil {
			_, err = t.exec(ctx, update, string(d.State), d.Attempts, d.Due.UnixMicro(), d.Log, seq)
		}
		if err == nil && record != nil && state != string(d.State) {
			err = t.settle(ctx, d.Endpoint, record)
		}
		if err != nil { // sql.ErrNoRows is store.ErrNotFound to the caller
			err = fmt.Errorf("delivery %s: %w", d.ID, err)
		}
		return err
	})
}

const deliveryColumns = `s.name, d.endpoint, d.id, d.seq, d.number, d.record, d.type, d.state, d.version, d.attempts, d.due, d.created`

const deliveryContent = `, b.body, d.log`

const (
	deliveryRows    = ` FROM suppliers s JOIN deliveries d ON d.supplier = s.key WHERE s.name = ?`
	deliveriesWhole = ` FROM suppliers s JOIN deliveries d ON d.supplier = s.key LEFT JOIN delivery_bodies b ON b.seq = d.seq WHERE s.name = ?`
)

func scanDelivery(scan func(...any) error, brief bool) (d store.Delivery, err error) {
	var due, created int64
	var record []byte
	into := []any{
		&d.Supplier, &d.Endpoint, &d.ID, &d.Seq, &d.Number, &record, &d.Type, &d.State, &d.Version, &d.Attempts, &due, &created,
	}
	if !brief {
		into = append(into, &d.Body, &d.Log)
	}
	if err := scan(into...); err != nil {
		return store.Delivery{}, err
	}
	d.Due, d.Created = time.UnixMicro(due).UTC(), time.UnixMicro(created).UTC()
	if d.Record, err = recordIn(record); err != nil {
		return store.Delivery{}, fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return d, nil
}

// Delivery implements [store.Outbox].
func (s *Store) Delivery(ctx context.Context, supplier, endpoint, id string) (d store.Delivery, err error) {
	const query = `SELECT ` + deliveryColumns + deliveryContent + deliveriesWhole + ` AND d.endpoint = ? AND d.id = ?`
	err = s.read(ctx, "delivery", func(ctx context.Context, p *pool) error {
		d, err = scanDelivery(func(into ...any) error { return p.row(ctx, query, []any{supplier, endpoint, id}, into...) }, false)
		return err
	})
	return d, err
}

// deliveriesQuery is the statement that reads one page of a query. Whatever is
// asked, its text is one of a few.
func deliveriesQuery(supplier string, q store.DeliveryQuery) (query string, args []any) {
	query, args = `SELECT `+deliveryColumns, []any{supplier}
	if q.Brief {
		query += deliveryRows
	} else {
		query += deliveryContent + deliveriesWhole
	}
	and := func(given bool, condition string, value any) {
		if given {
			query += " AND " + condition
			args = append(args, value)
		}
	}
	and(q.Endpoint != "", `d.endpoint = ?`, q.Endpoint)
	and(q.State != "", `d.state = ?`, string(q.State))
	if q.State != "" && q.State != store.DeliveryDelivered {
		query += ` AND d.state <> 'delivered'` // there is an index of these
	}
	and(q.Record != (crdt.RecordID{}), `d.record = ?`, q.Record[:])
	and(q.Before != 0, `d.seq < ?`, q.Before)
	return query + ` ORDER BY d.seq DESC LIMIT ?`, append(args, max(q.Limit, 0))
}

// Deliveries implements [store.Outbox].
func (s *Store) Deliveries(ctx context.Context, supplier string, q store.DeliveryQuery) (found []store.Delivery, err error) {
	query, args := deliveriesQuery(supplier, q)
	err = s.read(ctx, "deliveries", func(ctx context.Context, p *pool) (err error) {
		found, err = page(ctx, p, query, args, func(rows *sql.Rows) (store.Delivery, int, error) {
			d, err := scanDelivery(rows.Scan, q.Brief)
			return d, len(d.Body) + len(d.Log), err
		})
		return err
	})
	return found, err
}

// DeliveryCounts implements [store.Outbox].
func (s *Store) DeliveryCounts(ctx context.Context, supplier string) (found map[string]map[store.DeliveryState]int, err error) {
	const query = `SELECT d.endpoint, d.state, count(*) FROM suppliers s JOIN deliveries d ON d.supplier = s.key
		WHERE s.name = ? AND d.state <> 'delivered' GROUP BY d.endpoint, d.state`
	err = s.read(ctx, "delivery counts", func(ctx context.Context, p *pool) (err error) {
		found, err = counts[store.DeliveryState](ctx, p, query, supplier)
		return err
	})
	return found, err
}

const nextDueQuery = `SELECT d.due` + deliveryRows + ` AND d.endpoint = ? AND d.head ORDER BY d.due LIMIT 1`

// NextDue implements [store.Outbox].
func (s *Store) NextDue(ctx context.Context, supplier, endpoint string) (due time.Time, err error) {
	err = s.read(ctx, "next due", func(ctx context.Context, p *pool) error {
		var at int64
		err := p.row(ctx, nextDueQuery, []any{supplier, endpoint}, &at)
		due = time.UnixMicro(at).UTC()
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	return due, nil
}

// ForgetDeliveries implements [store.Outbox].
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	const remove = `DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries
		WHERE created < ? AND state <> 'pending' ORDER BY created LIMIT ?)`
	var forgotten int64
	err := s.write(ctx, s.lax, "forget deliveries", func(ctx context.Context, t *transaction) (err error) {
		forgotten, err = t.exec(ctx, remove, before.UnixMicro(), max(limit, 0))
		return err
	})
	return int(forgotten), err
}
