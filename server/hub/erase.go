package hub

import (
	"context"
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// Erase takes a record away for good, whether it is in use or deleted. Nothing
// of its content is kept, and to devices it is unavailable for ever: what they
// still hold of it is not taken back.
func (h *Hub) Erase(ctx context.Context, id crdt.RecordID, by conflicts.Principal) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	done := make(chan error, 1)
	if err := h.deliver(ctx, id, eraseTask{by, done}); err != nil {
		return err
	}
	err := <-done
	if errors.Is(err, errStale) {
		return fmt.Errorf("%w: the record is being changed elsewhere", ErrUnavailable)
	}
	return err
}

// An eraseTask has a turn to itself. It needs no record in memory, so that also
// one that cannot be opened can be erased.
type eraseTask struct {
	by   conflicts.Principal
	done chan<- error // has room for one
}

func (t eraseTask) stage(r *room, s *stage) bool {
	if !s.empty() {
		return false
	}
	if err := t.may(r); err != nil {
		s.said = append(s.said, func() { t.done <- err })
		return true
	}
	s.erasure = &store.Erasure{
		Supplier: r.stored.Supplier, Record: r.id, Version: r.stored.Version,
		Origin: store.Origin{Kind: "erase", From: t.by, At: s.now, Input: &conflicts.Input{Erases: true}},
	}
	s.replies = append(s.replies, func(failed error) { t.done <- failed })
	return true
}

// may says why the record cannot be erased.
func (t eraseTask) may(r *room) error {
	if err := r.look(); err != nil && r.corrupt == nil {
		return err
	}
	if !r.commanded(t.by.Supplier) {
		return store.ErrNotFound
	}
	return nil
}

// erase stores an erasure and forgets the record.
func (r *room) erase(e store.Erasure) error {
	err := r.hub.store.Erase(context.WithoutCancel(r.hub.ctx), e)
	switch {
	case errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound):
		return errStale
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.storedAs(store.Heads{Supplier: e.Supplier, Version: e.Version + 1, State: store.Erased})
	r.corrupt = nil
	return nil
}
