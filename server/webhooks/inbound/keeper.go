package inbound

import (
	"context"
	"sync"
	"time"

	"wedsync/store"
)

const (
	maxWaiting  = 1024             // requests that wait to be kept
	maxTogether = 512              // events of one transaction, unless one request has more
	keepWithin  = 30 * time.Second // one transaction
)

// A keeper keeps the events of many requests in one transaction.
type keeper struct {
	store   Store
	bell    *bell
	metrics *metrics
	ended   chan struct{} // closed when run has returned

	mu     sync.Mutex
	queue  chan *arrivals // closed once closed is set
	closed bool
}

// arrivals are the events of one request.
type arrivals struct {
	events []store.InboxEvent
	told   chan told // of one
}

// told is what became of them, in their order.
type told struct {
	became []store.Arrival
	err    error
}

func newKeeper(s Store, b *bell, m *metrics) *keeper {
	return &keeper{store: s, bell: b, metrics: m, ended: make(chan struct{}), queue: make(chan *arrivals, maxWaiting)}
}

// keep returns when the events of a request are durable, or why they may not be.
func (k *keeper) keep(ctx context.Context, events []store.InboxEvent) ([]store.Arrival, error) {
	a := &arrivals{events, make(chan told, 1)}
	if err := k.put(a); err != nil {
		return nil, err
	}
	select {
	case t := <-a.told:
		return t.became, t.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (k *keeper) put(a *arrivals) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return ErrClosed
	}
	select {
	case k.queue <- a:
		return nil
	default:
		return ErrFull
	}
}

// close lets nothing more in.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.closed = true
		close(k.queue)
	}
}

// wait returns when all that was let in is kept.
func (k *keeper) wait() { <-k.ended }

// run keeps what comes until the keeper is closed.
func (k *keeper) run(ctx context.Context) {
	defer close(k.ended)
	defer k.bell.close()
	for first := range k.queue {
		k.keepTogether(ctx, k.gather(first))
	}
}

// gather takes what waits behind a request.
func (k *keeper) gather(first *arrivals) []*arrivals {
	all, n := []*arrivals{first}, len(first.events)
	for n < maxTogether {
		select {
		case a, ok := <-k.queue:
			if !ok {
				return all
			}
			all, n = append(all, a), n+len(a.events)
		default:
			return all
		}
	}
	return all
}

// keepTogether keeps events in one transaction and tells all who wait for it.
func (k *keeper) keepTogether(ctx context.Context, all []*arrivals) {
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	var events []store.InboxEvent
	for _, a := range all {
		events = append(events, a.events...)
	}
	became, err := k.store.ReceiveEvents(ctx, events)
	k.metrics.transactions.Inc()
	if err == nil {
		k.bell.ring(jobsOf(events, became))
	}
	for _, a := range all {
		if err != nil {
			a.told <- told{err: err}
			continue
		}
		a.told <- told{became: became[:len(a.events)]}
		became = became[len(a.events):]
	}
}

// jobsOf are the jobs of events that are to be worked on.
func jobsOf(events []store.InboxEvent, became []store.Arrival) (jobs []store.Job) {
	for i, e := range events {
		if became[i] == store.EventStored && e.State == store.EventReceived {
			jobs = append(jobs, store.Job{Kind: JobKind, Supplier: e.Supplier, Key: e.ID})
		}
	}
	return jobs
}
