package sending

import (
	"context"
	"errors"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/accepted"
	"wedsync/server/activity"
	"wedsync/server/hub"
	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// dispatch makes deliveries of what is new in the journal, and returns when to
// look again: the zero time for at the next bell.
func (c *courier) dispatch(ctx context.Context, e *store.Endpoint, set *Settings) (again time.Time, err error) {
	if at := c.looked; c.s.now().Before(at) {
		return at, nil
	}
	from := e.Cursor
	if c.skipped.cursor == from {
		from = max(from, c.skipped.to)
	}
	entries, err := c.s.store.Happenings(ctx, e.Supplier, from, page)
	if err != nil || len(entries) == 0 {
		return time.Time{}, err
	}
	deliveries, err := c.s.deliveries(ctx, e, set, entries)
	if err != nil {
		return time.Time{}, err
	}
	to := entries[len(entries)-1].Number
	c.looked = c.s.now()
	if len(entries) < page { // there may be more of a burst
		c.looked = c.looked.Add(pace)
	}
	if len(deliveries) == 0 && to-e.Cursor < lazy {
		c.skipped = skipped{e.Cursor, to}
		return c.looked, nil
	}
	switch err := c.s.store.Dispatch(ctx, e.Supplier, e.ID, e.Cursor, to, deliveries); {
	case errors.Is(err, store.ErrStale): // another node was faster
		return c.looked, nil
	case errors.Is(err, store.ErrTooMany):
		c.s.log.WarnContext(ctx, "an endpoint has as many deliveries waiting as it may; the journal keeps the rest", "supplier", e.Supplier, "endpoint", e.ID)
		c.looked = c.s.now().Add(blocked)
		return c.looked, nil
	case err != nil:
		return time.Time{}, err
	}
	c.s.metrics.dispatched.Add(float64(len(deliveries)))
	return c.looked, nil
}

// skipped is how far an endpoint wanted nothing of the journal, from a cursor on.
type skipped struct{ cursor, to uint64 }

// deliveries are those that entries make for an endpoint.
func (s *Sender) deliveries(ctx context.Context, e *store.Endpoint, set *Settings, entries []store.Entry) (all []store.Delivery, err error) {
	clients := make(map[crdt.RecordID]*Client)
	for _, told := range activity.NewSource(s.epoch, e.Supplier).Events(entries) {
		if !Wants(set.Events, told.Event.Type) || broughtBy(set.Connection, &told.Event) {
			continue
		}
		client, known := clients[told.Record]
		if !known {
			if client, err = s.clientNow(ctx, e.Supplier, told.Record); err != nil {
				return nil, err
			}
			clients[told.Record] = client
		}
		id, now := ID(&told.Event), s.now()
		d := store.Delivery{
			Supplier: e.Supplier, Endpoint: e.ID, ID: id, Number: told.Number, Record: told.Record, Type: told.Event.Type,
			Body: Compose(told.Event, id, client).Encode(), State: store.DeliveryPending, Due: now, Created: now,
		}
		all = append(all, d)
	}
	return all, nil
}

// clientNow is what counts of a record, nil if it is gone or cannot be read: it
// holds up no other.
func (s *Sender) clientNow(ctx context.Context, supplier string, id crdt.RecordID) (*Client, error) {
	var r *accepted.Record
	summary, err := s.hub.Fresh(ctx, supplier, id)
	if err == nil {
		r, err = accepted.Read(summary)
	}
	switch {
	case err == nil:
		return clientOf(r), nil
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case passes(ctx, err):
		return nil, err
	}
	s.log.WarnContext(ctx, "an event goes without its client, which cannot be read", "supplier", supplier, "record", id, "err", err)
	return nil, nil
}

// passes reports whether what failed may do so no more in a while.
func passes(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, store.ErrUnavailable) || errors.Is(err, hub.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// broughtBy reports whether an event came through the connection that an endpoint
// is linked to: who said it need not be told, and a CRM that answers what it is
// told would talk to itself without end.
func broughtBy(linked string, e *activity.Event) bool {
	return linked != "" && e.Data.Role == conflicts.Integration && e.Data.User == connection.Principal("", linked).User
}
