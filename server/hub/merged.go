package hub

import (
	"context"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// merge takes over the merged entries that one batch moved, each as it stands
// at last.
func (s *stage) merge(entries []conflicts.Merged) {
	for _, m := range entries {
		i := slices.IndexFunc(s.merged, func(old conflicts.Merged) bool { return old.ID == m.ID })
		if i < 0 {
			s.merged = append(s.merged, m)
			continue
		}
		s.merged[i] = m
	}
}

func (r *room) countMerged(s *stage) {
	for _, m := range s.merged {
		switch {
		case m.Crowded:
			r.hub.metrics.merged.WithLabelValues("crowded").Inc()
		case m.Status != conflicts.MergedOpen || m.Version == 1:
			r.hub.metrics.merged.WithLabelValues(string(m.Status)).Inc()
		}
	}
}

// UseMerged writes a value of a merged entry of a record. The choice's policy
// and time are filled in by the hub.
func (h *Hub) UseMerged(ctx context.Context, id crdt.RecordID, u conflicts.MergedUse, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !u.By.Role.MayPropose() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: u.By.Supplier, kind: conflicts.KindUse, from: u.By, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			u.Policy, u.Now = p, now
			return r.UseMerged(u)
		},
	})
}

// DismissMerged closes a merged entry of a record as seen.
func (h *Hub) DismissMerged(ctx context.Context, id crdt.RecordID, by conflicts.Principal, entry string, answer AnswerFunc) (*conflicts.Outcome, error) {
	if !by.Role.MayPropose() {
		return nil, ErrForbidden
	}
	return h.command(ctx, id, &commandTask{
		supplier: by.Supplier, kind: conflicts.KindDismiss, from: by, answer: answer,
		run: func(r *conflicts.Record, p *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			return r.DismissMerged(by, entry, p, now)
		},
	})
}
