package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const summariesFrom = `SELECT r.id, r.supplier, r.version, r.state, r.heads, l.body, p.fields, p.heads FROM wedsync.records r
	LEFT JOIN wedsync.ledgers l ON l.supplier = r.supplier AND l.record = r.id
	LEFT JOIN wedsync.projections p ON p.supplier = r.supplier AND p.record = r.id`

// Summary implements [store.Records].
func (s *Store) Summary(ctx context.Context, supplier string, id crdt.RecordID) (sum store.Summary, err error) {
	const query = summariesFrom + ` WHERE r.supplier = $1 AND r.id = $2 AND r.state = 2`
	err = s.read(ctx, "summary", func(ctx context.Context, p *pgxpool.Pool) error {
		sum, err = scanSummary(p.QueryRow(ctx, query, escape(supplier), [16]byte(id)))
		return err
	})
	return sum, err
}

const listQuery = summariesFrom + ` WHERE r.supplier = $1 AND r.id > $2 AND r.state = 2 ORDER BY r.id LIMIT $3`

// List implements [store.Records].
func (s *Store) List(ctx context.Context, supplier string, after crdt.RecordID, limit int) (sums []store.Summary, err error) {
	err = s.read(ctx, "list", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, listQuery, escape(supplier), [16]byte(after), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			sum, err := scanSummary(row)
			sums = append(sums, sum)
			return err
		})
	})
	return sums, err
}

func scanSummary(row pgx.Row) (sum store.Summary, err error) {
	var r headsRow
	var fields *string
	var projected []byte
	if err := row.Scan(append(r.into(), &sum.Ledger, &fields, &projected)...); err != nil {
		return sum, err
	}
	sum.Record = r.id
	if sum.Heads, err = r.read(); err != nil {
		return sum, err
	}
	if fields != nil {
		sum.Projection = []byte(*fields)
	}
	if sum.ProjectedHeads, err = store.DecodeHeads(projected); err != nil {
		return sum, fmt.Errorf("projection of record %s: %w", sum.Record, err)
	}
	return sum, nil
}
