package sqlite

import (
	"context"

	"wedsync/store"
)

// Project implements [store.Projections].
func (s *Store) Project(ctx context.Context, projections ...store.Projection) error {
	return s.write(ctx, s.lax, "project", func(ctx context.Context, t *transaction) error {
		for i := range projections {
			if err := t.project(ctx, &projections[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *transaction) project(ctx context.Context, p *store.Projection) error {
	const upsert = `INSERT INTO projections (record, heads, fields) SELECT key, ?, ? FROM records WHERE id = ? AND state <> ?
		ON CONFLICT DO UPDATE SET heads = excluded.heads, fields = excluded.fields`
	if _, err := t.exec(ctx, upsert, store.EncodeHeads(p.Heads), string(p.Fields), p.Record[:], int64(store.Erased)); err != nil {
		return err
	}
	const name = `INSERT INTO client_names (record, name, sort, search)
		SELECT key, ?, ?, ? FROM records r JOIN projections p ON p.record = r.key WHERE id = ? AND state <> ?
		ON CONFLICT DO UPDATE SET name = excluded.name, sort = excluded.sort, search = excluded.search
		WHERE name <> excluded.name OR search <> excluded.search`
	n := store.NamesIn(p.Fields)
	if _, err := t.exec(ctx, name, n.Client, n.Sort, n.Search, p.Record[:], int64(store.Erased)); err != nil {
		return err
	}
	return t.contacts(ctx, p)
}
