package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

// Shared implements [store.Nodes]: Open lets one process in.
func (s *Store) Shared() bool { return false }

const endsQuery = `SELECT s.name, s.number, s.policy_version FROM json_each(?) j JOIN suppliers s ON s.name = j.value`

// Ends implements [store.Nodes].
func (s *Store) Ends(ctx context.Context, suppliers []string) (map[string]store.End, error) {
	names, err := json.Marshal(suppliers)
	if err != nil {
		return nil, fmt.Errorf("ends: %w", err)
	}
	ends := make(map[string]store.End, len(suppliers))
	for _, name := range suppliers {
		ends[name] = store.End{Policy: 1}
	}
	err = s.read(ctx, "ends", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, endsQuery, []any{string(names)}, func(rows *sql.Rows) error {
			var name string
			var number, policy int64
			err := rows.Scan(&name, &number, &policy)
			ends[name] = store.End{Number: uint64(number), Policy: uint64(policy)}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return ends, nil
}

const movesQuery = `SELECT b.entry, r.id, b.version
	FROM suppliers s
	JOIN batches b ON b.entry > (s.key << 40) + ?2 AND b.entry < (s.key + 1) << 40
	JOIN records r ON r.key = b.record
	WHERE s.name = ?1 ORDER BY b.entry LIMIT ?3`

// Moves implements [store.Nodes].
func (s *Store) Moves(ctx context.Context, supplier string, after uint64, limit int) (moves []store.Move, err error) {
	if after >= maxNumber || limit <= 0 {
		return nil, nil
	}
	err = s.read(ctx, "moves", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, movesQuery, []any{supplier, int64(after), limit}, func(rows *sql.Rows) error {
			var entry, version int64
			var id []byte
			if err := rows.Scan(&entry, &id, &version); err != nil {
				return err
			}
			if len(id) != len(crdt.RecordID{}) {
				return fmt.Errorf("entry %d: record id %x: %w", entry&maxNumber, id, store.ErrCorrupt)
			}
			moves = append(moves, store.Move{Number: uint64(entry & maxNumber), Record: crdt.RecordID(id), Version: uint64(version)})
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return moves, nil
}

// Listen implements [store.Nodes]: there is nobody to listen to.
func (s *Store) Listen(ctx context.Context, _ store.Listener) error {
	<-ctx.Done()
	return nil
}

// Tell implements [store.Nodes]: there is nobody to tell.
func (s *Store) Tell(context.Context, []byte) error { return nil }
