package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"wedsync/crdt"
	"wedsync/store"
)

const identifiedQuery = `SELECT o.record FROM suppliers s JOIN objects o ON o.supplier = s.key
	WHERE s.name = ? AND o.connection = ? AND o.external = ?`

// Identified implements [store.Identities].
func (s *Store) Identified(ctx context.Context, supplier, connection, external string) (id crdt.RecordID, err error) {
	err = s.read(ctx, "identified", func(ctx context.Context, p *pool) error {
		var record []byte
		if err := p.row(ctx, identifiedQuery, []any{supplier, connection, external}, &record); err != nil {
			return err
		}
		id, err = recordIn(record)
		return err
	})
	return id, err
}

// recordIn is a record's id as a row has it; NULL is the zero id.
func recordIn(column []byte) (id crdt.RecordID, err error) {
	if column != nil && len(column) != len(id) {
		return id, fmt.Errorf("record id %x: %w", column, store.ErrCorrupt)
	}
	copy(id[:], column)
	return id, nil
}

// recordOrNull is a record's id for a row; the zero id is NULL.
func recordOrNull(id crdt.RecordID) any {
	if id == (crdt.RecordID{}) {
		return nil
	}
	return id[:]
}

// recordsIn reads the ids of records in a column; NULL is none.
func recordsIn(column []byte) (ids []crdt.RecordID, err error) {
	for part := range slices.Chunk(column, len(crdt.RecordID{})) {
		id, err := recordIn(part)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// recordsOrNull is the ids of records for a column; none is NULL.
func recordsOrNull(ids []crdt.RecordID) (column []byte) {
	for _, id := range ids {
		column = append(column, id[:]...)
	}
	return column
}

// foreign reports whether a record is erased or another supplier's.
func (t *transaction) foreign(ctx context.Context, supplier string, id crdt.RecordID) (bool, error) {
	const query = `SELECT r.state = ? OR s.name <> ? FROM records r JOIN suppliers s ON s.key = r.supplier WHERE r.id = ?`
	var is bool
	err := t.row(ctx, query, []any{int64(store.Erased), supplier, id[:]}, &is)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return is, err
}

// Identify implements [store.Identities].
func (s *Store) Identify(ctx context.Context, supplier, connection, external string, id crdt.RecordID) (now crdt.RecordID, err error) {
	const insert = `INSERT INTO objects (supplier, connection, external, record) SELECT key, ?, ?, ? FROM suppliers WHERE name = ?
		ON CONFLICT DO NOTHING`
	err = s.write(ctx, s.durable, "identify", func(ctx context.Context, t *transaction) error {
		foreign, err := t.foreign(ctx, supplier, id)
		if err == nil && foreign {
			err = fmt.Errorf("record %s: %w", id, store.ErrNotFound)
		}
		if err == nil {
			err = t.supplier(ctx, supplier)
		}
		if err == nil {
			_, err = t.exec(ctx, insert, connection, external, id[:], supplier)
		}
		if err != nil {
			return err
		}
		var record []byte
		if err := t.row(ctx, identifiedQuery, []any{supplier, connection, external}, &record); err != nil {
			return err
		}
		now, err = recordIn(record)
		return err
	})
	return now, err
}

// Unidentify implements [store.Identities].
func (s *Store) Unidentify(ctx context.Context, supplier, connection, external string) error {
	const remove = `DELETE FROM objects WHERE connection = ? AND external = ? AND supplier = (SELECT key FROM suppliers WHERE name = ?)`
	return s.write(ctx, s.durable, "unidentify", func(ctx context.Context, t *transaction) error {
		_, err := t.exec(ctx, remove, connection, external, supplier)
		return err
	})
}

// ObjectsOf implements [store.Identities].
func (s *Store) ObjectsOf(ctx context.Context, supplier string, record crdt.RecordID, limit int) ([]store.ObjectID, error) {
	const query = `SELECT o.connection, o.external, o.record FROM suppliers s JOIN objects o ON o.supplier = s.key
		WHERE s.name = ? AND o.record = ? ORDER BY o.connection, o.external LIMIT ?`
	return s.objects(ctx, query, supplier, record[:], max(limit, 0))
}

// Objects implements [store.Identities].
func (s *Store) Objects(ctx context.Context, supplier string, after store.ObjectID, limit int) ([]store.ObjectID, error) {
	const query = `SELECT o.connection, o.external, o.record FROM suppliers s JOIN objects o ON o.supplier = s.key
		WHERE s.name = ? AND (o.connection, o.external) > (?, ?) ORDER BY o.connection, o.external LIMIT ?`
	return s.objects(ctx, query, supplier, after.Connection, after.External, max(limit, 0))
}

func (s *Store) objects(ctx context.Context, query string, args ...any) (found []store.ObjectID, err error) {
	err = s.read(ctx, "objects", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, args, func(rows *sql.Rows) error {
			var o store.ObjectID
			var record []byte
			err := rows.Scan(&o.Connection, &o.External, &record)
			if err == nil {
				o.Record, err = recordIn(record)
			}
			found = append(found, o)
			return err
		})
	})
	return found, err
}
