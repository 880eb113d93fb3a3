package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
)

const (
	restoreBindings = `INSERT INTO wedsync.bindings (id, supplier) SELECT id, supplier FROM unnest($1::uuid[], $2::text[]) AS n (id, supplier)
		ORDER BY id ON CONFLICT DO NOTHING`
	restoreRecords = `INSERT INTO wedsync.records (supplier, id, version, state, heads)
		SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::smallint[], $5::bytea[])`
	restoreLedgers = `INSERT INTO wedsync.ledgers (supplier, record, body)
		SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[]) AS n (supplier, record, body) WHERE body IS NOT NULL`
	restoreReaders = `INSERT INTO wedsync.receipt_devices (supplier, receipt, device) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`
	restoreAnswers = `INSERT INTO wedsync.answers (record, principal, key, request, status, body, at)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[], $7::timestamptz[])`
)

// Restore implements [store.Copier].
func (s *Store) Restore(ctx context.Context, records []store.Whole) error {
	if len(records) == 0 {
		return nil
	}
	r, err := newRestoring(records)
	if err != nil {
		return err
	}
	return s.write(ctx, s.durable, "restore", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdSuppliers(ctx, tx, sortedSet(r.suppliers)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, restoreBindings, r.ids, r.suppliers)
		if err == nil && tag.RowsAffected() != int64(len(records)) {
			err = store.ErrNotEmpty
		}
		if err != nil {
			return err
		}
		return tx.SendBatch(ctx, r.batch()).Close()
	})
}

// A restoring is the rows of some records. Its texts are escaped.
type restoring struct {
	suppliers      []string
	ids            [][16]byte
	versions       []int64
	states         []int16
	heads, ledgers [][]byte
	rows           [3][]any    // conflicts, merged entries, receipts
	arrays         [3]string   // of these rows, as JSON
	readers        [3][]string // supplier, receipt, device
	answers        answerColumns
	devices        []store.DeviceHeads
	projections    []store.Projection
}

// answerColumns are the columns of answers.
type answerColumns struct {
	records          [][16]byte
	principals, keys []string
	requests, bodies [][]byte
	statuses         []int32
	times            []time.Time
}

func newRestoring(records []store.Whole) (*restoring, error) {
	r := new(restoring)
	for i := range records {
		r.add(&records[i])
	}
	for i, rows := range r.rows {
		array, err := json.Marshal(rows)
		if err != nil {
			return nil, err
		}
		r.arrays[i] = string(array)
	}
	return r, nil
}

// batch is all statements but that which binds the ids.
func (r *restoring) batch() *pgx.Batch {
	var b pgx.Batch
	b.Queue(restoreRecords, r.suppliers, r.ids, r.versions, r.states, r.heads)
	b.Queue(restoreLedgers, r.suppliers, r.ids, r.ledgers)
	for i, query := range []string{insertConflicts, insertMerged, insertReceipts} {
		if len(r.rows[i]) > 0 {
			b.Queue(query, r.arrays[i])
		}
	}
	if len(r.readers[0]) > 0 {
		b.Queue(restoreReaders, r.readers[0], r.readers[1], r.readers[2])
	}
	if a := &r.answers; len(a.keys) > 0 {
		b.Queue(restoreAnswers, a.records, a.principals, a.keys, a.requests, a.statuses, a.bodies, a.times)
	}
	if len(r.projections) > 0 {
		newProjecting(r.projections).queue(&b)
	}
	if len(r.devices) > 0 {
		newAnnouncing(r.devices).queue(&b)
	}
	return &b
}

func (r *restoring) add(w *store.Whole) {
	supplier := escape(w.Supplier)
	r.suppliers, r.ids = append(r.suppliers, supplier), append(r.ids, w.Record)
	r.versions, r.states = append(r.versions, int64(w.Version)), append(r.states, int16(w.State))
	r.heads, r.ledgers = append(r.heads, store.EncodeHeads(w.Heads.Heads)), append(r.ledgers, w.Ledger)
	for i := range w.Conflicts {
		r.rows[0] = append(r.rows[0], newConflictRow(supplier, &w.Conflicts[i]))
	}
	for i := range w.Merged {
		r.rows[1] = append(r.rows[1], mergedEntry(0, supplier, &w.Merged[i]).row)
	}
	for i := range w.Receipts {
		told := &w.Receipts[i]
		r.rows[2] = append(r.rows[2], newReceiptRow(0, supplier, &told.Receipt))
		for _, device := range told.Devices {
			for column, text := range []string{supplier, escape(told.ID), escape(device)} {
				r.readers[column] = append(r.readers[column], text)
			}
		}
	}
	for i := range w.Answers {
		r.answers.add(w.Record, &w.Answers[i])
	}
	r.devices = append(r.devices, w.Devices...)
	if w.Projection != nil {
		r.projections = append(r.projections, store.Projection{Record: w.Record, Heads: w.ProjectedHeads, Fields: w.Projection})
	}
}

func (c *answerColumns) add(record [16]byte, a *store.Answer) {
	c.records = append(c.records, record)
	c.principals, c.keys = append(c.principals, escape(a.Principal)), append(c.keys, escape(a.Key))
	c.requests, c.bodies = append(c.requests, a.Request[:]), append(c.bodies, notNull(a.Body))
	c.statuses, c.times = append(c.statuses, int32(a.Status)), append(c.times, micros(a.At))
}
