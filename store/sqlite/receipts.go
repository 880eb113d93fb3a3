package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/store"
)

// receipts writes the receipts of one commit.
func (a *appending) receipts(ctx context.Context, supplier, record int64, receipts []conflicts.Receipt) error {
	for i := range receipts {
		body, err := json.Marshal(&receipts[i])
		if err != nil {
			return err
		}
		const insert = `INSERT INTO receipts (id, supplier, user, body, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
		if _, err := a.exec(ctx, insert, receipts[i].ID, supplier, receipts[i].User, string(body), record); err != nil {
			return err
		}
	}
	return nil
}

const receiptsQuery = `SELECT id, body FROM receipts r
	WHERE supplier = (SELECT key FROM suppliers WHERE name = ?) AND user = ? AND id > ?
	AND NOT EXISTS (SELECT 1 FROM receipt_devices WHERE receipt = r.key AND device = ?)
	ORDER BY id LIMIT ?`

// Receipts implements [store.Receipts].
func (s *Store) Receipts(ctx context.Context, supplier, user, device, after string, limit int) (found []conflicts.Receipt, err error) {
	args := []any{supplier, user, after, device, max(limit, 0)}
	err = s.read(ctx, "receipts", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, receiptsQuery, args, func(rows *sql.Rows) error {
			var id string
			var body []byte
			var r conflicts.Receipt
			if err := rows.Scan(&id, &body); err != nil {
				return err
			}
			if err := json.Unmarshal(body, &r); err != nil {
				return fmt.Errorf("receipt %s: %w: %w", id, err, store.ErrCorrupt)
			}
			found = append(found, r)
			return nil
		})
	})
	return found, err
}

// Acknowledge implements [store.Receipts].
func (s *Store) Acknowledge(ctx context.Context, supplier, user, device, id string) error {
	const find = `SELECT key, (SELECT count(*) FROM receipt_devices WHERE receipt = r.key AND device <> ?) FROM receipts r
		WHERE id = ? AND user = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	const insert = `INSERT INTO receipt_devices (receipt, device) VALUES (?, ?) ON CONFLICT DO NOTHING`
	return s.write(ctx, s.durable, "acknowledge", func(ctx context.Context, t *transaction) error {
		var key, others int64
		err := t.row(ctx, find, []any{device, id, user, supplier}, &key, &others)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		if err == nil && others >= store.MaxReceiptDevices {
			err = fmt.Errorf("%d devices have acknowledged receipt %s: %w", others, id, store.ErrTooMany)
		}
		if err == nil {
			_, err = t.exec(ctx, insert, key, device)
		}
		return err
	})
}
