package sending

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/semaphore"

	"wedsync/store"
)

// A courier works for one endpoint on this node.
type courier struct {
	s            *Sender
	supplier, id string
	bell         chan struct{} // one slot: look again

	working, rung bool // under Sender.mu

	// All below belongs to work.

	set     Settings  // as they were read last
	skipped skipped   // of the journal
	looked  time.Time // until when the journal is not looked at again
	slow    bool      // the latest answer was late, or none
	next    time.Time // for which a job was put last
	flying  int       // requests under way
	landed  chan outcome
}

func newCourier(s *Sender, supplier, id string) *courier {
	return &courier{s: s, supplier: supplier, id: id, bell: make(chan struct{}, 1), landed: make(chan outcome)}
}

// An outcome is what came of sending a delivery once.
type outcome struct {
	delivery store.Delivery
	answer
	sent bool // whether a request was made at all
}

// work makes deliveries of the journal and sends those that are due, until there
// are none.
func (c *courier) work(ctx context.Context) {
	if !rest(ctx, rand.N(scatter)) {
		return
	}
	for {
		again, err := c.look(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrNotFound) {
			c.s.log.WarnContext(ctx, "an endpoint of webhooks waits", "supplier", c.supplier, "endpoint", c.id, "err", err)
		}
		if ctx.Err() != nil || c.flying == 0 && again.IsZero() {
			break
		}
		c.wait(ctx, again)
	}
	for c.flying > 0 { // their contexts have ended
		c.settle(context.WithoutCancel(ctx), <-c.landed)
	}
}

// look does what there is to do now, and returns when to look again: the zero
// time for at the next bell.
func (c *courier) look(ctx context.Context) (again time.Time, err error) {
	e, err := c.s.store.Endpoint(ctx, c.supplier, c.id)
	if err == nil {
		c.set, err = settingsOf(e)
	}
	if err != nil || c.set.stands() {
		return time.Time{}, err
	}
	again, unmade := c.dispatch(ctx, &e, &c.set) // what is made already is sent all the same
	if err := c.send(ctx); err != nil {
		return time.Time{}, errors.Join(unmade, err)
	}
	if c.flying == 0 && again.IsZero() {
		again, err = c.sleep(ctx)
	}
	return again, errors.Join(unmade, err)
}

// wait waits for a bell, an answer, or until a time.
func (c *courier) wait(ctx context.Context, until time.Time) {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(max(0, until.Sub(c.s.now())))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-c.bell:
	case <-due:
	case o := <-c.landed:
		c.settle(ctx, o)
	}
}

// rest waits, and reports whether ctx goes on.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// send claims deliveries that are due, as many as may fly, and has them fly.
func (c *courier) send(ctx context.Context) error {
	pool, slots, err := c.slots(ctx)
	if err != nil || slots == 0 {
		return err
	}
	now := c.s.now()
	claimed, err := c.s.store.ClaimDeliveries(ctx, c.supplier, c.id, now, now.Add(lease), slots)
	pool.Release(int64(slots - len(claimed)))
	if err != nil {
		return err
	}
	for _, d := range claimed {
		c.flying++
		c.s.metrics.flying.Inc()
		set := c.set
		go func() { // ends with ctx, or within attempt; work waits for it
			o := c.s.carry(ctx, &set, d)
			pool.Release(1)
			c.s.metrics.flying.Dec()
			c.landed <- o
		}()
	}
	return nil
}

// slots takes as many slots of a pool as the endpoint may use now. If there is
// none it waits for one, unless something flies already.
func (c *courier) slots(ctx context.Context) (pool *semaphore.Weighted, n int, err error) {
	if pool = c.s.prompt; c.slow || c.set.Trouble != nil {
		pool = c.s.slow
	}
	most := c.set.width(c.s.now()) - c.flying
	for n < most && pool.TryAcquire(1) {
		n++
	}
	if most > 0 && n == 0 && c.flying == 0 {
		n, err = 1, pool.Acquire(ctx, 1)
	}
	return pool, n, err
}

// sleep has the endpoint looked at when there is something to do again, if that
// is known: by a job, unless it is so soon that it is returned.
func (c *courier) sleep(ctx context.Context) (soon time.Time, err error) {
	next, err := c.s.store.NextDue(ctx, c.supplier, c.id)
	if errors.Is(err, store.ErrNotFound) {
		return soon, nil
	}
	if err != nil {
		return soon, err
	}
	if t := c.set.Trouble; t != nil && t.Until.After(next) {
		next = t.Until
	}
	switch now := c.s.now(); {
	case next.Before(now.Add(scatter)):
		return now.Add(scatter), nil
	case next.Before(now.Add(linger)):
		return next, nil
	case next.Equal(c.next):
		return soon, nil
	}
	err = c.s.store.PutJobs(ctx, store.Job{Kind: jobSend, Supplier: c.supplier, Key: c.id, At: next})
	if err == nil {
		c.next = next
	}
	return soon, err
}
