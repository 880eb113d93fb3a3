package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wedsync/store"
)

// answered returns errLeftOut if the key of an answer is taken.
func (a *appending) answered(ctx context.Context, w *store.Answer) error {
	if w == nil {
		return nil
	}
	var one int
	err := a.row(ctx, `SELECT 1 FROM answers WHERE principal = ? AND key = ?`, []any{w.Principal, w.Key}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return errLeftOut
}

func (a *appending) answer(ctx context.Context, record int64, w *store.Answer) error {
	if w == nil {
		return nil
	}
	const insert = `INSERT INTO answers (principal, key, request, status, body, at, record) VALUES (?, ?, ?, ?, ?, ?, ?)`
	_, err := a.exec(ctx, insert, w.Principal, w.Key, w.Request[:], w.Status, notNull(w.Body), w.At.UnixMicro(), record)
	return err
}

// notNull keeps an empty blob from becoming NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Answer implements [store.Answers].
func (s *Store) Answer(ctx context.Context, principal, key string) (store.Answer, error) {
	const query = `SELECT request, status, body, at FROM answers WHERE principal = ? AND key = ?`
	w := store.Answer{Principal: principal, Key: key}
	err := s.read(ctx, "answer", func(ctx context.Context, p *pool) error {
		var request []byte
		var at int64
		if err := p.row(ctx, query, []any{principal, key}, &request, &w.Status, &w.Body, &at); err != nil {
			return err
		}
		if len(request) != len(w.Request) {
			return fmt.Errorf("key %q of %s: request hash of %d bytes: %w", key, principal, len(request), store.ErrCorrupt)
		}
		copy(w.Request[:], request)
		w.At = time.UnixMicro(at).UTC()
		return nil
	})
	if err != nil {
		return store.Answer{}, err
	}
	return w, nil
}
