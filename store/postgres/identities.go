package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const identifiedQuery = `SELECT record FROM wedsync.objects WHERE supplier = $1 AND connection = $2 AND external = $3`

// Identified implements [store.Identities].
func (s *Store) Identified(ctx context.Context, supplier, connection, external string) (id crdt.RecordID, err error) {
	err = s.read(ctx, "identified", func(ctx context.Context, p *pgxpool.Pool) error {
		row := p.QueryRow(ctx, identifiedQuery, escape(supplier), escape(connection), escape(external))
		return row.Scan((*[16]byte)(&id))
	})
	return id, err
}

// recordOrNull is a record's id for a row; the zero id is NULL.
func recordOrNull(id crdt.RecordID) *[16]byte {
	if id == (crdt.RecordID{}) {
		return nil
	}
	return (*[16]byte)(&id)
}

// recordIn is a record's id as a row has it; NULL is the zero id.
func recordIn(column *[16]byte) (id crdt.RecordID) {
	if column != nil {
		id = *column
	}
	return id
}

// checkRecords returns ErrNotFound if one of some records is erased or another
// supplier's. None is erased before the transaction ends, if the supplier is there
// already.
func checkRecords(ctx context.Context, tx pgx.Tx, supplier string, ids ...crdt.RecordID) error {
	const query = `SELECT b.id FROM wedsync.bindings b LEFT JOIN wedsync.records r ON r.supplier = b.supplier AND r.id = b.id
		WHERE b.id = ANY ($2::uuid[]) AND (b.supplier <> $1 OR r.state = 4) LIMIT 1`
	if _, err := tx.Exec(ctx, lockNotes, []string{supplier}); err != nil {
		return err
	}
	var foreign crdt.RecordID
	err := tx.QueryRow(ctx, query, supplier, uuids(ids)).Scan((*[16]byte)(&foreign))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err == nil:
		err = fmt.Errorf("record %s: %w", foreign, store.ErrNotFound)
	}
	return err
}

// Identify implements [store.Identities].
func (s *Store) Identify(ctx context.Context, supplier, connection, external string, id crdt.RecordID) (now crdt.RecordID, err error) {
	const insert = `INSERT INTO wedsync.objects (supplier, connection, external, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	args := []any{escape(supplier), escape(connection), escape(external)}
	err = s.write(ctx, s.durable, "identify", func(ctx context.Context, tx pgx.Tx) error {
		if err := holdNotes(ctx, tx, escape(supplier)); err != nil {
			return err
		}
		if err := checkRecords(ctx, tx, escape(supplier), id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insert, append(args, [16]byte(id))...); err != nil {
			return err
		}
		return tx.QueryRow(ctx, identifiedQuery, args...).Scan((*[16]byte)(&now))
	})
	return now, err
}

// holdNotes makes a supplier that is not there yet, and keeps its rows from being
// removed until the transaction ends. It delays no commit.
func holdNotes(ctx context.Context, tx pgx.Tx, supplier string) error {
	if _, err := tx.Exec(ctx, insertSuppliers, []string{supplier}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, lockNotes, []string{supplier})
	return err
}

// Unidentify implements [store.Identities].
func (s *Store) Unidentify(ctx context.Context, supplier, connection, external string) error {
	const remove = `DELETE FROM wedsync.objects WHERE supplier = $1 AND connection = $2 AND external = $3`
	return s.write(ctx, s.durable, "unidentify", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, remove, escape(supplier), escape(connection), escape(external))
		return err
	})
}

const objectsOfQuery = `SELECT connection, external, record FROM wedsync.objects
	WHERE supplier = $1 AND record = $2 ORDER BY connection, external LIMIT $3`

// ObjectsOf implements [store.Identities].
func (s *Store) ObjectsOf(ctx context.Context, supplier string, record crdt.RecordID, limit int) ([]store.ObjectID, error) {
	return s.objects(ctx, objectsOfQuery, escape(supplier), [16]byte(record), max(limit, 0))
}

const objectsQuery = `SELECT connection, external, record FROM wedsync.objects
	WHERE supplier = $1 AND (connection, external) > ($2, $3) ORDER BY connection, external LIMIT $4`

// Objects implements [store.Identities].
func (s *Store) Objects(ctx context.Context, supplier string, after store.ObjectID, limit int) ([]store.ObjectID, error) {
	return s.objects(ctx, objectsQuery, escape(supplier), escape(after.Connection), escape(after.External), max(limit, 0))
}

func (s *Store) objects(ctx context.Context, query string, args ...any) (found []store.ObjectID, err error) {
	err = s.read(ctx, "objects", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, args...)
		return each(rows, err, func(row pgx.Rows) error {
			var o store.ObjectID
			err := row.Scan(&o.Connection, &o.External, (*[16]byte)(&o.Record))
			o.Connection, o.External = unescape(o.Connection), unescape(o.External)
			found = append(found, o)
			return err
		})
	})
	return found, err
}
