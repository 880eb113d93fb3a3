package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wedsync/conflicts"
	"wedsync/store"
)

// Erase implements [store.Eraser].
func (s *Store) Erase(ctx context.Context, e store.Erasure) error {
	if err := store.CheckErasure(&e); err != nil {
		return err
	}
	origins, err := store.EncodeOrigins([]store.Batch{{Origin: e.Origin}})
	if err != nil {
		return err
	}
	err = s.write(ctx, s.durable, "erase", func(ctx context.Context, tx pgx.Tx) error {
		x := erasing{Tx: tx, supplier: escape(e.Supplier), record: e.Record}
		for _, step := range []func(context.Context, store.Erasure) error{x.begin, x.talk, x.contents, x.hooks, x.conflicts} {
			if err := step(ctx, e); err != nil {
				return fmt.Errorf("record %s: %w", e.Record, err)
			}
		}
		return x.tell(ctx, e, string(origins))
	})
	if err == nil {
		s.bell.moved([]string{e.Supplier})
	}
	return err
}

// An erasing is one erasure on its way.
type erasing struct {
	pgx.Tx
	supplier string // escaped
	record   [16]byte
}

// begin moves the record to the next version, erased.
func (x *erasing) begin(ctx context.Context, e store.Erasure) error {
	const find = `SELECT version, state FROM wedsync.records WHERE supplier = $1 AND id = $2`
	const update = `UPDATE wedsync.records SET version = version + 1, state = $3, heads = '' WHERE supplier = $1 AND id = $2`
	if err := lockAlone(ctx, x, x.supplier); err != nil {
		return err
	}
	var version uint64
	var state int16
	err := x.QueryRow(ctx, find, x.supplier, x.record).Scan(&version, &state)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && state == int16(store.Erased):
		return store.ErrNotFound
	case err != nil:
		return err
	case version != e.Version:
		return fmt.Errorf("version %d was read, it is at %d: %w", e.Version, version, store.ErrStale)
	}
	_, err = x.Exec(ctx, update, x.supplier, x.record, int16(store.Erased))
	return err
}

// contents removes what the record alone has.
func (x *erasing) contents(ctx context.Context, e store.Erasure) error {
	if err := removeNotes(ctx, x, x.supplier, e.Record); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM wedsync.merged WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.receipt_devices d USING wedsync.receipts r
			WHERE d.supplier = r.supplier AND d.receipt = r.id AND r.supplier = $1 AND r.record = $2`,
		`DELETE FROM wedsync.receipts WHERE supplier = $1 AND record = $2`,
	} {
		if _, err := x.Exec(ctx, statement, x.supplier, x.record); err != nil {
			return err
		}
	}
	if _, err := x.Exec(ctx, `DELETE FROM wedsync.answers WHERE record = $1`, x.record); err != nil {
		return err
	}
	const blank = `UPDATE wedsync.batches SET body = $3, origins = '[]' WHERE supplier = $1 AND record = $2`
	_, err := x.Exec(ctx, blank, x.supplier, x.record, store.AppendBody(nil, nil))
	return err
}

// hooks removes what came in and goes out about the record. Events keep the keys
// by which a repetition is known.
func (x *erasing) hooks(ctx context.Context, e store.Erasure) error {
	if err := x.candidate(ctx, e); err != nil {
		return err
	}
	const blank = `UPDATE wedsync.inbox i SET version = version + 1, header = NULL, body = NULL, outcome = NULL, error = '', subject = '', state = 'done'`
	for _, statement := range []string{
		blank + ` FROM wedsync.objects o WHERE o.supplier = $1 AND o.record = $2
			AND i.supplier = o.supplier AND i.connection = o.connection AND i.subject = o.external`,
		blank + ` WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.objects WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.deliveries WHERE supplier = $1 AND record = $2 AND state = 'pending'`,
		`UPDATE wedsync.deliveries SET version = version + 1, body = NULL, log = NULL WHERE supplier = $1 AND record = $2`,
	} {
		if _, err := x.Exec(ctx, statement, x.supplier, x.record); err != nil {
			return err
		}
	}
	return nil
}

// candidate makes the events of which the record is the only candidate, and what
// waits for them, events about it, and has the others of which it is one worked on
// again.
func (x *erasing) candidate(ctx context.Context, e store.Erasure) error {
	for _, statement := range []string{
		`UPDATE wedsync.inbox i SET record = $2 FROM wedsync.inbox o
			WHERE o.supplier = $1 AND o.candidates = ARRAY[$2::uuid] AND i.supplier = o.supplier AND i.connection = o.connection
			AND i.subject = o.subject AND i.subject <> '' AND i.state = 'waiting' AND i.candidates IS NULL`,
		`UPDATE wedsync.inbox SET record = $2, candidates = NULL WHERE supplier = $1 AND candidates = ARRAY[$2::uuid]`,
	} {
		if _, err := x.Exec(ctx, statement, x.supplier, x.record); err != nil {
			return err
		}
	}
	const again = `UPDATE wedsync.inbox SET version = version + 1, candidates = array_remove(candidates, $2), outcome = NULL,
		state = 'received', attempts = 0, due = $3 WHERE supplier = $1 AND candidates IS NOT NULL AND $2 = ANY (candidates)`
	_, err := x.Exec(ctx, again, x.supplier, x.record, micros(e.Origin.At))
	return err
}

// conflicts closes the record's conflicts and takes their values away.
func (x *erasing) conflicts(ctx context.Context, e store.Erasure) error {
	rows, err := x.Query(ctx, `SELECT id, body FROM sync_conflicts WHERE supplier_id = $1 AND record = $2`, x.supplier, x.record)
	var erased []any
	err = each(rows, err, func(row pgx.Rows) error {
		var id, body string
		if err := row.Scan(&id, &body); err != nil {
			return err
		}
		var c conflicts.Conflict
		if json.Unmarshal([]byte(body), &c) != nil {
			// Nothing can be kept of what cannot be read.
			c = conflicts.Conflict{ID: unescape(id), Record: e.Record}
		}
		c.Erase(e.Origin.At)
		erased = append(erased, newConflictRow(x.supplier, &c))
		return nil
	})
	if err != nil || len(erased) == 0 {
		return err
	}
	array, err := json.Marshal(erased)
	if err != nil {
		return err
	}
	_, err = x.Exec(ctx, insertConflicts, string(array))
	return err
}

// tell enters the erasure in the journal.
func (x *erasing) tell(ctx context.Context, e store.Erasure, origins string) error {
	const number = `UPDATE wedsync.suppliers SET number = number + 1 WHERE name = $1 RETURNING number`
	const insert = `INSERT INTO wedsync.batches (supplier, number, record, version, body, origins) VALUES ($1, $2, $3, $4, $5, $6)`
	var n int64
	if err := x.QueryRow(ctx, number, x.supplier).Scan(&n); err != nil {
		return err
	}
	body := store.AppendBody(nil, make([]store.Batch, 1))
	_, err := x.Exec(ctx, insert, x.supplier, n, x.record, int64(e.Version)+1, body, origins)
	return err
}
