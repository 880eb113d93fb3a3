package sqlite

import (
	"context"

	"wedsync/crdt"
	"wedsync/store"
)

// Project implements [store.Projections].
func (s *Store) Project(ctx context.Context, id crdt.RecordID, heads []crdt.Hash, fields []byte) error {
	const upsert = `INSERT INTO projections (record, heads, fields) SELECT key, ?, ? FROM records WHERE id = ? AND state <> ?
		ON CONFLICT DO UPDATE SET heads = excluded.heads, fields = excluded.fields`
	const name = `INSERT INTO client_names (record, name, sort, search)
		SELECT key, ?, ?, ? FROM records r JOIN projections p ON p.record = r.key WHERE id = ? AND state <> ?
		ON CONFLICT DO UPDATE SET name = excluded.name, sort = excluded.sort, search = excluded.search`
	names := store.NamesIn(fields)
	return s.write(ctx, s.lax, "project", func(ctx context.Context, t *transaction) error {
		if _, err := t.exec(ctx, upsert, store.EncodeHeads(heads), string(fields), id[:], int64(store.Erased)); err != nil {
			return err
		}
		_, err := t.exec(ctx, name, names.Client, names.Sort, names.Search, id[:], int64(store.Erased))
		return err
	})
}
