package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/crdt"
	"wedsync/store"
)

const headsQuery = `SELECT r.id, r.supplier, r.version, r.state, r.heads FROM unnest($1::uuid[]) AS n (id)
	JOIN wedsync.bindings k ON k.id = n.id JOIN wedsync.records r ON r.supplier = k.supplier AND r.id = k.id`

// Heads implements [store.Records].
func (s *Store) Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	found := make(map[crdt.RecordID]store.Heads, len(ids))
	err := s.read(ctx, "heads", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, headsQuery, uuids(ids))
		return each(rows, err, func(row pgx.Rows) error {
			var r headsRow
			if err := row.Scan(r.into()...); err != nil {
				return err
			}
			h, err := r.read()
			found[r.id] = h
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
	id       crdt.RecordID
	supplier string
	version  int64
	state    int16
	heads    []byte
}

func (r *headsRow) into() []any {
	return []any{(*[16]byte)(&r.id), &r.supplier, &r.version, &r.state, &r.heads}
}

func (r *headsRow) read() (store.Heads, error) {
	heads, err := store.DecodeHeads(r.heads)
	if err != nil {
		return store.Heads{}, fmt.Errorf("record %s: %w", r.id, err)
	}
	return store.Heads{
		Supplier: unescape(r.supplier),
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

// loadQuery reads a record once for every batch of it, the ledger beside the
// first: one statement sees one version.
const loadQuery = `SELECT r.id, r.supplier, r.version, r.state, r.heads,
	CASE WHEN row_number() OVER (ORDER BY b.version) = 1 THEN l.body END, b.version, b.body
	FROM wedsync.bindings k JOIN wedsync.records r ON r.supplier = k.supplier AND r.id = k.id
	LEFT JOIN wedsync.ledgers l ON l.supplier = r.supplier AND l.record = r.id
	LEFT JOIN wedsync.batches b ON b.supplier = r.supplier AND b.record = r.id AND b.version > $2
	WHERE k.id = $1 ORDER BY b.version`

// maxVersion is the highest version that a column holds.
const maxVersion = 1<<63 - 1

// load reads a record with the batches of its commits above a version.
func (s *Store) load(ctx context.Context, what string, id crdt.RecordID, after uint64) (*store.Stored, error) {
	l := loading{last: min(after, maxVersion)}
	err := s.read(ctx, what, func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, loadQuery, [16]byte(id), int64(l.last))
		if err := each(rows, err, l.row); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		if err := l.end(); err != nil {
			return fmt.Errorf("record %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l.stored, nil
}

// A loading is a record as its rows arrive.
type loading struct {
	stored *store.Stored
	last   uint64 // version of the last batches
}

func (l *loading) row(row pgx.Rows) error {
	var r headsRow
	var ledger, body []byte
	var version *int64
	err := row.Scan(append(r.into(), &ledger, &version, &body)...)
	if err != nil {
		return err
	}
	if l.stored == nil {
		l.stored = &store.Stored{Ledger: ledger}
		if l.stored.Heads, err = r.read(); err != nil {
			return err
		}
	}
	if version == nil {
		return nil
	}
	before := l.last
	if l.last = uint64(*version); l.last != before+1 {
		return fmt.Errorf("batches of version %d follow version %d: %w", l.last, before, store.ErrCorrupt)
	}
	b, err := store.DecodeBody(body)
	if err != nil {
		return fmt.Errorf("batches of version %d: %w", l.last, err)
	}
	l.stored.Batches = append(l.stored.Batches, b...)
	return nil
}

func (l *loading) end() error {
	switch {
	case l.stored == nil:
		return store.ErrNotFound
	case l.last < l.stored.Version:
		return fmt.Errorf("batches end at version %d, the record is at %d: %w", l.last, l.stored.Version, store.ErrCorrupt)
	}
	return nil
}
