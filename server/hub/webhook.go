package hub

import (
	"context"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// Webhook writes what a connection delivers about a record, or says
// [store.ErrNotFound]. The edit's policy and time are filled in by the hub.
func (h *Hub) Webhook(ctx context.Context, id crdt.RecordID, w conflicts.WebhookEdit, answer AnswerFunc) (*conflicts.Outcome, error) {
	if w.From.Role != conflicts.Integration {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: w.From.Supplier, kind: "webhook", from: w.From, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			w.Policy, w.Now = p, now
			return r.Webhook(w)
		},
	})
}

// Sent notes durably that accepted values of a record are on their way to a
// connection. It comes before the values go: what comes back is known then.
func (h *Hub) Sent(ctx context.Context, id crdt.RecordID, s conflicts.Sending) error {
	return h.exchange(ctx, id, "sent", s, (*conflicts.Record).Sent)
}

// Acknowledged notes durably that a connection has the values that were sent to it.
func (h *Hub) Acknowledged(ctx context.Context, id crdt.RecordID, s conflicts.Sending) error {
	return h.exchange(ctx, id, "acknowledged", s, (*conflicts.Record).Acknowledged)
}

func (h *Hub) exchange(ctx context.Context, id crdt.RecordID, kind string, s conflicts.Sending, note func(*conflicts.Record, conflicts.Sending) (*conflicts.Outcome, error)) error {
	_, err := h.command(ctx, id, &commandTask{
		supplier: s.To.Supplier, kind: kind, from: s.To,
		run: func(r *conflicts.Record, _ *conflicts.Policy, _ time.Time) (*conflicts.Outcome, error) {
			return note(r, s)
		},
	})
	return err
}
