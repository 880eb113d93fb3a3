package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// Receive implements [store.Copier].
func (s *Store) Receive(ctx context.Context, id store.Identity) error {
	const known = `SELECT EXISTS (SELECT 1 FROM suppliers)`
	const upsert = `INSERT INTO meta (name, value) VALUES ('secret', ?1), ('storage_id', ?2), ('epoch', ?3), ('receiving', 1)
		ON CONFLICT DO UPDATE SET value = excluded.value`
	return s.write(ctx, s.durable, "receive", func(ctx context.Context, t *transaction) error {
		own, _, err := readMeta(ctx, t.row)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err != nil || own.StorageID != id.StorageID || own.Epoch != id.Epoch || !bytes.Equal(own.Secret, id.Secret) {
			var some bool
			if err := t.row(ctx, known, nil, &some); err != nil {
				return err
			}
			if some {
				return fmt.Errorf("it is another hub's: %w", store.ErrNotEmpty)
			}
		}
		_, err = t.exec(ctx, upsert, id.Secret, id.StorageID, id.Epoch)
		return err
	})
}

// Received implements [store.Copier].
func (s *Store) Received(ctx context.Context) error {
	return s.write(ctx, s.durable, "received", func(ctx context.Context, t *transaction) error {
		_, err := t.exec(ctx, `DELETE FROM meta WHERE name = 'receiving'`)
		return err
	})
}

// Restore implements [store.Copier].
func (s *Store) Restore(ctx context.Context, records []store.Whole) error {
	return s.write(ctx, s.durable, "restore", func(ctx context.Context, t *transaction) error {
		a := appending{transaction: t, journals: map[string]*journal{}}
		for i := range records {
			if err := a.restore(ctx, &records[i]); err != nil {
				return fmt.Errorf("record %s: %w", records[i].Record, err)
			}
		}
		return nil
	})
}

func (a *appending) restore(ctx context.Context, w *store.Whole) error {
	j, err := a.journal(ctx, w.Supplier)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO records (id, supplier, version, state, heads) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING key`
	var record int64
	err = a.row(ctx, insert, []any{w.Record[:], j.supplier, int64(w.Version), int64(w.State), store.EncodeHeads(w.Heads.Heads)}, &record)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotEmpty
	}
	if err != nil {
		return err
	}
	if w.Ledger != nil {
		if _, err := a.exec(ctx, `INSERT INTO ledgers (record, body) VALUES (?, ?)`, record, string(w.Ledger)); err != nil {
			return err
		}
	}
	if w.Projection != nil {
		if err := a.project(ctx, &store.Projection{Record: w.Record, Heads: w.ProjectedHeads, Fields: w.Projection}); err != nil {
			return err
		}
	}
	if err := a.conflicts(ctx, j.supplier, record, w.Conflicts); err != nil {
		return err
	}
	if err := a.merged(ctx, j.supplier, record, w.Merged); err != nil {
		return err
	}
	for i := range w.Receipts {
		if err := a.told(ctx, j.supplier, record, &w.Receipts[i]); err != nil {
			return err
		}
	}
	for i := range w.Answers {
		if err := a.answer(ctx, record, &w.Answers[i]); err != nil {
			return err
		}
	}
	return a.announce(ctx, w.Devices)
}

// told writes a receipt and who has acknowledged it.
func (a *appending) told(ctx context.Context, supplier, record int64, told *store.Told) error {
	if err := a.receipts(ctx, supplier, record, []conflicts.Receipt{told.Receipt}); err != nil {
		return err
	}
	const insert = `INSERT INTO receipt_devices (receipt, device) SELECT key, ? FROM receipts WHERE id = ?`
	for _, device := range told.Devices {
		if _, err := a.exec(ctx, insert, device, told.ID); err != nil {
			return err
		}
	}
	return nil
}

// Enter implements [store.Copier].
func (s *Store) Enter(ctx context.Context, supplier string, entries []store.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.write(ctx, s.durable, "enter", func(ctx context.Context, t *transaction) error {
		a := appending{transaction: t, journals: map[string]*journal{}}
		j, err := a.journal(ctx, supplier)
		if err != nil {
			return err
		}
		keys := make(map[crdt.RecordID]int64)
		for i := range entries {
			if err := a.enter(ctx, j, &entries[i], keys); err != nil {
				return fmt.Errorf("entry %d of supplier %q: record %s: %w", entries[i].Number, supplier, entries[i].Record, err)
			}
		}
		return a.finish(ctx)
	})
}

// enter writes the next entry of a journal. keys are those of records, as known so far.
func (a *appending) enter(ctx context.Context, j *journal, e *store.Entry, keys map[crdt.RecordID]int64) error {
	if e.Number != uint64(j.number)+1 {
		return fmt.Errorf("the journal ends with %d: %w", j.number, store.ErrStale)
	}
	j.number++
	record := keys[e.Record]
	if record == 0 {
		err := a.row(ctx, `SELECT key FROM records WHERE id = ? AND supplier = ?`, []any{e.Record[:], j.supplier}, &record)
		if err != nil {
			return err // sql.ErrNoRows is store.ErrNotFound to the caller
		}
		keys[e.Record] = record
	}
	origins, err := store.EncodeOrigins(e.Batches)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO batches (entry, record, version, body, origins) VALUES (?, ?, ?, ?, ?)`
	_, err = a.exec(ctx, insert, j.supplier<<numberBits|j.number, record, int64(e.Version), store.AppendBody(nil, e.Batches), string(origins))
	return err
}
