package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// Summary implements [store.Records].
func (s *Store) Summary(ctx context.Context, supplier string, id crdt.RecordID) (sum store.Summary, err error) {
	const query = `SELECT r.id, s.name, r.version, r.state, r.heads, l.body, p.fields, p.heads
		FROM suppliers s JOIN records r ON r.supplier = s.key
		LEFT JOIN ledgers l ON l.record = r.key LEFT JOIN projections p ON p.record = r.key
		WHERE s.name = ?1 AND r.id = ?2 AND r.state = ?3`
	err = s.read(ctx, "summary", func(ctx context.Context, p *pool) error {
		sum, err = scanSummary(func(into ...any) error {
			return p.row(ctx, query, []any{supplier, id[:], int64(store.Listed)}, into...)
		})
		return err
	})
	return sum, err
}

const listQuery = `SELECT r.id, s.name, r.version, r.state, r.heads, l.body, p.fields, p.heads
	FROM suppliers s JOIN records r ON r.supplier = s.key
	LEFT JOIN ledgers l ON l.record = r.key LEFT JOIN projections p ON p.record = r.key
	WHERE s.name = ?1 AND r.id > ?2 AND r.state = ?3 ORDER BY r.id LIMIT ?4`

// List implements [store.Records].
func (s *Store) List(ctx context.Context, supplier string, after crdt.RecordID, limit int) (sums []store.Summary, err error) {
	err = s.read(ctx, "list", func(ctx context.Context, p *pool) error {
		args := []any{supplier, after[:], int64(store.Listed), max(limit, 0)}
		return p.rows(ctx, listQuery, args, func(rows *sql.Rows) error {
			sum, err := scanSummary(rows.Scan)
			sums = append(sums, sum)
			return err
		})
	})
	return sums, err
}

func scanSummary(scan func(...any) error) (sum store.Summary, err error) {
	var r headsRow
	var projected []byte
	if err := scan(append(r.into(), &sum.Ledger, &sum.Projection, &projected)...); err != nil {
		return sum, err
	}
	if sum.Record, sum.Heads, err = r.read(); err != nil {
		return sum, err
	}
	if sum.ProjectedHeads, err = store.DecodeHeads(projected); err != nil {
		return sum, fmt.Errorf("projection of record %s: %w", sum.Record, err)
	}
	return sum, nil
}
