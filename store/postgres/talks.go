package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
	"wedsync/store/talk"
)

const (
	keptQuery      = `SELECT id FROM wedsync.items WHERE supplier = $1 AND id > $2 ORDER BY id LIMIT $3`
	keptLinksQuery = `SELECT item, record, state, user_id, at FROM wedsync.links WHERE supplier = $1 AND item = ANY ($2::text[]) ORDER BY item, record`
)

// KeptItems implements [store.Copier].
func (s *Store) KeptItems(ctx context.Context, supplier, after string, limit int) (found []store.KeptItem, err error) {
	err = s.read(ctx, "kept items", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, keptQuery, escape(supplier), escape(after), max(limit, 0))
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for size := 0; len(ids) > 0 && size <= store.MaxPage; {
			part := ids[:min(len(ids), itemsAtOnce)]
			ids = ids[len(part):]
			kept, err := keptItems(ctx, p, supplier, part)
			if err != nil {
				return err
			}
			for i := range kept {
				if size <= store.MaxPage {
					size += len(kept[i].Subject) + len(kept[i].Snippet) + len(kept[i].Body) + len(kept[i].Detail)
					found = append(found, kept[i])
				}
			}
		}
		return nil
	})
	return found, err
}

// keptItems reads items in the order of their ids, which are escaped.
func keptItems(ctx context.Context, p *pgxpool.Pool, supplier string, ids []string) (kept []store.KeptItem, err error) {
	read, err := readRows(ctx, p, itemsByID, supplier, ids)
	if err != nil {
		return nil, err
	}
	links := make(map[string][]store.Link)
	rows, err := p.Query(ctx, keptLinksQuery, escape(supplier), ids)
	err = each(rows, err, func(row pgx.Rows) error {
		l := store.Link{Supplier: supplier}
		err := row.Scan(&l.Item, (*[16]byte)(&l.Record), &l.State, &l.By, &l.At)
		l.Item, l.State, l.By, l.At = unescape(l.Item), store.LinkState(unescape(string(l.State))), unescape(l.By), l.At.UTC()
		links[l.Item] = append(links[l.Item], l)
		return err
	})
	for _, id := range ids {
		if r := read[unescape(id)]; r != nil {
			k := r.Kept()
			k.Links = links[r.ID]
			kept = append(kept, k)
		}
	}
	return kept, err
}

// RestoreTalks implements [store.Copier].
func (s *Store) RestoreTalks(ctx context.Context, supplier string, talks store.Talks) error {
	name := escape(supplier)
	return s.write(ctx, s.durable, "restore talks", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdSuppliers(ctx, tx, []string{name}); err != nil {
			return err
		}
		if err := holdItems(ctx, tx, name); err != nil {
			return err
		}
		if err := restoreAccounts(ctx, tx, name, &talks); err != nil {
			return err
		}
		return restoreItems(ctx, tx, supplier, talks.Items)
	})
}

func restoreAccounts(ctx context.Context, tx pgx.Tx, name string, talks *store.Talks) error {
	const account = `INSERT INTO wedsync.accounts (id, supplier, provider, version, settings, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET supplier = excluded.supplier, provider = excluded.provider, version = excluded.version,
			settings = excluded.settings, created = excluded.created, changed = excluded.changed`
	const cursor = `INSERT INTO wedsync.cursors (supplier, account, scope, version, due, state) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (supplier, account, scope) DO UPDATE SET version = excluded.version, due = excluded.due, state = excluded.state`
	var batch pgx.Batch
	for _, a := range talks.Accounts {
		batch.Queue(account, escape(a.ID), name, escape(a.Provider), int64(a.Version), notNull(a.Settings), micros(a.Created), micros(a.Changed))
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	batch = pgx.Batch{}
	held := make(map[string]bool)
	for _, c := range talks.Cursors {
		if !held[c.Account] {
			if err := holdAccount(ctx, tx, name, escape(c.Account)); err != nil {
				return err
			}
			held[c.Account] = true
		}
		batch.Queue(cursor, name, escape(c.Account), escape(c.Scope), int64(c.Version), micros(c.Due), notNull(c.State))
	}
	return tx.SendBatch(ctx, &batch).Close()
}

func restoreItems(ctx context.Context, tx pgx.Tx, supplier string, items []store.KeptItem) error {
	const taken = `SELECT i.id FROM wedsync.items i JOIN unnest($2::bytea[], $3::text[]) AS n (key, id) ON i.key = n.key AND i.id <> n.id
		WHERE i.supplier = $1 LIMIT 1`
	if len(items) == 0 {
		return nil
	}
	name := escape(supplier)
	var ids []string
	var keys [][]byte
	for i := range items {
		ids, keys = append(ids, escape(items[i].ID)), append(keys, items[i].Key[:])
	}
	var other string
	if err := tx.QueryRow(ctx, taken, name, keys, ids).Scan(&other); err == nil {
		return fmt.Errorf("the key of item %s is another's: %w", unescape(other), store.ErrNotEmpty)
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	there, err := readRows(ctx, tx, itemsByID, supplier, ids)
	if err != nil {
		return err
	}
	var changes []talk.Change
	var links pgx.Batch
	links.Queue(`DELETE FROM wedsync.links WHERE supplier = $1 AND item = ANY ($2::text[])`, name, ids)
	for i := range items {
		k := &items[i]
		changes = append(changes, talk.Change{Before: there[k.ID], Row: talk.RowOf(supplier, k)})
		for _, l := range k.Links {
			links.Queue(restoreLink, name, escape(k.ID), [16]byte(l.Record), escape(string(l.State)), escape(l.By), micros(l.At), micros(k.At))
		}
	}
	if err := writeItems(ctx, tx, supplier, changes); err != nil {
		return err
	}
	return tx.SendBatch(ctx, &links).Close()
}

const restoreLink = `INSERT INTO wedsync.links (supplier, item, record, state, user_id, at, item_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
