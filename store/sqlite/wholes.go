package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

const wholesQuery = `SELECT r.id, s.name, r.version, r.state, r.heads, r.key, l.body, p.fields, p.heads
	FROM suppliers s JOIN records r ON r.supplier = s.key
	LEFT JOIN ledgers l ON l.record = r.key LEFT JOIN projections p ON p.record = r.key
	WHERE s.name = ? AND r.id > ? ORDER BY r.id LIMIT ?`

// Wholes implements [store.Copier]. Answers of before answers named their record
// are found by what they say, as an erasure finds them.
func (s *Store) Wholes(ctx context.Context, supplier string, after crdt.RecordID, limit int) (found []store.Whole, err error) {
	err = s.read(ctx, "wholes", func(ctx context.Context, p *pool) error {
		var keys []int64
		err := p.rows(ctx, wholesQuery, []any{supplier, after[:], max(limit, 0)}, func(rows *sql.Rows) error {
			var r headsRow
			var w store.Whole
			var key int64
			var projected []byte
			err := rows.Scan(append(r.into(), &key, &w.Ledger, &w.Projection, &projected)...)
			if err != nil {
				return err
			}
			if w.Record, w.Heads, err = r.read(); err != nil {
				return err
			}
			if w.ProjectedHeads, err = store.DecodeHeads(projected); err != nil {
				return fmt.Errorf("record %s: projection: %w", w.Record, err)
			}
			found, keys = append(found, w), append(keys, key)
			return nil
		})
		size := 0
		for i := 0; i < len(found) && err == nil; i++ {
			if size > store.MaxPage {
				found = found[:i]
				break
			}
			f := filling{pool: p, Whole: &found[i]}
			if err = f.fill(ctx, keys[i]); err != nil {
				err = fmt.Errorf("record %s: %w", found[i].Record, err)
			}
			size += f.size + len(found[i].Ledger) + len(found[i].Projection)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// A filling is a whole record of which all but its first row is yet to be read.
type filling struct {
	*pool
	*store.Whole
	size int // of what was read
}

func (f *filling) fill(ctx context.Context, key int64) error {
	for _, part := range []struct {
		query string
		args  []any
		row   func(*sql.Rows) error
	}{
		{`SELECT body FROM sync_conflicts WHERE record = ? ORDER BY id`, []any{key}, bodies(f, &f.Conflicts)},
		{`SELECT body FROM merged WHERE record = ? ORDER BY id`, []any{key}, bodies(f, &f.Merged)},
		{`SELECT r.body, (SELECT json_group_array(device) FROM (SELECT device FROM receipt_devices WHERE receipt = r.key ORDER BY device))
			FROM receipts r WHERE r.record = ? ORDER BY r.id`, []any{key}, f.receipt},
		{`SELECT principal, key, request, status, body, at FROM answers WHERE record = ?1
			OR record IS NULL AND (instr(body, CAST(?2 AS BLOB)) > 0 OR instr(body, CAST(?3 AS BLOB)) > 0)
			ORDER BY principal, key`, []any{key, f.Record.ClientID(), f.Record.DocumentID()}, f.answer},
		{`SELECT r.id, d.user, d.name, h.heads, h.refused, h.at FROM device_heads h
			JOIN devices d ON d.key = h.device JOIN records r ON r.key = h.record
			WHERE h.record = ? ORDER BY d.user, d.name`, []any{key}, f.device},
	} {
		if err := f.rows(ctx, part.query, part.args, part.row); err != nil {
			return err
		}
	}
	return nil
}

// bodies reads rows that are one JSON text each.
func bodies[T any](f *filling, into *[]T) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var body []byte
		var one T
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &one); err != nil {
			return fmt.Errorf("%T: %w: %w", one, err, store.ErrCorrupt)
		}
		*into = append(*into, one)
		f.size += len(body)
		return nil
	}
}

func (f *filling) receipt(rows *sql.Rows) error {
	var body, devices []byte
	var told store.Told
	if err := rows.Scan(&body, &devices); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &told.Receipt); err != nil {
		return fmt.Errorf("receipt: %w: %w", err, store.ErrCorrupt)
	}
	if err := json.Unmarshal(devices, &told.Devices); err != nil {
		return fmt.Errorf("receipt %s: devices: %w: %w", told.ID, err, store.ErrCorrupt)
	}
	f.Receipts = append(f.Receipts, told)
	f.size += len(body) + len(devices)
	return nil
}

func (f *filling) answer(rows *sql.Rows) error {
	var w store.Answer
	var request []byte
	var at int64
	if err := rows.Scan(&w.Principal, &w.Key, &request, &w.Status, &w.Body, &at); err != nil {
		return err
	}
	if len(request) != len(w.Request) {
		return fmt.Errorf("key %q of %s: request hash of %d bytes: %w", w.Key, w.Principal, len(request), store.ErrCorrupt)
	}
	w.Request, w.At = [32]byte(request), time.UnixMicro(at).UTC()
	f.Answers = append(f.Answers, w)
	f.size += len(w.Body)
	return nil
}

func (f *filling) device(rows *sql.Rows) error {
	h, err := scanDeviceHeads(rows)
	h.Supplier = f.Supplier
	f.Devices = append(f.Devices, h)
	f.size += len(crdt.Hash{}) * len(h.Heads)
	return err
}
