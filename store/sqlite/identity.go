package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"wedsync/store"
)

// Identity implements [store.Store]. A store of before epochs is given one.
func (s *Store) Identity(ctx context.Context) (id store.Identity, err error) {
	err = s.read(ctx, "identity", func(ctx context.Context, p *pool) error {
		id, err = readIdentity(ctx, p.row)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	err = s.write(ctx, s.durable, "identity", func(ctx context.Context, t *transaction) error {
		const insert = `INSERT INTO meta (name, value) VALUES ('secret', ?1), ('storage_id', ?2), ('epoch', ?3) ON CONFLICT DO NOTHING`
		fresh := store.NewIdentity()
		if _, err := t.exec(ctx, insert, fresh.Secret, fresh.StorageID, fresh.Epoch); err != nil {
			return err
		}
		id, err = readIdentity(ctx, t.row)
		return err
	})
	return id, err
}

// Identity reads the identity of the hub whose data directory is dir, whether
// or not that hub is running. A directory without one is made and given one.
func Identity(ctx context.Context, dir string) (store.Identity, error) {
	id, err := storedIdentity(ctx, filepath.Join(dir, databaseFile))
	if err == nil {
		return id, nil
	}
	s, err := Open(ctx, dir)
	if err != nil {
		return store.Identity{}, err
	}
	id, err = s.Identity(ctx)
	return id, errors.Join(err, s.Close())
}

// storedIdentity reads the identity beside whoever has the database open.
func storedIdentity(ctx context.Context, file string) (id store.Identity, err error) {
	if _, err := os.Stat(file); err != nil {
		return id, err
	}
	p, err := openPool(file, 1)
	if err != nil {
		return id, err
	}
	id, err = readIdentity(ctx, p.row)
	return id, errors.Join(err, p.close())
}

func readIdentity(ctx context.Context, row func(context.Context, string, []any, ...any) error) (id store.Identity, err error) {
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
func readMeta(ctx context.Context, row func(context.Context, string, []any, ...any) error) (id store.Identity, receiving bool, err error) {
	const query = `SELECT a.value, b.value, c.value, EXISTS (SELECT 1 FROM meta WHERE name = 'receiving')
		FROM meta a, meta b, meta c WHERE a.name = 'secret' AND b.name = 'storage_id' AND c.name = 'epoch'`
	if err := row(ctx, query, nil, &id.Secret, &id.StorageID, &id.Epoch, &receiving); err != nil {
		return store.Identity{}, false, err
	}
	if err := id.Check(); err != nil {
		return store.Identity{}, false, fmt.Errorf("meta: %w", err)
	}
	return id, receiving, nil
}

// Ping implements [store.Store]: it writes and waits for the disk.
func (s *Store) Ping(ctx context.Context) error {
	const upsert = `INSERT INTO meta (name, value) VALUES ('pings', 1) ON CONFLICT DO UPDATE SET value = value + 1`
	return s.write(ctx, s.durable, "ping", func(ctx context.Context, t *transaction) error {
		_, err := t.exec(ctx, upsert)
		return err
	})
}
