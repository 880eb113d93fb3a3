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
// connecting them and that.
func (e *Engine) heal(ctx context.Context) error {
	e.mu.Lock()
	due := e.Clock().Sub(e.healed) >= healEvery
	e.mu.Unlock()
	if !due {
		return nil
	}
	for after := ""; ; {
		accounts, err := e.Store.AllAccounts(ctx, after, healOf)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if err := e.begun(ctx, a); err != nil {
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

// begun has an account read if that has never begun.
func (e *Engine) begun(ctx context.Context, a store.Account) error {
	cursors, err := e.Store.Cursors(ctx, a.Supplier, a.ID)
	if err != nil || slices.ContainsFunc(cursors, func(c store.Cursor) bool { return !isScope(c) }) {
		return err
	}
	if err := e.Begin(ctx, a.Supplier, a.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil // it was deleted meanwhile
}
