package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"wedsync/store"
	"wedsync/store/talk"
)

// StorePull implements [store.Communications].
func (s *Store) StorePull(ctx context.Context, p store.Pull) (store.Pulled, error) {
	if err := store.CheckPull(&p); err != nil {
		return store.Pulled{}, err
	}
	var pulled store.Pulled
	err := s.write(ctx, s.durable, "store pull", func(ctx context.Context, t *transaction) error {
		key, err := t.beginPull(ctx, &p)
		if err != nil {
			return err
		}
		rows, err := t.pulledRows(ctx, key, &p)
		if err != nil {
			return err
		}
		set := talk.NewSet(rows)
		ids := set.Pull(&p)
		changes := set.Changes()
		pulled = talk.Outcome(ids, changes)
		return t.writeItems(ctx, key, changes)
	})
	if err != nil {
		return store.Pulled{}, err
	}
	return pulled, nil
}

// beginPull moves the cursor and returns the supplier's key.
func (t *transaction) beginPull(ctx context.Context, p *store.Pull) (key int64, err error) {
	if p.Account != "" {
		err = t.account(ctx, p.Supplier, p.Account)
	} else {
		err = t.supplier(ctx, p.Supplier)
	}
	if err == nil && p.Cursor != nil {
		c := *p.Cursor
		c.Supplier, c.Account = p.Supplier, p.Account
		err = t.cursor(ctx, &c)
	}
	if err != nil {
		return 0, err
	}
	return t.supplierKey(ctx, p.Supplier)
}

// supplierKey is the key of a supplier that is there.
func (t *transaction) supplierKey(ctx context.Context, name string) (key int64, err error) {
	err = t.row(ctx, `SELECT key FROM suppliers WHERE name = ?`, []any{name}, &key)
	return key, err
}

// pulledRows reads the rows that a pull may be about.
func (t *transaction) pulledRows(ctx context.Context, key int64, p *store.Pull) (rows []*talk.Row, err error) {
	known := make(map[string]bool)
	read := func(where string, args ...any) error {
		r, err := readItem(ctx, t, p.Supplier, key, where, args...)
		if err == nil && r != nil && !known[r.ID] {
			known[r.ID] = true
			rows = append(rows, &r.Row)
		}
		return err
	}
	for i := range p.Items {
		it := &p.Items[i]
		if err := read(itemByHash, key, it.Key[:]); err != nil {
			return nil, err
		}
		if len(it.Occurrences) > 0 && p.Account != "" {
			if err := read(itemByCopy, key, p.Account, it.Occurrences[0].Provider); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range p.Removed {
		if err := read(itemByCopy, key, p.Account, id); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// writeItems stores changes, those that go first: what others have of theirs is
// written after them.
func (t *transaction) writeItems(ctx context.Context, key int64, changes []talk.Change) error {
	const links = `UPDATE OR IGNORE links SET item = ?3, item_at = (SELECT at FROM items WHERE supplier = ?1 AND id = ?3) WHERE supplier = ?1 AND item = ?2`
	const rest = `DELETE FROM links WHERE supplier = ? AND item = ?`
	for i := range changes {
		if err := t.writeItem(ctx, key, &changes[i]); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if !c.Gone() {
			continue
		}
		if _, err := t.exec(ctx, links, key, c.Before.ID, c.Heir); err != nil {
			return err
		}
		if _, err := t.exec(ctx, rest, key, c.Before.ID); err != nil {
			return err
		}
	}
	return nil
}

const occurrencesQuery = `SELECT o.provider FROM occurrences o JOIN suppliers s ON s.key = o.supplier
	WHERE s.name = ? AND o.account = ? ORDER BY o.provider LIMIT ?`

// Occurrences implements [store.Communications].
func (s *Store) Occurrences(ctx context.Context, supplier, account, after string, limit int) (ids []string, err error) {
	const query = `SELECT o.provider FROM occurrences o JOIN suppliers s ON s.key = o.supplier
		WHERE s.name = ? AND o.account = ? AND o.provider > ? AND NOT o.removed ORDER BY o.provider LIMIT ?`
	err = s.read(ctx, "occurrences", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, []any{supplier, account, after, max(limit, 0)}, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// ForgetOccurrences implements [store.Communications].
func (s *Store) ForgetOccurrences(ctx context.Context, supplier, account string, limit int) (n int, err error) {
	err = s.write(ctx, s.durable, "forget occurrences", func(ctx context.Context, t *transaction) error {
		var providers []string
		err := t.rows(ctx, occurrencesQuery, []any{supplier, account, max(limit, 0)}, func(rows *sql.Rows) error {
			var provider string
			err := rows.Scan(&provider)
			providers = append(providers, provider)
			return err
		})
		if err != nil || len(providers) == 0 {
			return err
		}
		key, err := t.supplierKey(ctx, supplier)
		if err != nil {
			return err
		}
		for _, provider := range providers {
			if err := t.forgetCopy(ctx, supplier, key, account, provider); err != nil {
				return err
			}
		}
		n = len(providers)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// forgetCopy removes an occurrence, and the item if that was its last, unless it
// was erased.
func (t *transaction) forgetCopy(ctx context.Context, supplier string, key int64, account, provider string) error {
	r, err := readItem(ctx, t, supplier, key, itemByCopy, key, account, provider)
	if err != nil || r == nil {
		return err
	}
	after := r.Row
	after.Drop(account, provider)
	after.Version++
	if len(after.Copies) > 0 || after.Erased {
		return t.writeItem(ctx, key, &talk.Change{Before: &r.Row, Row: &after})
	}
	if err := t.writeItem(ctx, key, &talk.Change{Before: &r.Row, Row: &after, Heir: r.ID}); err != nil {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM links WHERE supplier = ? AND item = ?`, key, r.ID)
	return err
}

// Told implements [store.Communications].
func (s *Store) Told(ctx context.Context, supplier string, items []string) error {
	const update = `UPDATE items SET told = 1 WHERE id = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?) AND NOT told`
	return s.write(ctx, s.durable, "told", func(ctx context.Context, t *transaction) error {
		for _, id := range items {
			if _, err := t.exec(ctx, update, id, supplier); err != nil {
				return err
			}
		}
		return nil
	})
}

const putLink = `REPLACE INTO links (supplier, item, record, state, user, at, item_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

// SetLink implements [store.Communications].
func (s *Store) SetLink(ctx context.Context, l store.Link) error {
	const find = `SELECT s.key, i.at FROM suppliers s JOIN items i ON i.supplier = s.key JOIN records r ON r.supplier = s.key
		WHERE s.name = ? AND i.id = ? AND i.present AND r.id = ? AND r.state = ?`
	return s.write(ctx, s.durable, "set link", func(ctx context.Context, t *transaction) error {
		var key, at int64
		err := t.row(ctx, find, []any{l.Supplier, l.Item, l.Record[:], int64(store.Listed)}, &key, &at)
		if errors.Is(err, sql.ErrNoRows) {
			err = store.ErrNotFound
		}
		if err == nil {
			_, err = t.exec(ctx, putLink, key, l.Item, l.Record[:], string(l.State), l.By, l.At.UnixMicro(), at)
		}
		return err
	})
}
