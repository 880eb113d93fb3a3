package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wedsync/store"
	"wedsync/store/talk"
)

const keptQuery = `SELECT i.id FROM suppliers s JOIN items i ON i.supplier = s.key WHERE s.name = ? AND i.id > ? ORDER BY i.id LIMIT ?`

// KeptItems implements [store.Copier].
func (s *Store) KeptItems(ctx context.Context, supplier, after string, limit int) (found []store.KeptItem, err error) {
	err = s.read(ctx, "kept items", func(ctx context.Context, p *pool) error {
		var ids []string
		err := p.rows(ctx, keptQuery, []any{supplier, after, max(limit, 0)}, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		var key int64
		if err := p.row(ctx, `SELECT key FROM suppliers WHERE name = ?`, []any{supplier}, &key); err != nil {
			return err
		}
		for size, i := 0, 0; i < len(ids) && size <= store.MaxPage; i++ {
			r, err := readItem(ctx, p, supplier, key, itemByID, key, ids[i])
			if err != nil {
				return err
			}
			if r == nil {
				continue // it went meanwhile
			}
			k := r.Kept()
			if k.Links, err = readLinks(ctx, p, supplier, r.ID); err != nil {
				return err
			}
			size += len(k.Subject) + len(k.Snippet) + len(k.Body) + len(k.Detail)
			found = append(found, k)
		}
		return nil
	})
	return found, err
}

// RestoreTalks implements [store.Copier].
func (s *Store) RestoreTalks(ctx context.Context, supplier string, talks store.Talks) error {
	return s.write(ctx, s.durable, "restore talks", func(ctx context.Context, t *transaction) error {
		if err := t.supplier(ctx, supplier); err != nil {
			return err
		}
		key, err := t.supplierKey(ctx, supplier)
		if err != nil {
			return err
		}
		if err := t.restoreAccounts(ctx, key, &talks); err != nil {
			return err
		}
		for i := range talks.Items {
			if err := t.restoreItem(ctx, supplier, key, &talks.Items[i]); err != nil {
				return fmt.Errorf("item %s: %w", talks.Items[i].ID, err)
			}
		}
		return nil
	})
}

func (t *transaction) restoreAccounts(ctx context.Context, key int64, talks *store.Talks) error {
	const account = `INSERT INTO accounts (id, supplier, provider, version, settings, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET supplier = excluded.supplier, provider = excluded.provider, version = excluded.version,
			settings = excluded.settings, created = excluded.created, changed = excluded.changed`
	const cursor = `REPLACE INTO cursors (account, scope, version, due, state) SELECT id, ?, ?, ?, ? FROM accounts WHERE id = ? AND supplier = ?`
	for _, a := range talks.Accounts {
		if _, err := t.exec(ctx, account, a.ID, key, a.Provider, int64(a.Version), notNull(a.Settings), a.Created.UnixMicro(), a.Changed.UnixMicro()); err != nil {
			return err
		}
	}
	for _, c := range talks.Cursors {
		stored, err := t.exec(ctx, cursor, c.Scope, int64(c.Version), c.Due.UnixMicro(), notNull(c.State), c.Account, key)
		if err == nil && stored == 0 {
			err = fmt.Errorf("account %s: %w", c.Account, store.ErrNotFound)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) restoreItem(ctx context.Context, supplier string, key int64, k *store.KeptItem) error {
	const taken = `SELECT 1 FROM items WHERE supplier = ? AND hash = ? AND id <> ?`
	const links = `DELETE FROM links WHERE supplier = ? AND item = ?`
	var one int
	err := t.row(ctx, taken, []any{key, k.Key[:], k.ID}, &one)
	if err == nil {
		return fmt.Errorf("its key is another's: %w", store.ErrNotEmpty)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	before, err := readItem(ctx, t, supplier, key, itemByID, key, k.ID)
	if err != nil {
		return err
	}
	c := talk.Change{Row: talk.RowOf(supplier, k)}
	if before != nil {
		c.Before = &before.Row
	}
	if err := t.writeItem(ctx, key, &c); err != nil {
		return err
	}
	if _, err := t.exec(ctx, links, key, k.ID); err != nil {
		return err
	}
	for _, l := range k.Links {
		if _, err := t.exec(ctx, putLink, key, k.ID, l.Record[:], string(l.State), l.By, l.At.UnixMicro(), c.Row.At.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}
