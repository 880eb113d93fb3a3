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
// still hold of it is not taken back. Communications go with it also if they were
// with addresses that it had before, as far as its history tells them in time.
func (h *Hub) Erase(ctx context.Context, id crdt.RecordID, by conflicts.Principal) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	former := h.formerContacts(ctx, by.Supplier, id)
	if err := ctx.Err(); err != nil {
		return err // it was not all read, and nothing has changed
	}
	done := make(chan error, 1)
	if err := h.deliver(ctx, id, eraseTask{by, former, done}); err != nil {
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
	by     conflicts.Principal
	former []store.Contact // that the record has or had
	done   chan<- error    // has room for one
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
		Supplier: r.stored.Supplier, Record: r.id, Version: r.stored.Version, Contacts: t.former,
		Origin: store.Origin{
			Kind: "erase", From: t.by, At: s.now, Input: &conflicts.Input{Erases: true}, Steps: r.erasedConflicts(),
		},
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

// erasedConflicts are the steps of the conflicts that end with the record. If they
// cannot be read, it is erased without telling of them.
func (r *room) erasedConflicts() *conflicts.Steps {
	q := store.ConflictQuery{Record: r.id, Order: store.ByOldest, Limit: conflicts.MaxSteps}
	var steps conflicts.Steps
	for _, q.Status = range []conflicts.Status{conflicts.Pending, conflicts.RecordDeleted} {
		rows, err := r.hub.store.Conflicts(context.WithoutCancel(r.hub.ctx), r.stored.Supplier, q)
		if err != nil {
			r.hub.log.Warn("conflicts of a record that is erased cannot be read; listeners are not told of them", "record", r.id, "err", err)
			return nil
		}
		for _, c := range rows {
			steps.Conflicts = append(steps.Conflicts, conflicts.ConflictStep{
				ID: c.ID, Field: c.Field, Status: conflicts.Erased, Was: c.Status, Version: c.Version + 1, Reason: c.Reason,
			})
		}
	}
	if len(steps.Conflicts) == 0 {
		return nil
	}
	return &steps
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
	r.hub.watchers.moved(e.Supplier)
	return nil
}
