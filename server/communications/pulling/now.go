package pulling

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/store"
)

const (
	nowAtOnce = 8                      // accounts that somebody who waits has read at once
	lookAgain = 100 * time.Millisecond // how those are that somebody else reads
	tellEvery = 250 * time.Millisecond // those who wait are told how far it is
)

// Now reads accounts of a supplier, all if none are named, until each is up to date
// or has failed, or ctx ends; what is not ready by then is read on in the background.
// It joins whoever reads them already. A provider that wants to be left alone is.
//
// progress, unless it is nil, is told how it stands with each source at first and
// whenever that changes, by one goroutine that ends before Now does. An error means
// that the store failed, not a provider.
func (e *Engine) Now(ctx context.Context, supplier string, accounts []string, progress func(Source)) error {
	all, err := e.Accounts.Accounts(ctx, supplier)
	if err != nil {
		return err
	}
	if len(accounts) > 0 {
		all = slices.DeleteFunc(all, func(a Account) bool { return !slices.Contains(accounts, a.ID) })
	}
	done := make(chan struct{})
	var telling sync.WaitGroup
	if progress != nil {
		telling.Go(func() { e.tell(ctx, all, progress, done) })
	}
	var reading errgroup.Group
	reading.SetLimit(nowAtOnce)
	for _, a := range all {
		if a.Held == "" {
			reading.Go(func() error { return e.now(ctx, a) })
		}
	}
	err = reading.Wait()
	close(done)
	telling.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// now reads one account.
func (e *Engine) now(ctx context.Context, a Account) error {
	since := e.Clock()
	err := e.hintAll(ctx, a.Supplier, a.ID, func(c store.Cursor, p progress) bool {
		return (isScope(c) || begins(c) && p.State != "") && p.State != Limited
	})
	for err == nil {
		if err = e.Work(ctx, a.ID); err != nil {
			break
		}
		if a, err = e.Accounts.Account(ctx, a.ID); err != nil || a.Held != "" {
			break
		}
		cursors, listed := e.Store.Cursors(ctx, a.Supplier, a.ID)
		if listed != nil || !slices.ContainsFunc(cursors, func(c store.Cursor) bool { return e.awaited(c, since) }) {
			err = listed
			break
		}
		if err = pause(ctx, lookAgain); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		e.ring(context.WithoutCancel(ctx), a.Supplier, a.ID, time.Time{})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	return err
}

// awaited reports whether a scope has neither come to be up to date since some time
// nor failed.
func (e *Engine) awaited(c store.Cursor, since time.Time) bool {
	p, now := progressOf(c), e.Clock()
	switch {
	case c.Scope == watchScope, p.Gone, p.State != "" && c.Due.After(now):
		return false
	case p.claimed(c, now), !c.Due.After(now):
		return true
	}
	return isScope(c) && p.Tried.Before(since)
}

// pause waits, or returns why ctx ended first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell tells how it stands with the sources of accounts, until done is closed. It
// tells of all that changed once more then.
func (e *Engine) tell(ctx context.Context, accounts []Account, progress func(Source), done <-chan struct{}) {
	type key struct{ account, name string }
	told := make(map[key]Source)
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for last := false; ; {
		for _, a := range accounts {
			cursors, err := e.Store.Cursors(ctx, a.Supplier, a.ID)
			if err != nil {
				continue // Now returns why
			}
			for _, s := range e.sources(a, cursors) {
				if before, ok := told[key{s.Account, s.Name}]; !ok || before != s {
					told[key{s.Account, s.Name}] = s
					progress(s)
				}
			}
		}
		if last {
			return
		}
		select {
		case <-tick.C:
		case <-done:
			last = true
		}
	}
}
