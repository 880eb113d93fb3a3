package hub

import (
	"context"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// Delete takes a record out of use: to devices it is unavailable, and what they
// offer meanwhile is asked for when it is restored.
func (h *Hub) Delete(ctx context.Context, id crdt.RecordID, by conflicts.Principal, answer AnswerFunc) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	_, err := h.command(ctx, id, &commandTask{
		supplier: by.Supplier, kind: conflicts.KindDelete, from: by, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			return r.Delete(by, p, now)
		},
	})
	return err
}

// Restore takes a deleted record back into use.
func (h *Hub) Restore(ctx context.Context, id crdt.RecordID, by conflicts.Principal, answer AnswerFunc) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	_, err := h.command(ctx, id, &commandTask{
		supplier: by.Supplier, kind: conflicts.KindRestore, from: by, restores: true, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			return r.Restore(by, p, now)
		},
	})
	return err
}
