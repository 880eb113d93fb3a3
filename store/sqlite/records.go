package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// eachID makes a table n(i, id) of the ids that lie one after another in ?1.
// One statement serves any number of them.
const eachID = `WITH RECURSIVE n (i, id) AS (
		SELECT 1, substr(?1, 1, 16) WHERE length(?1) > 0
		UNION ALL
		SELECT i + 16, substr(?1, i + 16, 16) FROM n WHERE i + 16 < length(?1))`

func packIDs(ids []crdt.RecordID) []byte {
	b := make([]byte, 0, 16*len(ids))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

const headsQuery = eachID + ` SELECT r.id, s.name, r.version, r.state, r.heads
	FROM n CROSS JOIN records r ON r.id = n.id JOIN suppliers s ON s.key = r.supplier`

// Heads implements [store.Records].
func (s *Store) Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	found := make(map[crdt.RecordID]store.Heads, len(ids))
	err := s.read(ctx, "heads", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, headsQuery, []any{packIDs(ids)}, func(rows *sql.Rows) error {
			var r headsRow
			if err := rows.Scan(r.into()...); err != nil {
				return err
			}
			id, h, err := r.read()
			found[id] = h
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// A headsRow is the columns that make a store.Heads.
type headsRow struct {
	id, heads      []byte
	supplier       string
	version, state int64
}

func (r *headsRow) into() []any {
	return []any{&r.id, &r.supplier, &r.version, &r.state, &r.heads}
}

func (r *headsRow) read() (crdt.RecordID, store.Heads, error) {
	if len(r.id) != len(crdt.RecordID{}) {
		return crdt.RecordID{}, store.Heads{}, fmt.Errorf("records: id %x: %w", r.id, store.ErrCorrupt)
	}
	id := crdt.RecordID(r.id)
	heads, err := store.DecodeHeads(r.heads)
	if err != nil {
		return id, store.Heads{}, fmt.Errorf("record %s: %w", id, err)
	}
	return id, store.Heads{
		Supplier: r.supplier,
		Version:  uint64(r.version),
		State:    store.RecordState(r.state),
		Heads:    heads,
	}, nil
}

// Load implements [store.Records].
func (s *Store) Load(ctx context.Context, id crdt.RecordID) (*store.Stored, error) {
	return s.load(ctx, "load", id, 0)
}

// Later implements [store.Records].
func (s *Store) Later(ctx context.Context, id crdt.RecordID, version uint64) (*store.Stored, error) {
	return s.load(ctx, "later", id, version)
}

// load reads a record with the batches of its commits above a version. Rows are
// only ever added, so those up to the version that was read are the record as of
// that version.
func (s *Store) load(ctx context.Context, what string, id crdt.RecordID, above uint64) (*store.Stored, error) {
	const query = `SELECT r.id, s.name, r.version, r.state, r.heads, r.key, l.body
		FROM records r JOIN suppliers s ON s.key = r.supplier LEFT JOIN ledgers l ON l.record = r.key
		WHERE r.id = ?`
	st := new(store.Stored)
	err := s.read(ctx, what, func(ctx context.Context, p *pool) error {
		var r headsRow
		var key int64
		if err := p.row(ctx, query, []any{id[:]}, append(r.into(), &key, &st.Ledger)...); err != nil {
			return err
		}
		var err error
		if _, st.Heads, err = r.read(); err != nil {
			return err
		}
		if st.Batches, err = loadBatches(ctx, p, key, int64(min(above, uint64(r.version))), r.version); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return st, nil
}

const batchesQuery = `SELECT version, body FROM batches WHERE record = ? AND version > ? AND version <= ? ORDER BY entry`

// loadBatches reads the batches of a record's commits above one version and up
// to another.
func loadBatches(ctx context.Context, p *pool, record, above, version int64) (batches []store.Batch, err error) {
	last := above
	err = p.rows(ctx, batchesQuery, []any{record, above, version}, func(rows *sql.Rows) error {
		var body []byte
		before := last
		if err := rows.Scan(&last, &body); err != nil {
			return err
		}
		if last != before+1 {
			return fmt.Errorf("batches of version %d follow version %d: %w", last, before, store.ErrCorrupt)
		}
		b, err := store.DecodeBody(body)
		if err != nil {
			return fmt.Errorf("batches of version %d: %w", last, err)
		}
		batches = append(batches, b...)
		return nil
	})
	if err == nil && last != version {
		err = fmt.Errorf("batches end at version %d, the record is at %d: %w", last, version, store.ErrCorrupt)
	}
	return batches, err
}
