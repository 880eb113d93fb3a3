package hub

import (
	"context"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// Post stores an activity that an app posts about a record, as a commit without
// changes.
func (h *Hub) Post(ctx context.Context, id crdt.RecordID, by conflicts.Principal, a conflicts.Activity, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !by.Role.MayPropose() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: by.Supplier, kind: conflicts.KindActivity, from: by, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			return r.Post(by, a, p, now)
		},
	})
}
