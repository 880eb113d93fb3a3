package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const (
	itemOwners = `SELECT i.id, o.id FROM wedsync.items i CROSS JOIN LATERAL (SELECT r.id` + owning + ` UNION SELECT r.id` + linking + `) AS o
		WHERE i.supplier = $1 AND i.id = ANY ($2::text[]) AND i.present ORDER BY i.id, o.id`
	threadOwnersQuery = `SELECT n.thread, f.id FROM unnest($2::bytea[]) AS n (thread) CROSS JOIN LATERAL (
			SELECT DISTINCT o.id FROM wedsync.items i CROSS JOIN LATERAL (SELECT r.id` + owning + ` UNION SELECT r.id` + linking + `) AS o
			WHERE i.supplier = $1 AND i.thread = n.thread AND i.present ORDER BY o.id LIMIT $3) AS f ORDER BY n.thread, f.id`
)

// Owners implements [store.Communications].
func (s *Store) Owners(ctx context.Context, supplier string, items []string) (map[string][]crdt.RecordID, error) {
	found := make(map[string][]crdt.RecordID)
	err := s.read(ctx, "owners", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, itemOwners, escape(supplier), escapeAll(items))
		return each(rows, err, func(row pgx.Rows) error {
			var item string
			var id [16]byte
			err := row.Scan(&item, &id)
			item = unescape(item)
			found[item] = append(found[item], id)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ThreadOwners implements [store.Communications].
func (s *Store) ThreadOwners(ctx context.Context, supplier string, threads [][32]byte, limit int) (map[[32]byte][]crdt.RecordID, error) {
	found := make(map[[32]byte][]crdt.RecordID)
	asked := make([][]byte, 0, len(threads))
	for _, thread := range threads {
		if _, twice := found[thread]; !twice {
			found[thread], asked = nil, append(asked, thread[:])
		}
	}
	clear(found)
	err := s.read(ctx, "thread owners", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, threadOwnersQuery, escape(supplier), asked, max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var column []byte
			var id [16]byte
			err := row.Scan(&column, &id)
			var thread [32]byte
			copy(thread[:], column)
			found[thread] = append(found[thread], id)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

const linksQuery = `SELECT record, state, user_id, at FROM wedsync.links WHERE supplier = $1 AND item = $2 ORDER BY record`

// Links implements [store.Communications].
func (s *Store) Links(ctx context.Context, supplier, item string) (found []store.Link, err error) {
	err = s.read(ctx, "links", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, linksQuery, escape(supplier), escape(item))
		return each(rows, err, func(row pgx.Rows) error {
			l := store.Link{Supplier: supplier, Item: item}
			err := row.Scan((*[16]byte)(&l.Record), &l.State, &l.By, &l.At)
			l.State, l.By, l.At = store.LinkState(unescape(string(l.State))), unescape(l.By), l.At.UTC()
			found = append(found, l)
			return err
		})
	})
	return found, err
}

const untoldQuery = `SELECT supplier, id FROM wedsync.items WHERE present AND NOT told AND id < $1 ORDER BY id LIMIT $2`

// Untold implements [store.Communications].
func (s *Store) Untold(ctx context.Context, before time.Time, limit int) (found []store.EventKey, err error) {
	err = s.read(ctx, "untold", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, untoldQuery, store.MadeBefore(before), max(limit, 0))
		return each(rows, err, func(row pgx.Rows) error {
			var k store.EventKey
			err := row.Scan(&k.Supplier, &k.ID)
			k.Supplier, k.ID = unescape(k.Supplier), unescape(k.ID)
			found = append(found, k)
			return err
		})
	})
	return found, err
}
