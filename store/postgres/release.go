package postgres

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/jackc/pgx/v5"

	"wedsync/crdt"
	"wedsync/store"
)

// Release implements [store.Census]. What the journal has of the record stays,
// deleted and under a random id.
func (s *Store) Release(ctx context.Context, id crdt.RecordID) error {
	stored, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	if err := store.CheckRelease(id, stored); err != nil {
		return err
	}
	var other crdt.RecordID
	rand.Read(other[:])
	return s.write(ctx, s.durable, "release", func(ctx context.Context, tx pgx.Tx) error {
		supplier := escape(stored.Supplier)
		if err := lockAlone(ctx, tx, supplier); err != nil {
			return err
		}
		const free = `UPDATE wedsync.records SET id = $3, state = $4 WHERE supplier = $1 AND id = $2 AND version = $5`
		tag, err := tx.Exec(ctx, free, supplier, [16]byte(id), [16]byte(other), int16(store.Deleted), int64(stored.Version))
		if err == nil && tag.RowsAffected() == 0 {
			err = store.ErrStale
		}
		if err != nil {
			return err
		}
		for _, query := range []string{
			`UPDATE wedsync.bindings SET id = $3 WHERE id = $2 AND supplier = $1`,
			`UPDATE wedsync.batches SET record = $3 WHERE supplier = $1 AND record = $2`,
		} {
			if _, err := tx.Exec(ctx, query, supplier, [16]byte(id), [16]byte(other)); err != nil {
				return err
			}
		}
		return removeNotes(ctx, tx, supplier, id)
	})
}

// lockAlone keeps all others from writing rows of a supplier until the
// transaction ends. Without the supplier it returns store.ErrNotFound.
func lockAlone(ctx context.Context, tx pgx.Tx, supplier string) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM wedsync.suppliers WHERE name = $1 FOR UPDATE`, supplier).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// removeNotes removes what is known of a record beside its commits.
func removeNotes(ctx context.Context, tx pgx.Tx, supplier string, id crdt.RecordID) error {
	for _, query := range []string{
		`DELETE FROM wedsync.ledgers WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.projections WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.contacts WHERE supplier = $1 AND record = $2`,
		`DELETE FROM wedsync.device_heads WHERE supplier = $1 AND record = $2`,
		`DELETE FROM clients WHERE supplier_id = $1 AND client_id = wedsync.client_id($2)`,
	} {
		if _, err := tx.Exec(ctx, query, supplier, [16]byte(id)); err != nil {
			return err
		}
	}
	return nil
}
