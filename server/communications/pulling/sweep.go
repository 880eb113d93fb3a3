package pulling

import (
	"context"
	"errors"
	"slices"
	"time"

	"wedsync/store"
)

const (
	sweepEvery = 30 * time.Second
	sweepOf    = 1000      // cursors of a sweep
	healEvery  = time.Hour // between looks at all accounts
	healOf     = 100       // accounts of a page
)

// Sweep has accounts read of which something is due or becomes so before the next
// sweep, and now and then those that have no cursor at all.
func (e *Engine) Sweep(ctx context.Context) error {
	return errors.Join(e.wake(ctx), e.heal(ctx))
}

func (e *Engine) wake(ctx context.Context) error {
	due, err := e.Store.DueCursors(ctx, e.Clock().Add(sweepEvery), sweepOf)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, key := range due {
		if !seen[key.Account] {
			seen[key.Account] = true
			err = errors.Join(err, e.next(ctx, Account{Supplier: key.Supplier, ID: key.Account}))
		}
	}
	e.metrics.swept.Add(float64(len(seen)))
	return err
}

// heal gives accounts a cursor that have none, because a process ended between
// connecting them and that. The first time it also frees what a process that is gone
// has claimed, if that is known.
func (e *Engine) heal(ctx context.Context) error {
	e.mu.Lock()
	healed := e.healed
	e.mu.Unlock()
	if e.Clock().Sub(healed) < healEvery {
		return nil
	}
	for after := ""; ; {
		accounts, err := e.Store.AllAccounts(ctx, after, healOf)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if err := e.healOne(ctx, a, e.Alone && healed.IsZero()); err != nil {
				return err
			}
			after = a.ID
		}
		if len(accounts) < healOf {
			break
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.healed = e.Clock()
	return nil
}

// healOne heals an account, and frees its scopes if the process that claimed them
// is gone.
func (e *Engine) healOne(ctx context.Context, a store.Account, free bool) error {
	cursors, err := e.Store.Cursors(ctx, a.Supplier, a.ID)
	if err != nil {
		return err
	}
	begun := slices.ContainsFunc(cursors, begins)
	freed := false
	for _, c := range cursors {
		if free && progressOf(c).claimed(c, e.Clock()) && !e.reads(a.ID) {
			c.Due, freed = e.Clock(), true
			if err := e.Store.SetCursor(ctx, c); err != nil && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	switch {
	case !begun:
		err = e.Begin(ctx, a.Supplier, a.ID)
	case freed:
		e.ring(ctx, a.Supplier, a.ID, time.Time{})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	return err
}

// reads reports whether an account is being read on this node.
func (e *Engine) reads(account string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.runs[account] != nil
}
