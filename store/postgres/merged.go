package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

const insertMerged = `INSERT INTO wedsync.merged (supplier, id, record, field, status, version, opened_at, body)
	SELECT supplier, id, record, field, status, version, opened_at, body
	FROM json_to_recordset($1::json) AS r (supplier text, id text, record uuid, field text, status text, version bigint, opened_at timestamptz, body text)
	ON CONFLICT (supplier, id) DO UPDATE SET status = excluded.status, version = excluded.version, body = excluded.body`

func mergedQueue() queue {
	return queue{
		table: `wedsync.merged`, supplierColumn: `supplier`, open: string(conflicts.MergedOpen), insert: insertMerged,
		moved:  func(id string) string { return fmt.Sprintf("merged entry %s is of another record or field", id) },
		second: store.SecondMerged,
	}
}

// A mergedRow is a row of merged, as JSON. Its texts are escaped.
type mergedRow struct {
	Supplier string    `json:"supplier"`
	ID       string    `json:"id"`
	Record   string    `json:"record"`
	Field    string    `json:"field"`
	Status   string    `json:"status"`
	Version  uint64    `json:"version"`
	Opened   time.Time `json:"opened_at"`
	Body     string    `json:"body"`
}

func mergedEntry(commit int, supplier string, m *conflicts.Merged) entry {
	return entry{
		commit: commit, supplier: supplier, id: escape(m.ID), record: m.Record, field: escape(string(m.Field)), path: m.Field,
		open: m.Status == conflicts.MergedOpen,
		row: &lazyRow{func() (any, error) {
			body, err := json.Marshal(m)
			return mergedRow{
				Supplier: supplier, ID: escape(m.ID), Record: hexID(m.Record), Field: escape(string(m.Field)),
				Status: string(m.Status), Version: m.Version, Opened: micros(m.OpenedAt), Body: string(body),
			}, err
		}},
	}
}

// mergedFrom is where the entries of a supplier's records are read from that are
// listed, or in any state.
const mergedFrom = `SELECT m.id, m.body FROM wedsync.merged m
	JOIN wedsync.records r ON r.supplier = m.supplier AND r.id = m.record AND (r.state = 2 OR $2)
	WHERE m.supplier = $1`

// mergedSelect is the statement that reads one page of a query.
func mergedSelect(supplier string, q store.MergedQuery) (string, []any) {
	w := where{query: mergedFrom, args: []any{escape(supplier), q.Unlisted}}
	w.and(q.Status != "", `m.status = $`, string(q.Status))
	w.and(q.Record != (crdt.RecordID{}), `m.record = $`, [16]byte(q.Record))
	w.and(q.After != "", `m.id > $`, escape(q.After))
	return w.page(`m.id`, q.Limit)
}

// MergedEntries implements [store.Merged].
func (s *Store) MergedEntries(ctx context.Context, supplier string, q store.MergedQuery) (found []conflicts.Merged, err error) {
	query, args := mergedSelect(supplier, q)
	err = s.read(ctx, "merged entries", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			m, err := scanMerged(row)
			found = append(found, m)
			return err
		})
	})
	return found, err
}

// MergedEntry implements [store.Merged].
func (s *Store) MergedEntry(ctx context.Context, supplier, id string) (m conflicts.Merged, err error) {
	err = s.read(ctx, "merged entry", func(ctx context.Context, p *pgxpool.Pool) error {
		m, err = scanMerged(p.QueryRow(ctx, mergedFrom+` AND m.id = $3`, escape(supplier), false, escape(id)))
		return err
	})
	return m, err
}

func scanMerged(row pgx.Row) (m conflicts.Merged, err error) {
	var id, body string
	if err := row.Scan(&id, &body); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("merged entry %s: %w: %w", id, err, store.ErrCorrupt)
	}
	return m, nil
}
