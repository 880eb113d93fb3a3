package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wedsync/crdt"
	"wedsync/store"
)

const endsQuery = `SELECT s.name, s.number, s.policy_version, s.access_version FROM json_each(?) n CROSS JOIN suppliers s ON s.name = n.value`

// Shared implements [store.Nodes]: Open lets one process in.
func (s *Store) Shared() bool { return false }

// Ends implements [store.Nodes].
func (s *Store) Ends(ctx context.Context, suppliers []string) (map[string]store.End, error) {
	ends := make(map[string]store.End, len(suppliers))
	for _, name := range suppliers {
		ends[name] = store.End{Policy: 1}
	}
	names, err := json.Marshal(suppliers)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, "ends", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, endsQuery, []any{string(names)}, func(rows *sql.Rows) error {
			var name string
			var number, policy, access int64
			err := rows.Scan(&name, &number, &policy, &access)
			ends[name] = store.End{Number: uint64(number), Policy: uint64(policy), Access: uint64(access)}
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
	return moves, err
}

// Listen implements [store.Nodes]. No other process has the file open, so there
// is nothing to hear.
func (s *Store) Listen(ctx context.Context, _ store.Listener) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	leave()
	<-ctx.Done()
	return nil
}

// Tell implements [store.Nodes]. It reaches nobody.
func (s *Store) Tell(_ context.Context, message []byte) error {
	if len(message) > store.MaxTold {
		return fmt.Errorf("%s: tell: message of %d bytes, at most %d can be told: %w", s.file, len(message), store.MaxTold, store.ErrTooMany)
	}
	leave, err := s.enter()
	if err != nil {
		return err
	}
	leave()
	return nil
}
