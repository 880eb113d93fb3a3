package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"wedsync/crdt"
	"wedsync/store"
)

// Release implements [store.Census]. The row keeps the record's entries from
// hanging in the air, so it stays, deleted and under a random id.
func (s *Store) Release(ctx context.Context, id crdt.RecordID) error {
	stored, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	if err := store.CheckRelease(id, stored); err != nil {
		return err
	}
	const free = `UPDATE records SET id = randomblob(16), state = ? WHERE id = ? AND version = ? RETURNING key`
	return s.write(ctx, s.durable, "release", func(ctx context.Context, t *transaction) error {
		var key int64
		err := t.row(ctx, free, []any{int64(store.Deleted), id[:], int64(stored.Version)}, &key)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrStale
		}
		for _, query := range []string{
			`DELETE FROM ledgers WHERE record = ?`,
			`DELETE FROM projections WHERE record = ?`,
			`DELETE FROM device_heads WHERE record = ?`,
		} {
			if err == nil {
				_, err = t.exec(ctx, query, key)
			}
		}
		return err
	})
}
