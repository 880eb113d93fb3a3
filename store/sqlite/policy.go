package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wedsync/conflicts"
	"wedsync/store"
)

// Policy implements [store.Policies].
func (s *Store) Policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	const query = `SELECT policy FROM suppliers WHERE name = ? AND policy IS NOT NULL`
	return s.policy(ctx, query, supplier)
}

// PolicyOf implements [store.Policies].
func (s *Store) PolicyOf(ctx context.Context, supplier string, version uint64) (*conflicts.Policy, error) {
	const query = `SELECT v.policy FROM suppliers s JOIN policy_versions v ON v.supplier = s.key
		WHERE s.name = ? AND v.version = ?`
	return s.policy(ctx, query, supplier, int64(version))
}

// policy reads the one policy of a supplier that a query finds.
func (s *Store) policy(ctx context.Context, query, supplier string, args ...any) (*conflicts.Policy, error) {
	policy := new(conflicts.Policy)
	err := s.read(ctx, "policy", func(ctx context.Context, p *pool) error {
		var body []byte
		if err := p.row(ctx, query, append([]any{supplier}, args...), &body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, policy); err != nil {
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
	const query = `SELECT v.policy FROM suppliers s JOIN policy_versions v ON v.supplier = s.key WHERE s.name = ? ORDER BY v.version`
	err = s.read(ctx, "policy versions", func(ctx context.Context, p *pool) error {
		return p.rows(ctx, query, []any{supplier}, func(rows *sql.Rows) error {
			var body []byte
			policy := new(conflicts.Policy)
			if err := rows.Scan(&body); err != nil {
				return err
			}
			if err := json.Unmarshal(body, policy); err != nil {
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
	const insert = `INSERT INTO suppliers (name) VALUES (?) ON CONFLICT DO NOTHING`
	const update = `UPDATE suppliers SET policy_version = ?1, policy = ?2 WHERE name = ?3 AND policy_version < ?1`
	const keep = `INSERT INTO policy_versions (supplier, version, policy) SELECT key, policy_version, policy FROM suppliers WHERE name = ?`
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("policy of supplier %q: %w", supplier, err)
	}
	return s.write(ctx, s.durable, "set policy", func(ctx context.Context, t *transaction) error {
		if _, err := t.exec(ctx, insert, supplier); err != nil {
			return err
		}
		n, err := t.exec(ctx, update, int64(p.Version), string(body), supplier)
		if err == nil && n == 0 {
			err = fmt.Errorf("policy of supplier %q is no longer below version %d: %w", supplier, p.Version, store.ErrStale)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, keep, supplier)
		return err
	})
}
