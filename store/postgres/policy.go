package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/conflicts"
	"wedsync/store"
)

// Policy implements [store.Policies].
func (s *Store) Policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	return s.policy(ctx, `SELECT policy FROM wedsync.suppliers WHERE name = $1 AND policy IS NOT NULL`, supplier)
}

// PolicyOf implements [store.Policies].
func (s *Store) PolicyOf(ctx context.Context, supplier string, version uint64) (*conflicts.Policy, error) {
	const query = `SELECT policy FROM wedsync.policy_versions WHERE supplier = $1 AND version = $2`
	return s.policy(ctx, query, supplier, int64(min(version, math.MaxInt64)))
}

// policy reads the one policy of a supplier that a query finds.
func (s *Store) policy(ctx context.Context, query, supplier string, args ...any) (*conflicts.Policy, error) {
	policy := new(conflicts.Policy)
	err := s.read(ctx, "policy", func(ctx context.Context, p *pgxpool.Pool) error {
		var body string
		if err := p.QueryRow(ctx, query, append([]any{escape(supplier)}, args...)...).Scan(&body); err != nil {
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

// PolicyVersions implements [store.Copier].
func (s *Store) PolicyVersions(ctx context.Context, supplier string) (policies []*conflicts.Policy, err error) {
	const query = `SELECT policy FROM wedsync.policy_versions WHERE supplier = $1 ORDER BY version`
	err = s.read(ctx, "policy versions", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, query, escape(supplier))
		return each(rows, err, func(row pgx.Rows) error {
			var body string
			policy := new(conflicts.Policy)
			if err := row.Scan(&body); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(body), policy); err != nil {
				return fmt.Errorf("policies of supplier %q: %w: %w", supplier, err, store.ErrCorrupt)
			}
			policies = append(policies, policy)
			return nil
		})
	})
	return policies, err
}

// SetPolicy implements [store.Policies].
func (s *Store) SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error {
	const insert = `INSERT INTO wedsync.suppliers (name) VALUES ($1) ON CONFLICT DO NOTHING`
	const update = `UPDATE wedsync.suppliers SET policy_version = $2, policy = $3 WHERE name = $1 AND policy_version < $2`
	const keep = `INSERT INTO wedsync.policy_versions (supplier, version, policy) VALUES ($1, $2, $3)`
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
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, keep, escape(supplier), int64(p.Version), string(body))
		return err
	})
	if err == nil {
		s.bell.moved([]string{supplier})
	}
	return err
}
