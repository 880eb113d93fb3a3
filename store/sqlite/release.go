package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
	if stored.State == store.Erased {
		return fmt.Errorf("record %s was erased: %w", id, store.ErrNotEmpty)
	}
	for _, b := range stored.Batches {
		if len(b.Chunks) > 0 {
			return fmt.Errorf("record %s: %w", id, store.ErrNotEmpty)
		}
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
