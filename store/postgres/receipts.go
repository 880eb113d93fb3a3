package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/store"
)

const insertReceipts = `INSERT INTO wedsync.receipts (supplier, id, user_id, record, body)
	SELECT supplier, id, user_id, record, body
	FROM json_to_recordset($1::json) AS r (supplier text, id text, user_id text, record uuid, body text)
	ON CONFLICT (supplier, id) DO NOTHING`

// A receiptRow is a row of receipts, as JSON. Its texts are escaped.
type receiptRow struct {
	commit   int
	Supplier string   `json:"supplier"`
	ID       string   `json:"id"`
	User     string   `json:"user_id"`
	Record   string   `json:"record"`
	Body     *lazyRow `json:"body"`
}

func newReceiptRow(commit int, supplier string, r *conflicts.Receipt) receiptRow {
	return receiptRow{
		commit: commit, Supplier: supplier, ID: escape(r.ID), User: escape(r.User), Record: hexID(r.Record),
		Body: &lazyRow{func() (any, error) { b, err := json.Marshal(r); return string(b), err }},
	}
}

const receiptsQuery = `SELECT id, body FROM wedsync.receipts r
	WHERE supplier = $1 AND user_id = $2 AND id > $3
	AND NOT EXISTS (SELECT 1 FROM wedsync.receipt_devices d WHERE d.supplier = r.supplier AND d.receipt = r.id AND d.device = $4)
	ORDER BY id LIMIT $5`

// Receipts implements [store.Receipts].
func (s *Store) Receipts(ctx context.Context, supplier, user, device, after string, limit int) (found []conflicts.Receipt, err error) {
	err = s.read(ctx, "receipts", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, receiptsQuery, escape(supplier), escape(user), escape(after), escape(device), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var id, body string
			var r conflicts.Receipt
			if err := row.Scan(&id, &body); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(body), &r); err != nil {
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
	const lock = `SELECT 1 FROM wedsync.suppliers WHERE name = $1 FOR NO KEY UPDATE`
	const find = `SELECT (SELECT count(*) FROM wedsync.receipt_devices d WHERE d.supplier = r.supplier AND d.receipt = r.id AND d.device <> $4)
		FROM wedsync.receipts r WHERE supplier = $1 AND id = $2 AND user_id = $3`
	const insert = `INSERT INTO wedsync.receipt_devices (supplier, receipt, device) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	supplier, user, device = escape(supplier), escape(user), escape(device)
	return s.write(ctx, s.durable, "acknowledge", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lock, supplier); err != nil {
			return err
		}
		var others int
		if err := tx.QueryRow(ctx, find, supplier, escape(id), user, device).Scan(&others); err != nil {
			return err
		}
		if others >= store.MaxReceiptDevices {
			return fmt.Errorf("%d devices have acknowledged receipt %s: %w", others, id, store.ErrTooMany)
		}
		_, err := tx.Exec(ctx, insert, supplier, escape(id), device)
		return err
	})
}
