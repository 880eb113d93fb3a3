package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/conflicts"
	"wedsync/store"
)

// maxSwept bounds the tickets that one call sweeps; the next sweeps the rest.
const maxSwept = 1000

// PutTicket implements [store.Tickets]. Two nodes that sweep at once leave
// each other's rows alone.
func (s *Store) PutTicket(ctx context.Context, k store.Ticket, now time.Time) error {
	const sweep = `DELETE FROM wedsync.tickets WHERE hash IN (
		SELECT hash FROM wedsync.tickets WHERE until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`
	const insert = `INSERT INTO wedsync.tickets (hash, supplier, user_id, device, role, expires, until)
		SELECT $1, $2, $3, $4, $5, $6, $7
		WHERE (SELECT count(*) FROM wedsync.tickets WHERE supplier = $2 AND user_id = $3) < $8`
	p := k.Principal
	return s.write(ctx, s.lax, "put ticket", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sweep, micros(now), maxSwept); err != nil {
			return err
		}
		stored, err := affected(tx.Exec(ctx, insert, k.Hash[:], escape(p.Supplier), escape(p.User), escape(p.Device), string(p.Role),
			micros(k.Expires), micros(k.Until), store.MaxTickets))
		if err == nil && stored == 0 {
			err = fmt.Errorf("tickets of user %q: %w", p.User, store.ErrTooMany)
		}
		return err
	})
}

// TakeTicket implements [store.Tickets].
func (s *Store) TakeTicket(ctx context.Context, hash [32]byte, now time.Time) (store.Ticket, error) {
	const take = `DELETE FROM wedsync.tickets WHERE hash = $1 RETURNING supplier, user_id, device, role, expires, until`
	k := store.Ticket{Hash: hash}
	err := s.write(ctx, s.durable, "take ticket", func(ctx context.Context, tx pgx.Tx) error {
		var supplier, user, device, role string
		err := tx.QueryRow(ctx, take, hash[:]).Scan(&supplier, &user, &device, &role, &k.Expires, &k.Until)
		k.Principal = conflicts.Principal{
			Supplier: unescape(supplier), User: unescape(user), Device: unescape(device), Role: conflicts.Role(role),
		}
		k.Expires, k.Until = k.Expires.UTC(), k.Until.UTC()
		return err
	})
	if err == nil && !k.Until.After(now) {
		err = fmt.Errorf("%s: take ticket: its time is over: %w", s.name, store.ErrNotFound)
	}
	if err != nil {
		return store.Ticket{}, err
	}
	return k, nil
}
