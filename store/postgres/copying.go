package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wedsync/crdt"
	"wedsync/store"
)

// Receive implements [store.Copier].
func (s *Store) Receive(ctx context.Context, id store.Identity) error {
	const known = `SELECT EXISTS (SELECT 1 FROM wedsync.suppliers)`
	const upsert = `INSERT INTO wedsync.meta (name, value) VALUES ('secret', $1), ('storage_id', $2), ('epoch', $3), ('receiving', '')
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	return s.write(ctx, s.durable, "receive", func(ctx context.Context, tx pgx.Tx) error {
		own, _, err := readMeta(ctx, tx.QueryRow)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err != nil || own.StorageID != id.StorageID || own.Epoch != id.Epoch || !bytes.Equal(own.Secret, id.Secret) {
			var some bool
			if err := tx.QueryRow(ctx, known).Scan(&some); err != nil {
				return err
			}
			if some {
				return fmt.Errorf("it is another hub's: %w", store.ErrNotEmpty)
			}
		}
		_, err = tx.Exec(ctx, upsert, id.Secret, []byte(id.StorageID), []byte(id.Epoch))
		return err
	})
}

// Received implements [store.Copier].
func (s *Store) Received(ctx context.Context) error {
	return s.write(ctx, s.durable, "received", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM wedsync.meta WHERE name = 'receiving'`)
		return err
	})
}

// insertSuppliers makes suppliers that are not there yet.
const insertSuppliers = `INSERT INTO wedsync.suppliers (name) SELECT n FROM unnest($1::text[]) AS n ORDER BY n ON CONFLICT DO NOTHING`

// holdSuppliers makes suppliers that are not there yet, and holds their rows.
func holdSuppliers(ctx context.Context, tx pgx.Tx, names []string) error {
	const lock = `SELECT 1 FROM wedsync.suppliers WHERE name = ANY ($1::text[]) ORDER BY name FOR NO KEY UPDATE`
	if _, err := tx.Exec(ctx, insertSuppliers, names); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, lock, names)
	return err
}

// Enter implements [store.Copier].
func (s *Store) Enter(ctx context.Context, supplier string, entries []store.Entry) error {
	const find = `SELECT s.number, (SELECT count(*) FROM unnest($2::uuid[]) AS n (id)
		JOIN wedsync.records r ON r.supplier = s.name AND r.id = n.id) FROM wedsync.suppliers s WHERE s.name = $1`
	const update = `UPDATE wedsync.suppliers SET number = $2 WHERE name = $1`
	if len(entries) == 0 {
		return nil
	}
	name := escape(supplier)
	rows := make([][]any, len(entries))
	var ids [][16]byte
	seen := make(map[crdt.RecordID]bool)
	for i := range entries {
		e := &entries[i]
		origins, err := store.EncodeOrigins(e.Batches)
		if err != nil {
			return fmt.Errorf("enter %d of supplier %q: %w", e.Number, supplier, err)
		}
		if e.Number != entries[0].Number+uint64(i) {
			return fmt.Errorf("entry %d of supplier %q follows %d: %w", e.Number, supplier, entries[i-1].Number, store.ErrStale)
		}
		rows[i] = []any{name, int64(e.Number), [16]byte(e.Record), int64(e.Version), store.AppendBody(nil, e.Batches), string(origins)}
		if !seen[e.Record] {
			seen[e.Record], ids = true, append(ids, e.Record)
		}
	}
	return s.write(ctx, s.durable, "enter", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		var number, known int64
		if err := tx.QueryRow(ctx, find, name, ids).Scan(&number, &known); err != nil {
			return err
		}
		switch {
		case entries[0].Number != uint64(number)+1:
			return fmt.Errorf("entry %d of supplier %q: the journal ends with %d: %w", entries[0].Number, supplier, number, store.ErrStale)
		case known != int64(len(ids)):
			return fmt.Errorf("supplier %q lacks %d of %d records of the entries: %w", supplier, int64(len(ids))-known, len(ids), store.ErrNotFound)
		}
		columns := []string{"supplier", "number", "record", "version", "body", "origins"}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"wedsync", "batches"}, columns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, update, name, number+int64(len(entries)))
		return err
	})
}
