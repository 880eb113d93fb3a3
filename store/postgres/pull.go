package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
	"wedsync/store/talk"
)

// holdItems lets nobody else write items of a supplier, whose name is escaped,
// until the transaction ends.
func holdItems(ctx context.Context, tx pgx.Tx, supplier string) error {
	const hold = `SELECT pg_advisory_xact_lock(hashtextextended('wedsync items ' || $1::text, 0))`
	_, err := tx.Exec(ctx, hold, supplier)
	return err
}

// StorePull implements [store.Communications].
func (s *Store) StorePull(ctx context.Context, p store.Pull) (store.Pulled, error) {
	if err := store.CheckPull(&p); err != nil {
		return store.Pulled{}, err
	}
	var pulled store.Pulled
	err := s.write(ctx, s.durable, "store pull", func(ctx context.Context, tx pgx.Tx) error {
		if err := s.beginPull(ctx, tx, &p); err != nil {
			return err
		}
		ids, err := pulledIDs(ctx, tx, &p)
		if err != nil {
			return err
		}
		rows, err := readRows(ctx, tx, itemsByID, p.Supplier, ids)
		if err != nil {
			return err
		}
		set := talk.NewSet(slices.Collect(maps.Values(rows)))
		stored := set.Pull(&p)
		changes := set.Changes()
		pulled = talk.Outcome(stored, changes)
		return writeItems(ctx, tx, p.Supplier, changes)
	})
	if err != nil {
		return store.Pulled{}, err
	}
	return pulled, nil
}

// beginPull moves the cursor, and holds the items.
func (s *Store) beginPull(ctx context.Context, tx pgx.Tx, p *store.Pull) error {
	name := escape(p.Supplier)
	if p.Account != "" {
		if err := holdAccount(ctx, tx, name, escape(p.Account)); err != nil {
			return err
		}
	} else if fresh := s.known.missing([]string{name}); len(fresh) > 0 {
		if _, err := tx.Exec(ctx, insertSuppliers, fresh); err != nil {
			return err
		}
	}
	if p.Cursor != nil {
		c := *p.Cursor
		c.Supplier, c.Account = p.Supplier, p.Account
		if err := setCursor(ctx, tx, &c); err != nil {
			return err
		}
	}
	return holdItems(ctx, tx, name)
}

// pulledIDs names the rows that a pull may be about, escaped.
func pulledIDs(ctx context.Context, tx pgx.Tx, p *store.Pull) (ids []string, err error) {
	var keys [][]byte
	providers := escapeAll(p.Removed)
	for i := range p.Items {
		it := &p.Items[i]
		keys = append(keys, it.Key[:])
		if len(it.Occurrences) > 0 {
			providers = append(providers, escape(it.Occurrences[0].Provider))
		}
	}
	rows, err := tx.Query(ctx, pulledItems, escape(p.Supplier), keys, escape(p.Account), providers)
	err = each(rows, err, func(row pgx.Rows) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// Occurrences implements [store.Communications].
func (s *Store) Occurrences(ctx context.Context, supplier, account, after string, limit int) (ids []string, err error) {
	const query = `SELECT provider FROM wedsync.occurrences
		WHERE supplier = $1 AND account = $2 AND provider > $3 AND NOT removed ORDER BY provider LIMIT $4`
	err = s.read(ctx, "occurrences", func(ctx context.Context, p *pgxpool.Pool) error {
		ids = nil
		rows, err := p.Query(ctx, query, escape(supplier), escape(account), escape(after), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var id string
			err := row.Scan(&id)
			ids = append(ids, unescape(id))
			return err
		})
	})
	return ids, err
}

// ForgetOccurrences implements [store.Communications].
func (s *Store) ForgetOccurrences(ctx context.Context, supplier, account string, limit int) (n int, err error) {
	const find = `SELECT provider, item FROM wedsync.occurrences WHERE supplier = $1 AND account = $2 ORDER BY provider LIMIT $3`
	err = s.write(ctx, s.durable, "forget occurrences", func(ctx context.Context, tx pgx.Tx) error {
		n = 0
		if err := holdItems(ctx, tx, escape(supplier)); err != nil {
			return err
		}
		var ids []string
		providers := make(map[string][]string)
		rows, err := tx.Query(ctx, find, escape(supplier), escape(account), max(limit, 0))
		err = each(rows, err, func(row pgx.Rows) error {
			var provider, item string
			err := row.Scan(&provider, &item)
			ids = append(ids, item)
			providers[unescape(item)] = append(providers[unescape(item)], unescape(provider))
			n++
			return err
		})
		if err != nil {
			return err
		}
		found, err := readRows(ctx, tx, itemsByID, supplier, sortedSet(ids))
		if err != nil {
			return err
		}
		return writeItems(ctx, tx, supplier, without(found, account, providers))
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// without are the changes that take copies away from items, by id. What has none
// left goes, unless it was erased.
func without(found map[string]*talk.Row, account string, providers map[string][]string) (changes []talk.Change) {
	for id, before := range found {
		after := *before
		for _, provider := range providers[id] {
			after.Drop(account, provider)
		}
		after.Version++
		c := talk.Change{Before: before, Row: &after}
		if len(after.Copies) == 0 && !after.Erased {
			c.Heir = id
		}
		changes = append(changes, c)
	}
	return changes
}

// Told implements [store.Communications].
func (s *Store) Told(ctx context.Context, supplier string, items []string) error {
	const update = `UPDATE wedsync.items SET told = true WHERE supplier = $1 AND id = ANY ($2::text[]) AND NOT told`
	return s.write(ctx, s.durable, "told", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdItems(ctx, tx, escape(supplier)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, update, escape(supplier), escapeAll(items))
		return err
	})
}

// SetLink implements [store.Communications].
func (s *Store) SetLink(ctx context.Context, l store.Link) error {
	const put = `INSERT INTO wedsync.links (supplier, item, record, state, user_id, at, item_at)
		SELECT i.supplier, i.id, r.id, $4, $5, $6, i.at FROM wedsync.items i JOIN wedsync.records r ON r.supplier = i.supplier AND r.id = $3 AND r.state = 2
		WHERE i.supplier = $1 AND i.id = $2 AND i.present
		ON CONFLICT (supplier, item, record) DO UPDATE SET state = excluded.state, user_id = excluded.user_id, at = excluded.at`
	name := escape(l.Supplier)
	return s.write(ctx, s.durable, "set link", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdItems(ctx, tx, name); err != nil {
			return err
		}
		stored, err := affected(tx.Exec(ctx, put, name, escape(l.Item), [16]byte(l.Record), escape(string(l.State)), escape(l.By), micros(l.At)))
		if err == nil && stored == 0 {
			err = store.ErrNotFound
		}
		return err
	})
}
