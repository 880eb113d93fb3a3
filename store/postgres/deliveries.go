package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	departuresQuery = `SELECT nextval('wedsync.departures') FROM generate_series(1, $1)`
	// tellableQuery finds the records of a supplier, and of each erased one the
	// number of its erasure.
	tellableQuery = `SELECT r.id, CASE WHEN r.state = 4 THEN b.number ELSE 0 END
		FROM wedsync.records r LEFT JOIN wedsync.batches b ON b.supplier = r.supplier AND b.record = r.id AND b.version = r.version
		WHERE r.supplier = $1 AND r.id = ANY ($2::uuid[])`
	insertDeliveries = `INSERT INTO wedsync.deliveries (supplier, endpoint, id, seq, number, record, type, body, state, head, version, attempts, due, created, log)
		SELECT $1, endpoint, id, seq, number, record, type, body, state, state = 'pending' AND record IS NULL, version, attempts, due, created, log
		FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::uuid[], $7::text[], $8::bytea[], $9::text[], $10::bigint[], $11::int[],
			$12::timestamptz[], $13::timestamptz[], $14::bytea[])
			AS n (endpoint, id, seq, number, record, type, body, state, version, attempts, due, created, log)
		ORDER BY seq ON CONFLICT DO NOTHING`
	firstsQuery = ` FROM unnest($3::uuid[]) AS r (record), LATERAL (SELECT seq FROM wedsync.deliveries
			WHERE supplier = $1 AND endpoint = $2 AND record = r.record AND state = 'pending' ORDER BY seq LIMIT 1) AS first`
	unmarkQuery = `UPDATE wedsync.deliveries d SET head = false` + firstsQuery + ` WHERE d.supplier = $1 AND d.endpoint = $2 AND d.record = r.record AND d.head AND d.seq > first.seq`
	markQuery   = `UPDATE wedsync.deliveries d SET head = true` + firstsQuery + ` WHERE d.supplier = $1 AND d.seq = first.seq AND NOT d.head`
)

// deliver stores new deliveries of an endpoint whose row is held. Names are escaped.
func deliver(ctx context.Context, tx pgx.Tx, supplier, endpoint string, deliveries []store.Delivery) error {
	tellable, err := tellable(ctx, tx, supplier, deliveries)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, departuresQuery, len(deliveries))
	if err != nil {
		return err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	slices.Sort(numbers)
	var c deliveryColumns
	for i := range deliveries {
		d := deliveries[i]
		if since, ok := tellable[d.Record]; !ok || d.Number < since {
			continue
		}
		d.Seq, d.State, d.Version = numbers[i], store.DeliveryPending, 1
		c.add(endpoint, &d)
	}
	if _, err := tx.Exec(ctx, insertDeliveries, c.args(supplier)...); err != nil {
		return err
	}
	return settle(ctx, tx, supplier, endpoint, c.about())
}

// settle finds out which pending delivery of an endpoint and each of some records
// is the first.
func settle(ctx context.Context, tx pgx.Tx, supplier, endpoint string, records [][16]byte) error {
	if _, err := tx.Exec(ctx, unmarkQuery, supplier, endpoint, records); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, markQuery, supplier, endpoint, records)
	return err
}

// tellable are the records of which deliveries may tell, each from a number on.
func tellable(ctx context.Context, tx pgx.Tx, supplier string, deliveries []store.Delivery) (map[crdt.RecordID]uint64, error) {
	var ids [][16]byte
	known := map[crdt.RecordID]uint64{{}: 0}
	for i := range deliveries {
		ids = append(ids, deliveries[i].Record)
	}
	rows, err := tx.Query(ctx, tellableQuery, supplier, ids)
	err = each(rows, err, func(row pgx.Rows) error {
		var id crdt.RecordID
		var since uint64
		err := row.Scan((*[16]byte)(&id), &since)
		known[id] = since
		return err
	})
	return known, err
}

// deliveryColumns are the columns of some deliveries. Their texts are escaped.
type deliveryColumns struct {
	endpoints, ids, types, states []string
	seqs, numbers, versions       []int64
	attempts                      []int32
	due, created                  []time.Time
	bodies, logs                  [][]byte
	records                       []*[16]byte
}

func (c *deliveryColumns) add(endpoint string, d *store.Delivery) {
	c.endpoints, c.ids = append(c.endpoints, endpoint), append(c.ids, escape(d.ID))
	c.types, c.states = append(c.types, escape(d.Type)), append(c.states, string(d.State))
	c.seqs, c.numbers, c.versions = append(c.seqs, d.Seq), append(c.numbers, int64(d.Number)), append(c.versions, int64(d.Version))
	c.attempts, c.due, c.created = append(c.attempts, int32(d.Attempts)), append(c.due, micros(d.Due)), append(c.created, micros(d.Created))
	c.bodies, c.logs, c.records = append(c.bodies, d.Body), append(c.logs, d.Log), append(c.records, recordOrNull(d.Record))
}

// args are the arguments of insertDeliveries.
func (c *deliveryColumns) args(supplier string) []any {
	return []any{
		supplier, c.endpoints, c.ids, c.seqs, c.numbers, c.records, c.types, c.bodies, c.states, c.versions, c.attempts, c.due, c.created, c.logs,
	}
}

// about are the records that the deliveries are about.
func (c *deliveryColumns) about() [][16]byte {
	ids := [][16]byte{}
	for _, id := range c.records {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	return ids
}

// claimQuery finds its rows by an array, so that no plan joins them row by row.
const claimQuery = `WITH x AS MATERIALIZED (
		SELECT seq, due AS former FROM wedsync.deliveries WHERE supplier = $1 AND endpoint = $2 AND head AND due <= $3
		ORDER BY due, seq LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED)
	UPDATE wedsync.deliveries d SET version = version + 1, due = $4 FROM x
	WHERE d.supplier = $1 AND d.seq = ANY (ARRAY(SELECT seq FROM x)) AND d.seq = x.seq
	RETURNING x.former, ` + deliveryColumnNames + deliveryContent

// ClaimDeliveries implements [store.Outbox]. A claim may be lost in a crash of the
// server, as is who made it.
func (s *Store) ClaimDeliveries(ctx context.Context, supplier, endpoint string, now, until time.Time, limit int) (claimed []store.Delivery, err error) {
	type former struct {
		store.Delivery
		due time.Time
	}
	var all []former
	limit = min(max(limit, 0), store.MaxClaim)
	err = s.write(ctx, s.lax, "claim deliveries", func(ctx context.Context, tx pgx.Tx) error {
		all = nil
		rows, err := tx.Query(ctx, claimQuery, escape(supplier), escape(endpoint), micros(now), micros(until), limit)
		return each(rows, err, func(row pgx.Rows) error {
			var f former
			var err error
			f.Delivery, err = scanDelivery(row, supplier, false, &f.due)
			all = append(all, f)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b former) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.Seq, b.Seq)) })
	for _, f := range all {
		claimed = append(claimed, f.Delivery)
	}
	return claimed, nil
}

// UpdateDelivery implements [store.Outbox].
func (s *Store) UpdateDelivery(ctx context.Context, d store.Delivery) error {
	const find = `SELECT version, state, record FROM wedsync.deliveries WHERE supplier = $1 AND endpoint = $2 AND id = $3 FOR NO KEY UPDATE`
	const update = `UPDATE wedsync.deliveries SET version = version + 1, state = $4, attempts = $5, due = $6, log = $7,
		head = $4 = 'pending' AND (head OR record IS NULL) WHERE supplier = $1 AND endpoint = $2 AND id = $3`
	if err := store.CheckHook(d.Log); err != nil {
		return err
	}
	name, endpoint, id := escape(d.Supplier), escape(d.Endpoint), escape(d.ID)
	err := s.write(ctx, s.durable, "update delivery", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdEndpoint(ctx, tx, name, d.Endpoint); err != nil {
			return err
		}
		var version uint64
		var state string
		var record *[16]byte
		err := tx.QueryRow(ctx, find, name, endpoint, id).Scan(&version, &state, &record)
		if err == nil && version != d.Version {
			err = fmt.Errorf("version %d was read, it is at %d: %w", d.Version, version, store.ErrStale)
		}
		if err == nil {
			_, err = tx.Exec(ctx, update, name, endpoint, id, string(d.State), int32(d.Attempts), micros(d.Due), d.Log)
		}
		if err == nil && record != nil && state != string(d.State) {
			err = settle(ctx, tx, name, endpoint, [][16]byte{*record})
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return err
}

// ForgetDeliveries implements [store.Outbox].
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	const remove = `DELETE FROM wedsync.deliveries WHERE ctid = ANY (ARRAY(SELECT ctid FROM wedsync.deliveries
		WHERE created < $1 AND state <> 'pending' ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED))`
	var forgotten int64
	err := s.write(ctx, s.lax, "forget deliveries", func(ctx context.Context, tx pgx.Tx) (err error) {
		forgotten, err = affected(tx.Exec(ctx, remove, micros(before), max(limit, 0)))
		return err
	})
	return int(forgotten), err
}

const (
	deliveryColumnNames = `d.endpoint, d.id, d.seq, d.number, d.record, d.type, d.state, d.version, d.attempts, d.due, d.created`
	deliveryContent     = `, d.body, d.log`
	deliveryRows        = ` FROM wedsync.deliveries d WHERE d.supplier = $1`
)

// scanDelivery reads a delivery from a row that has other columns before it.
func scanDelivery(row pgx.Row, supplier string, brief bool, before ...any) (store.Delivery, error) {
	d := store.Delivery{Supplier: supplier}
	var record *[16]byte
	into := append(before, &d.Endpoint, &d.ID, &d.Seq, &d.Number, &record, &d.Type, &d.State, &d.Version, &d.Attempts, &d.Due, &d.Created)
	if !brief {
		into = append(into, &d.Body, &d.Log)
	}
	if err := row.Scan(into...); err != nil {
		return store.Delivery{}, err
	}
	d.Endpoint, d.ID, d.Type = unescape(d.Endpoint), unescape(d.ID), unescape(d.Type)
	d.Due, d.Created, d.Record = d.Due.UTC(), d.Created.UTC(), recordIn(record)
	return d, nil
}

// Delivery implements [store.Outbox].
func (s *Store) Delivery(ctx context.Context, supplier, endpoint, id string) (d store.Delivery, err error) {
	const query = `SELECT ` + deliveryColumnNames + deliveryContent + deliveryRows + ` AND d.endpoint = $2 AND d.id = $3`
	err = s.read(ctx, "delivery", func(ctx context.Context, p *pgxpool.Pool) error {
		d, err = scanDelivery(p.QueryRow(ctx, query, escape(supplier), escape(endpoint), escape(id)), supplier, false)
		return err
	})
	return d, err
}

// deliveriesSelect is the statement that reads one page of a query.
func deliveriesSelect(supplier string, q store.DeliveryQuery) (query string, args []any) {
	w := where{query: `SELECT ` + deliveryColumnNames, args: []any{escape(supplier)}}
	if !q.Brief {
		w.query += deliveryContent
	}
	w.query += deliveryRows
	w.and(q.Endpoint != "", `d.endpoint = $`, escape(q.Endpoint))
	w.and(q.State != "", `d.state = $`, string(q.State))
	if q.State != "" && q.State != store.DeliveryDelivered {
		w.query += ` AND d.state <> 'delivered'` // there is an index of these
	}
	w.and(q.Record != (crdt.RecordID{}), `d.record = $`, [16]byte(q.Record))
	w.and(q.Before != 0, `d.seq < $`, q.Before)
	return w.page(`d.seq DESC`, q.Limit)
}

// Deliveries implements [store.Outbox].
func (s *Store) Deliveries(ctx context.Context, supplier string, q store.DeliveryQuery) (found []store.Delivery, err error) {
	query, args := deliveriesSelect(supplier, q)
	err = s.read(ctx, "deliveries", func(ctx context.Context, p *pgxpool.Pool) (err error) {
		found, err = page(ctx, p, query, args, func(row pgx.Rows) (store.Delivery, int, error) {
			d, err := scanDelivery(row, supplier, q.Brief)
			return d, len(d.Body) + len(d.Log), err
		})
		return err
	})
	return found, err
}

const deliveryCountsQuery = `SELECT endpoint, state, count(*) FROM wedsync.deliveries WHERE supplier = $1 AND state <> 'delivered' GROUP BY endpoint, state`

// DeliveryCounts implements [store.Outbox].
func (s *Store) DeliveryCounts(ctx context.Context, supplier string) (found map[string]map[store.DeliveryState]int, err error) {
	err = s.read(ctx, "delivery counts", func(ctx context.Context, p *pgxpool.Pool) (err error) {
		found, err = counts[store.DeliveryState](ctx, p, deliveryCountsQuery, escape(supplier))
		return err
	})
	return found, err
}

const nextDueQuery = `SELECT d.due` + deliveryRows + ` AND d.endpoint = $2 AND d.head ORDER BY d.due LIMIT 1`

// NextDue implements [store.Outbox].
func (s *Store) NextDue(ctx context.Context, supplier, endpoint string) (due time.Time, err error) {
	err = s.read(ctx, "next due", func(ctx context.Context, p *pgxpool.Pool) error {
		return p.QueryRow(ctx, nextDueQuery, escape(supplier), escape(endpoint)).Scan(&due)
	})
	return due.UTC(), err
}
