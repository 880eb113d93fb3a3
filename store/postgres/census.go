package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const suppliersQuery = `SELECT name, number FROM wedsync.suppliers WHERE name > $1 ORDER BY name LIMIT $2`

// Suppliers implements [store.Census].
func (s *Store) Suppliers(ctx context.Context, after string, limit int) (found []store.Supplier, err error) {
	err = s.read(ctx, "suppliers", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, suppliersQuery, escape(after), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var one store.Supplier
			err := row.Scan(&one.Name, &one.Entries)
			one.Name = unescape(one.Name)
			found = append(found, one)
			return err
		})
	})
	return found, err
}

const countQuery = `SELECT id, supplier, version, state, heads FROM wedsync.records WHERE supplier = $1 AND id > $2 ORDER BY id LIMIT $3`

// Count implements [store.Census].
func (s *Store) Count(ctx context.Context, supplier string, after crdt.RecordID, limit int) (found []store.Counted, err error) {
	err = s.read(ctx, "count", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, countQuery, escape(supplier), [16]byte(after), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var r headsRow
			if err := row.Scan(r.into()...); err != nil {
				return err
			}
			heads, err := r.read()
			found = append(found, store.Counted{Record: r.id, Heads: heads})
			return err
		})
	})
	return found, err
}
