package hub

import (
	"context"
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A reminder looks at the pending conflicts every minute: it says how many
// there are, and reminds people of those that have waited for longer than their
// supplier's policy wants. While none has, a look is one query.
type reminder struct {
	hub *Hub
	// failed are records that could not be reminded of, and when to try again.
	// It belongs to run.
	failed map[crdt.RecordID]time.Time
}

const (
	remindEvery = time.Minute
	remindPage  = 200       // conflicts of one query
	remindRetry = time.Hour // before a record that failed is tried again
)

func newReminder(h *Hub) *reminder {
	return &reminder{hub: h, failed: make(map[crdt.RecordID]time.Time)}
}

// run ends with the hub's context.
func (m *reminder) run() {
	timer := time.NewTicker(remindEvery)
	defer timer.Stop()
	for {
		if err := m.look(m.hub.ctx); err != nil && m.hub.ctx.Err() == nil {
			m.hub.log.Warn("old conflicts are not reminded of yet", "err", err)
		}
		select {
		case <-m.hub.ctx.Done():
			return
		case <-timer.C:
		}
	}
}

func (m *reminder) look(ctx context.Context) error {
	waiting, err := m.hub.store.Waiting(ctx)
	if err != nil {
		return err
	}
	now := m.hub.now()
	m.measure(waiting, now)
	for id, again := range m.failed {
		if now.After(again) {
			delete(m.failed, id)
		}
	}
	for _, w := range waiting {
		if now.Sub(w.Quiet) < conflicts.MinRemindAfter {
			continue
		}
		policy, err := m.hub.Policy(ctx, w.Supplier)
		if err != nil {
			return err
		}
		after := policy.Reminds()
		if after == 0 || now.Sub(w.Quiet) < after {
			continue
		}
		if err := m.remind(ctx, w.Supplier, after, now); err != nil {
			return err
		}
	}
	return nil
}

func (m *reminder) measure(waiting []store.Waiting, now time.Time) {
	pending, oldest := 0, now
	for _, w := range waiting {
		pending += w.Pending
		if w.Oldest.Before(oldest) {
			oldest = w.Oldest
		}
	}
	m.hub.metrics.pending.Set(float64(pending))
	m.hub.metrics.oldest.Set(now.Sub(oldest).Seconds())
}

// remind reminds of all conflicts of a supplier that are due.
func (m *reminder) remind(ctx context.Context, supplier string, after time.Duration, now time.Time) error {
	q := store.ConflictQuery{
		Status: conflicts.Pending, QuietBefore: now.Add(time.Microsecond - after), Limit: remindPage,
	}
	done := make(map[crdt.RecordID]bool)
	for {
		page, err := m.hub.store.Conflicts(ctx, supplier, q)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			if _, failed := m.failed[row.Record]; failed || done[row.Record] {
				continue
			}
			done[row.Record] = true
			if err := m.remindOf(ctx, supplier, row.Record, after); err != nil {
				return err
			}
		}
		q.After = page[len(page)-1].Place
	}
}

// remindOf reminds of a record's conflicts. A record that cannot be reminded of
// keeps no other back; an error means that none can be now.
func (m *reminder) remindOf(ctx context.Context, supplier string, id crdt.RecordID, after time.Duration) error {
	o, err := m.hub.command(ctx, id, &commandTask{
		supplier: supplier, kind: "reminder", from: conflicts.Principal{Supplier: supplier},
		run: func(r *conflicts.Record, _ *conflicts.Policy, now time.Time) (*conflicts.Outcome, error) {
			return r.Remind(after, now)
		},
	})
	switch {
	case err == nil:
		m.hub.metrics.reminders.Add(float64(len(o.Reminded)))
	case errors.Is(err, ErrUnavailable) || ctx.Err() != nil:
		return errors.Join(err, ctx.Err())
	default:
		m.failed[id] = m.hub.now().Add(remindRetry)
		m.hub.log.Warn("record is not reminded of", "record", id, "supplier", supplier, "err", err)
	}
	return nil
}
