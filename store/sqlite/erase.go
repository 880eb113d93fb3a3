package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// errLogInUse means that a reader kept the log from being emptied.
var errLogInUse = fmt.Errorf("%w: erased, but the log still holds it until its readers end (erase nothing again, restart the hub)", store.ErrUnavailable)

// maxRewritten is how many bytes a file may have to be rewritten after an erasure.
const maxRewritten = 64 << 20

// Erase implements [store.Eraser]. It has a connection of its own, and empties the
// log before it returns. All writers overwrite what they free, but where SQLite
// has moved rows to other pages, parts may be left: a file of up to maxRewritten is
// rewritten without them, in a larger one they are there until the space is used again.
func (s *Store) Erase(ctx context.Context, e store.Erasure) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.explain("erase", s.erase(ctx, e))
}

func (s *Store) erase(ctx context.Context, e store.Erasure) (err error) {
	if err := store.CheckErasure(&e); err != nil {
		return err
	}
	origins, err := store.EncodeOrigins([]store.Batch{{Origin: e.Origin}})
	if err != nil {
		return err
	}
	w, err := openWriter(s.file, "full", s.durable.turn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	err = w.do(ctx, func(ctx context.Context, t *transaction) error {
		x := erasing{transaction: t}
		for _, step := range []func(context.Context, store.Erasure) error{x.begin, x.talk, x.contents, x.answers, x.hooks, x.conflicts} {
			if err := step(ctx, e); err != nil {
				return fmt.Errorf("record %s: %w", e.Record, err)
			}
		}
		return x.tell(ctx, e, string(origins))
	})
	if err != nil {
		return err
	}
	return w.emptyLog(context.WithoutCancel(ctx))
}

// emptyLog moves what the log holds into the database, which it rewrites if that is
// small enough, and cuts it off.
func (w *writer) emptyLog(ctx context.Context) error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	var size int64
	err := w.tx.conn.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size)
	if err == nil && size <= maxRewritten {
		_, err = w.tx.conn.ExecContext(ctx, `VACUUM`)
	}
	if err != nil {
		return err
	}
	var busy, pages, moved int
	err = w.tx.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	if err == nil && busy != 0 {
		err = errLogInUse
	}
	return err
}

// An erasing is one erasure on its way.
type erasing struct {
	*transaction
	supplier, record int64
}

// begin moves the record to the next version, erased.
func (x *erasing) begin(ctx context.Context, e store.Erasure) error {
	const find = `SELECT s.key, r.key, r.version, r.state FROM suppliers s JOIN records r ON r.supplier = s.key
		WHERE s.name = ? AND r.id = ?`
	const update = `UPDATE records SET version = version + 1, state = ?, heads = x'' WHERE key = ?`
	var version, state int64
	err := x.row(ctx, find, []any{e.Supplier, e.Record[:]}, &x.supplier, &x.record, &version, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && state == int64(store.Erased):
		return store.ErrNotFound
	case err != nil:
		return err
	case uint64(version) != e.Version:
		return fmt.Errorf("version %d was read, it is at %d: %w", e.Version, version, store.ErrStale)
	}
	_, err = x.exec(ctx, update, int64(store.Erased), x.record)
	return err
}

// contents removes what the record alone has.
func (x *erasing) contents(ctx context.Context, _ store.Erasure) error {
	for _, statement := range []string{
		`DELETE FROM ledgers WHERE record = ?`,
		`DELETE FROM projections WHERE record = ?`,
		`DELETE FROM merged WHERE record = ?`,
		`DELETE FROM device_heads WHERE record = ?`,
		`DELETE FROM receipt_devices WHERE receipt IN (SELECT key FROM receipts WHERE record = ?)`,
		`DELETE FROM receipts WHERE record = ?`,
	} {
		if _, err := x.exec(ctx, statement, x.record); err != nil {
			return err
		}
	}
	const blank = `UPDATE batches SET body = ?, origins = '[]' WHERE record = ?`
	_, err := x.exec(ctx, blank, store.AppendBody(nil, nil), x.record)
	return err
}

// answers removes what commands about the record were told. Those of before
// answers named their record are found by what they say.
func (x *erasing) answers(ctx context.Context, e store.Erasure) error {
	const remove = `DELETE FROM answers WHERE record = ?1
		OR record IS NULL AND (instr(body, CAST(?2 AS BLOB)) > 0 OR instr(body, CAST(?3 AS BLOB)) > 0)`
	_, err := x.exec(ctx, remove, x.record, e.Record.ClientID(), e.Record.DocumentID())
	return err
}

// hooks removes what came in and goes out about the record. Events keep the keys
// by which a repetition is known.
func (x *erasing) hooks(ctx context.Context, e store.Erasure) error {
	if err := x.candidate(ctx, e); err != nil {
		return err
	}
	const about = `(SELECT number FROM inbox WHERE record = ?1
		UNION SELECT i.number FROM objects o JOIN inbox i ON i.supplier = o.supplier AND i.connection = o.connection
		AND i.subject = o.external WHERE o.record = ?1)`
	if _, err := x.blank(ctx, about, e.Record[:]); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE inbox SET subject = '', state = 'done' WHERE number IN ` + about,
		`DELETE FROM objects WHERE record = ?`,
		`DELETE FROM deliveries WHERE record = ? AND state = 'pending'`,
		`DELETE FROM delivery_bodies WHERE seq IN (SELECT seq FROM deliveries WHERE record = ?)`,
		`UPDATE deliveries SET version = version + 1, log = NULL WHERE record = ?`,
	} {
		if _, err := x.exec(ctx, statement, e.Record[:]); err != nil {
			return err
		}
	}
	return nil
}

// candidate makes the events of which the record is the only candidate, and what
// waits for them, events about it, and has the others of which it is one worked on
// again.
func (x *erasing) candidate(ctx context.Context, e store.Erasure) error {
	const waiting = `UPDATE inbox SET record = ?2 WHERE supplier = ?1 AND state = 'waiting' AND candidates IS NULL AND subject <> ''
		AND (connection, subject) IN (SELECT connection, subject FROM inbox WHERE supplier = ?1 AND candidates = ?2)`
	const only = `UPDATE inbox SET record = ?2, candidates = NULL WHERE supplier = ?1 AND candidates = ?2`
	const others = `SELECT number, candidates FROM inbox WHERE supplier = ? AND candidates IS NOT NULL AND instr(candidates, ?) > 0`
	const again = `UPDATE inbox SET version = version + 1, candidates = ?, outcome = NULL, state = 'received', attempts = 0, due = ? WHERE number = ?`
	for _, statement := range []string{waiting, only} {
		if _, err := x.exec(ctx, statement, x.supplier, e.Record[:]); err != nil {
			return err
		}
	}
	left := make(map[int64][]crdt.RecordID)
	err := x.rows(ctx, others, []any{x.supplier, e.Record[:]}, func(rows *sql.Rows) error {
		var number int64
		var column []byte
		if err := rows.Scan(&number, &column); err != nil {
			return err
		}
		ids, err := recordsIn(column)
		if i := slices.Index(ids, e.Record); i >= 0 { // instr finds it across two ids, too
			left[number] = slices.Delete(ids, i, i+1)
		}
		return err
	})
	for number, ids := range left {
		if err == nil {
			_, err = x.exec(ctx, again, recordsOrNull(ids), e.Origin.At.UnixMicro(), number)
		}
	}
	return err
}

// conflicts closes the record's conflicts and takes their values away.
func (x *erasing) conflicts(ctx context.Context, e store.Erasure) error {
	const next = `SELECT id, body FROM sync_conflicts WHERE record = ? AND id > ? ORDER BY id LIMIT 1`
	const update = `UPDATE sync_conflicts SET status = ?, version = ?, body = ? WHERE id = ?`
	for last := ""; ; {
		var body []byte
		err := x.row(ctx, next, []any{x.record, last}, &last, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var c conflicts.Conflict
		if json.Unmarshal(body, &c) != nil {
			// Nothing can be kept of what cannot be read.
			c = conflicts.Conflict{ID: last, Record: e.Record}
		}
		c.Erase(e.Origin.At)
		if body, err = json.Marshal(&c); err != nil {
			return err
		}
		if _, err := x.exec(ctx, update, string(c.Status), int64(c.Version), string(body), last); err != nil {
			return err
		}
	}
}

// tell enters the erasure in the journal.
func (x *erasing) tell(ctx context.Context, e store.Erasure, origins string) error {
	const number = `UPDATE suppliers SET number = number + 1 WHERE key = ? RETURNING number`
	const insert = `INSERT INTO batches (entry, record, version, body, origins) VALUES (?, ?, ?, ?, ?)`
	var n int64
	if err := x.row(ctx, number, []any{x.supplier}, &n); err != nil {
		return err
	}
	body := store.AppendBody(nil, make([]store.Batch, 1))
	_, err := x.exec(ctx, insert, x.supplier<<numberBits|n, x.record, int64(e.Version)+1, body, origins)
	return err
}
