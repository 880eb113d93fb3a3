package pulling

import (
	"context"
	"errors"
	"slices"
	"time"

	"wedsync/store"
)

const (
	scopesAtOnce = 4                // of an account, on a node
	budget       = 40 * time.Second // after which a run leaves what there is to another job
	parkedFor    = time.Hour        // for which scopes of an account that is not read are left alone
)

// A run reads what is due of one account. There is one at a time on a node.
type run struct {
	wake chan struct{} // holds one if there may be more that is due
}

// join is the run of an account, and whether it has only now begun.
func (e *Engine) join(account string) (*run, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.runs[account]; r != nil {
		r.woken()
		return r, false
	}
	r := &run{wake: make(chan struct{}, 1)}
	e.runs[account] = r
	return r, true
}

// woken has a run look for more. It never waits.
func (r *run) woken() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// asleep forgets that a run was woken: it is about to look anyway.
func (r *run) asleep() {
	select {
	case <-r.wake:
	default:
	}
}

// leave ends a run, unless somebody has woken it.
func (e *Engine) leave(account string, r *run) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(r.wake) > 0 {
		return false
	}
	delete(e.runs, account)
	return true
}

// abandon ends a run, whoever has woken it.
func (e *Engine) abandon(account string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.runs, account)
}

// Work reads what is due of an account. If that is being done on this node already
// it returns at once, and whoever does it looks for more.
func (e *Engine) Work(ctx context.Context, account string) error {
	r, first := e.join(account)
	if !first {
		return nil
	}
	defer e.abandon(account)
	for until := e.Clock().Add(budget); ; {
		r.asleep()
		a, err := e.Accounts.Account(ctx, account)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := e.round(ctx, a, r, until); err != nil {
			return err
		}
		if ctx.Err() != nil || !e.Clock().Before(until) || e.leave(account, r) {
			return e.next(context.WithoutCancel(ctx), a)
		}
	}
}

// round reads the scopes of an account that are due or become so meanwhile, several
// at once.
func (e *Engine) round(ctx context.Context, a Account, r *run, until time.Time) (err error) {
	if a.Held != "" {
		return e.park(ctx, a)
	}
	if a.Source.Own, err = e.Accounts.Own(ctx, a.Supplier); err != nil {
		return err
	}
	reading := make(map[string]bool)
	ended := make(chan string)
	var failed error
	for {
		if failed == nil && ctx.Err() == nil && e.Clock().Before(until) {
			due, watched, err := e.due(ctx, a, reading)
			failed = errors.Join(failed, err)
			for _, c := range due[:min(len(due), scopesAtOnce-len(reading))] {
				reading[c.Scope] = true
				go func() { // ends by itself; what is below waits for it
					e.read(ctx, a, c, watched, until)
					ended <- c.Scope
				}()
			}
		}
		if len(reading) == 0 {
			return failed
		}
		select {
		case scope := <-ended:
			delete(reading, scope)
		case <-r.wake:
		}
	}
}

// due are the cursors of an account that are due and not being read here, those
// that have waited longest first, and until when its provider says that something
// has changed.
func (e *Engine) due(ctx context.Context, a Account, reading map[string]bool) (cursors []store.Cursor, watched time.Time, err error) {
	cursors, err = e.Store.Cursors(ctx, a.Supplier, a.ID)
	if err != nil {
		return nil, time.Time{}, err
	}
	now := e.Clock()
	watched = watchedUntil(cursors)
	cursors = slices.DeleteFunc(cursors, func(c store.Cursor) bool { return reading[c.Scope] || !progressOf(c).due(c, now) })
	slices.SortStableFunc(cursors, func(c, d store.Cursor) int { return c.Due.Compare(d.Due) })
	return cursors, watched, nil
}

// park leaves an account alone that is not to be read.
func (e *Engine) park(ctx context.Context, a Account) error {
	due, _, err := e.due(ctx, a, nil)
	for _, c := range due {
		c.Due = e.Clock().Add(parkedFor)
		if err := e.Store.SetCursor(ctx, c); err != nil && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return err
}

// next has an account worked on again as soon as something is due, unless the sweep
// comes first.
func (e *Engine) next(ctx context.Context, a Account) error {
	const atMost = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	cursors, err := e.Store.Cursors(ctx, a.Supplier, a.ID)
	if err != nil {
		return err
	}
	first := never
	for _, c := range cursors {
		if c.Due.Before(first) {
			first = c.Due
		}
	}
	if first.Before(e.Clock().Add(sweepEvery)) {
		e.ring(ctx, a.Supplier, a.ID, first)
	}
	return nil
}
