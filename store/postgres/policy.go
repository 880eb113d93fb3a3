package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/store"
)

// Policy implements [store.Policies].
func (s *Store) Policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	const query = `SELECT policy FROM wedsync.suppliers WHERE name = $1 AND policy IS NOT NULL`
	policy := new(conflicts.Policy)
	err := s.read(ctx, "policy", func(ctx context.Context, p *pgxpool.Pool) error {
		var body string
		if err := p.QueryRow(ctx, query, escape(supplier)).Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), policy); err != nil {
			return fmt.Errorf("policy of supplier %q: %w: %w", supplier, err, store.ErrCorrupt)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return policy, nil
}

// SetPolicy implements [store.Policies].
func (s *Store) SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error {
	const insert = `INSERT INTO wedsync.suppliers (name) VALUES ($1) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.suppliers SET policy_version = $2, policy = $3 WHERE name = $1 AND policy_version < $2`
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("policy of supplier %q: %w", supplier, err)
	}
	err = s.write(ctx, s.durable, "set policy", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insert, escape(supplier)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, update, escape(supplier), int64(p.Version), string(body))
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("policy of supplier %q is no longer below version %d: %w", supplier, p.Version, store.ErrStale)
		}
		return err
	})
	if err == nil {
		s.bell.moved([]string{supplier})
	}
	return err
}
