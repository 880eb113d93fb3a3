package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

const endsQuery = `SELECT name, number, policy_version, access_version FROM wedsync.suppliers WHERE name = ANY ($1::text[])`

// Ends implements [store.Nodes].
func (s *Store) Ends(ctx context.Context, suppliers []string) (map[string]store.End, error) {
	ends := make(map[string]store.End, len(suppliers))
	for _, name := range suppliers {
		ends[name] = store.End{Policy: 1}
	}
	err := s.read(ctx, "ends", func(ctx context.Context, p *pgxpool.Pool) error {
		rows, err := p.Query(ctx, endsQuery, escapeAll(suppliers))
		return each(rows, err, func(row pgx.Rows) error {
			var name string
			var e store.End
			err := row.Scan(&name, &e.Number, &e.Policy, &e.Access)
			ends[unescape(name)] = e
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return ends, nil
}

// Shared implements [store.Nodes].
func (s *Store) Shared() bool { return true }

// Tell implements [store.Nodes]. It returns when the message is on its way.
func (s *Store) Tell(ctx context.Context, message []byte) error {
	if len(message) > store.MaxTold {
		return fmt.Errorf("%s: tell: message of %d bytes, at most %d can be told: %w", s.name, len(message), store.MaxTold, store.ErrTooMany)
	}
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.explain(ctx, "tell", s.bell.tell(ctx, message))
}
