package processing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
	"wedsync/store"
)

// A StateError means that an event is not in a state in which what was asked for
// can be done. Nothing has changed.
type StateError struct {
	State store.InboxState
	Says  string // for people
}

func (e *StateError) Error() string { return fmt.Sprintf("the event is %s: %s", e.State, e.Says) }

// Replay has an event worked on again. One that has had its effect has no other,
// and ends as it did. It returns the event as it is then.
func (p *Processor) Replay(ctx context.Context, supplier, id string) (store.InboxEvent, error) {
	e, err := p.Store.InboxEvent(ctx, supplier, id)
	if err != nil {
		return e, err
	}
	if e.State == store.EventUnrouted {
		return e, &StateError{e.State, "assign it to a connection"}
	}
	if len(e.Body) == 0 {
		return e, &StateError{e.State, "it is too long ago: its content is forgotten"}
	}
	return p.again(ctx, e)
}

// again stores an event as one that is to be worked on, and has it worked on.
func (p *Processor) again(ctx context.Context, e store.InboxEvent) (store.InboxEvent, error) {
	e.State, e.Attempts, e.Due, e.Error = store.EventReceived, 0, p.Now(), ""
	if err := p.Store.UpdateEvent(ctx, e); err != nil {
		return e, err
	}
	e.Version++
	p.ring(ctx, e)
	return e, nil
}

// MaxReplay bounds the events of one call of ReplayRange.
const MaxReplay = 1000

// A Range selects events to be worked on again.
type Range struct {
	Connection string           // empty for all
	State      store.InboxState // dead, waiting or done
	From, To   time.Time        // received, From included, To not; zero for no bound
	After      int64            // the number of the last event that was replayed
}

// ReplayRange is Replay of the events that a range selects, in the order in which
// they came, at most MaxReplay. It returns how many they were and, if there may be
// more, the number of the last.
func (p *Processor) ReplayRange(ctx context.Context, supplier string, r Range) (n int, next int64, err error) {
	const page = 100
	q := store.InboxQuery{Connection: r.Connection, State: r.State, From: r.From, To: r.To, Oldest: true, After: r.After, Limit: page, Brief: true}
	for seen := 0; seen < MaxReplay; {
		events, err := p.Store.InboxEvents(ctx, supplier, q)
		if err != nil || len(events) == 0 {
			return n, 0, err
		}
		for _, e := range events {
			_, err := p.Replay(ctx, supplier, e.ID)
			var state *StateError
			switch {
			case err == nil:
				n++
			case errors.As(err, &state), errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound): // it is not what it was
			default:
				return n, q.After, err
			}
			q.After = e.Number
		}
		seen += len(events)
	}
	return n, q.After, nil
}

// Edit changes the body of an event that did not take effect, or returns
// [store.ErrStale] if its version is another by now. It is worked on again when it
// is replayed.
func (p *Processor) Edit(ctx context.Context, supplier, id string, version uint64, body []byte) (store.InboxEvent, error) {
	e, err := p.Store.InboxEvent(ctx, supplier, id)
	if err != nil {
		return e, err
	}
	switch e.State {
	case store.EventDead, store.EventWaiting, store.EventUnrouted:
	default:
		return e, &StateError{e.State, "only what is dead, waiting or unrouted can be edited"}
	}
	if e.Version != version {
		return e, store.ErrStale
	}
	e.Body = body
	if err := p.Store.UpdateEvent(ctx, e); err != nil {
		return e, err
	}
	e.Version++
	return e, nil
}

// Route gives an event that no connection took, or whose connection is gone, to a
// connection of its supplier, and has it worked on.
func (p *Processor) Route(ctx context.Context, supplier, id, connection string) (store.InboxEvent, error) {
	e, err := p.Store.InboxEvent(ctx, supplier, id)
	if err != nil {
		return e, err
	}
	c, err := p.Store.Connection(ctx, connection)
	if err == nil && c.Supplier != supplier {
		err = store.ErrNotFound
	}
	if err != nil {
		return e, err
	}
	switch e.State {
	case store.EventDead, store.EventWaiting, store.EventUnrouted:
	default:
		return e, &StateError{e.State, "only what is dead, waiting or unrouted can be given to a connection"}
	}
	e.Connection = connection
	e, err = p.again(ctx, e)
	if errors.Is(err, store.ErrNotEmpty) {
		return e, &StateError{e.State, "the connection has delivered it, too"}
	}
	return e, err
}

// Assign says which record the object of an event is, from now on: the given one,
// or a new one if that is zero. Whatever waits for this to be said is worked on.
// What had its effect keeps it.
func (p *Processor) Assign(ctx context.Context, supplier, id string, record crdt.RecordID) (store.InboxEvent, error) {
	e, err := p.Store.InboxEvent(ctx, supplier, id)
	if err != nil {
		return e, err
	}
	if e.State == store.EventUnrouted {
		return e, &StateError{e.State, "assign it to a connection first"}
	}
	o, err := OutcomeOf(e)
	if err != nil {
		return e, err
	}
	object := e.Subject
	if o != nil && o.Object != "" {
		object = o.Object
	}
	if err := p.bind(ctx, e, object, record); err != nil {
		return e, err
	}
	if err := p.wakeWaiting(ctx, e); err != nil {
		return e, err
	}
	return p.Store.InboxEvent(ctx, supplier, id)
}

// bind makes an object a record, whatever it was before.
func (p *Processor) bind(ctx context.Context, e store.InboxEvent, object string, record crdt.RecordID) error {
	if record == (crdt.RecordID{}) {
		record = crdt.NewRecordID(ulid.Make())
	} else if _, err := p.Store.Summary(ctx, e.Supplier, record); err != nil {
		return err
	}
	now, err := p.Store.Identify(ctx, e.Supplier, e.Connection, object, record)
	if err != nil || now == record {
		return err
	}
	if err := p.Store.Unidentify(ctx, e.Supplier, e.Connection, object); err != nil {
		return err
	}
	now, err = p.Store.Identify(ctx, e.Supplier, e.Connection, object, record)
	if err == nil && now != record {
		err = store.ErrStale // somebody else said so at the same time
	}
	return err
}

// wakeWaiting has the events of an object worked on that wait for a person.
func (p *Processor) wakeWaiting(ctx context.Context, e store.InboxEvent) error {
	const page = 100
	for after := int64(0); ; {
		events, err := p.waiting(ctx, e, page, after)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, other := range events {
			after = other.Number
			_, err := p.Replay(ctx, e.Supplier, other.ID)
			var state *StateError
			if err != nil && !errors.As(err, &state) && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
}

// waiting are the events of an object that wait for a person, the oldest first,
// beginning after a number.
func (p *Processor) waiting(ctx context.Context, e store.InboxEvent, limit int, after int64) ([]store.InboxEvent, error) {
	return p.Store.InboxEvents(ctx, e.Supplier, store.InboxQuery{
		Connection: e.Connection, Subject: e.Subject, State: store.EventWaiting, Oldest: true, After: after, Limit: limit, Brief: true,
	})
}
