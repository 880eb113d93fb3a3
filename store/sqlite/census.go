package sqlite

import (
	"context"
	"database/sql"

	"wedsync/crdt"
	"wedsync/store"
)

const suppliersQuery = `SELECT name, number FROM suppliers WHERE name > ? ORDER BY name LIMIT ?`

// Suppliers implements [store.Census].
func (s *Store) Suppliers(ctx context.Context, after string, limit int) (found []store.Supplier, err error) {
	err = s.read(ctx, "suppliers", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, suppliersQuery, []any{after, max(limit, 0)}, func(rows *sql.Rows) error {
			var one store.Supplier
			var entries int64
			err := rows.Scan(&one.Name, &entries)
			one.Entries = uint64(entries)
			found = append(found, one)
			return err
		})
	})
	return found, err
}

const countQuery = `SELECT r.id, s.name, r.version, r.state, r.heads
	FROM suppliers s JOIN records r ON r.supplier = s.key
	WHERE s.name = ? AND r.id > ? ORDER BY r.id LIMIT ?`

// Count implements [store.Census].
func (s *Store) Count(ctx context.Context, supplier string, after crdt.RecordID, limit int) (found []store.Counted, err error) {
	err = s.read(ctx, "count", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, countQuery, []any{supplier, after[:], max(limit, 0)}, func(rows *sql.Rows) error {
			var r headsRow
			if err := rows.Scan(r.into()...); err != nil {
				return err
			}
			id, heads, err := r.read()
			found = append(found, store.Counted{Record: id, Heads: heads})
			return err
		})
	})
	return found, err
}
