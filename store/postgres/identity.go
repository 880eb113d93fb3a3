package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

// Identity implements [store.Store]. All nodes have the same.
func (s *Store) Identity(ctx context.Context) (id store.Identity, err error) {
	err = s.read(ctx, "identity", func(ctx context.Context, p *pgxpool.Pool) error {
		id, err = readIdentity(ctx, p.QueryRow)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	err = s.write(ctx, s.durable, "identity", func(ctx context.Context, tx pgx.Tx) error {
		const insert = `INSERT INTO wedsync.meta (name, value) VALUES ('secret', $1), ('storage_id', $2) ON CONFLICT DO NOTHING`
		fresh := store.NewIdentity()
		if _, err := tx.Exec(ctx, insert, fresh.Secret, []byte(fresh.StorageID)); err != nil {
			return err
		}
		id, err = readIdentity(ctx, tx.QueryRow)
		return err
	})
	return id, err
}

func readIdentity(ctx context.Context, row func(context.Context, string, ...any) pgx.Row) (id store.Identity, err error) {
	id, receiving, err := readMeta(ctx, row)
	if err == nil && receiving {
		err = store.ErrUnfinished
	}
	if err != nil {
		return store.Identity{}, err
	}
	return id, nil
}

// readMeta reads the identity, and whether the store receives a copy.
func readMeta(ctx context.Context, row func(context.Context, string, ...any) pgx.Row) (id store.Identity, receiving bool, err error) {
	const query = `SELECT a.value, b.value, EXISTS (SELECT 1 FROM wedsync.meta WHERE name = 'receiving')
		FROM wedsync.meta a, wedsync.meta b WHERE a.name = 'secret' AND b.name = 'storage_id'`
	var storage []byte
	if err := row(ctx, query).Scan(&id.Secret, &storage, &receiving); err != nil {
		return store.Identity{}, false, err
	}
	if err := id.Check(); err != nil {
		return store.Identity{}, false, fmt.Errorf("meta: %w", err)
	}
	id.StorageID = string(storage)
	return id, receiving, nil
}

// Ping implements [store.Store]: it writes and waits for the disk.
func (s *Store) Ping(ctx context.Context) error {
	const upsert = `INSERT INTO wedsync.meta (name, value) VALUES ('ping', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	// Whether it was stored is no matter: it waits no longer than its caller.
	within, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err = s.durable.Exec(within, upsert, []byte(s.node))
	return s.explain(ctx, "ping", err)
}
