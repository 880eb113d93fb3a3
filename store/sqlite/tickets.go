package sqlite

import (
	"context"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

// PutTicket implements [store.Tickets].
func (s *Store) PutTicket(ctx context.Context, k store.Ticket, now time.Time) error {
	const sweep = `DELETE FROM tickets WHERE until <= ?`
	const insert = `INSERT INTO tickets (hash, supplier, user, device, role, expires, until)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT count(*) FROM tickets WHERE supplier = ?2 AND user = ?3) < ?8`
	return s.write(ctx, s.lax, "put ticket", func(ctx context.Context, t *transaction) error {
		if _, err := t.exec(ctx, sweep, now.UnixMicro()); err != nil {
			return err
		}
		p := k.Principal
		stored, err := t.exec(ctx, insert, k.Hash[:], p.Supplier, p.User, p.Device, string(p.Role),
			k.Expires.UnixMicro(), k.Until.UnixMicro(), store.MaxTickets)
		if err == nil && stored == 0 {
			err = fmt.Errorf("tickets of user %q: %w", p.User, store.ErrTooMany)
		}
		return err
	})
}

// TakeTicket implements [store.Tickets].
func (s *Store) TakeTicket(ctx context.Context, hash [32]byte, now time.Time) (store.Ticket, error) {
	const take = `DELETE FROM tickets WHERE hash = ? RETURNING supplier, user, device, role, expires, until`
	k := store.Ticket{Hash: hash}
	err := s.write(ctx, s.durable, "take ticket", func(ctx context.Context, t *transaction) error {
		p := &k.Principal
		var role string
		var expires, until int64
		err := t.row(ctx, take, []any{hash[:]}, &p.Supplier, &p.User, &p.Device, &role, &expires, &until)
		p.Role, k.Expires, k.Until = conflicts.Role(role), time.UnixMicro(expires).UTC(), time.UnixMicro(until).UTC()
		return err
	})
	if err == nil && !k.Until.After(now) {
		err = fmt.Errorf("%s: take ticket: its time is over: %w", s.file, store.ErrNotFound)
	}
	if err != nil {
		return store.Ticket{}, err
	}
	return k, nil
}
