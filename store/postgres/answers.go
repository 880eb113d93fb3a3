package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"wedsync/store"
)

// Answer implements [store.Answers].
func (s *Store) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	const query = `SELECT request, status, body, at FROM wedsync.answers WHERE principal = $1 AND key = $2`
	w := store.Answer{Principal: principal, Key: key}
	err := s.read(ctx, "answer", func(ctx context.Context, p *pgxpool.Pool) error {
		var request []byte
		if err := p.QueryRow(ctx, query, escape(principal), escape(key)).Scan(&request, &w.Status, &w.Body, &w.At); err != nil {
			return err
		}
		if len(request) != len(w.Request) {
			return fmt.Errorf("key %q of %s: request hash of %d bytes: %w", key, principal, len(request), store.ErrCorrupt)
		}
		copy(w.Request[:], request)
		w.At = w.At.UTC()
		return nil
	})
	if err != nil {
		return store.Answer{}, err
	}
	return w, nil
}
