package processing

import (
	"context"
	"errors"
	"math"
	"time"

	"wedsync/store"
)

const (
	lease     = 2 * time.Minute // for which a claimed event is left to whoever claimed it
	maxRounds = 12              // pages of an object's events that one job works on
	roundOf   = 50              // events of a page, at most
)

// Work works on an event and on all others of its object that are to be worked on,
// in order. It returns nil also if there is nothing to do, or nothing yet.
func (p *Processor) Work(ctx context.Context, supplier, id string) error {
	e, err := p.Store.InboxEvent(ctx, supplier, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || e.State != store.EventReceived {
		return err
	}
	all := e
	all.Number = math.MaxInt64 // those that came later, too
	// The first may be claimed already: then no more than one was read.
	for round := range maxRounds {
		events, err := p.Store.Unfinished(ctx, all, min(1<<round, roundOf))
		if err != nil || len(events) == 0 {
			return err
		}
		for _, next := range events {
			if on, err := p.workOn(ctx, next); err != nil || !on {
				return err
			}
		}
	}
	p.ring(ctx, e)
	return nil
}

// workOn works on one event and reports whether those behind it may go on.
func (p *Processor) workOn(ctx context.Context, e store.InboxEvent) (on bool, err error) {
	now := p.Now()
	if e.Due.After(now) {
		return false, nil // it is being worked on, or has to wait
	}
	e.Due = now.Add(lease)
	e.Attempts++
	switch err := p.Store.UpdateEvent(ctx, e); {
	case errors.Is(err, store.ErrStale):
		return false, nil // somebody else has claimed it
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	e.Version++
	p.Step("claimed")
	var o *Outcome
	if e.Attempts > maxAttempts {
		err = dead("it was begun %d times and never came to an end; the hub's log may say why: replay it when that is mended", e.Attempts-1)
	} else {
		o, err = p.handle(ctx, e)
	}
	if ctx.Err() != nil {
		return false, errors.Join(ctx.Err(), p.release(ctx, e))
	}
	return p.finish(ctx, e, o, err)
}

// release gives a claimed event back, because the node ends.
func (p *Processor) release(ctx context.Context, e store.InboxEvent) error {
	const atMost = 2 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
	defer cancel()
	e.Due = p.Now()
	e.Attempts--
	err := p.Store.UpdateEvent(ctx, e)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// finish stores what became of an event and reports whether those behind it may
// go on.
func (p *Processor) finish(ctx context.Context, e store.InboxEvent, o *Outcome, failed error) (on bool, err error) {
	e.Error = ""
	if failed == nil {
		err = settle(&e, o)
	} else {
		p.fail(ctx, &e, failed)
	}
	if err != nil {
		return false, err
	}
	switch err := p.Store.UpdateEvent(ctx, e); {
	case errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound):
		return true, nil // a person was faster, or the record is erased
	case err != nil:
		return false, err
	}
	p.Step("finished")
	p.metrics.finished(e, p.Now())
	if e.State != store.EventReceived {
		return true, nil
	}
	p.ring(ctx, e)
	return false, nil
}
