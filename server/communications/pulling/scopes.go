package pulling

import (
	"context"
	"errors"
	"slices"
	"time"

	"wedsync/store"
)

const scopesEvery = time.Hour // how often an account is looked at for new folders and calendars

// look finds out which scopes the account has, and gives those that are new a
// cursor.
func (r *reader) look(ctx context.Context) error {
	var scopes []string
	err := r.while(ctx, func(ctx context.Context) (err error) {
		scopes, err = r.Readers[r.a.Provider].Scopes(ctx, r.account())
		return err
	})
	if err != nil {
		return err
	}
	cursors, err := r.Store.Cursors(ctx, r.a.Supplier, r.a.ID)
	if err != nil {
		return err
	}
	for _, c := range cursors {
		if isScope(c) {
			err = errors.Join(err, r.mark(ctx, c, !slices.Contains(scopes, c.Scope)))
		}
	}
	if w, _, whyNot := r.watcher(r.a); w != nil && whyNot == "" {
		scopes = append(scopes, watchScope)
	}
	for _, scope := range scopes {
		if slices.ContainsFunc(cursors, func(c store.Cursor) bool { return c.Scope == scope }) {
			continue
		}
		c := store.Cursor{Supplier: r.a.Supplier, Account: r.a.ID, Scope: scope, Due: r.Clock()}
		if set := r.Store.SetCursor(ctx, c); !errors.Is(set, store.ErrStale) { // which somebody else made
			err = errors.Join(err, set)
		}
	}
	if err != nil {
		return err
	}
	r.done()
	r.c.Due = r.Clock().Add(scopesEvery - within(scopesEvery/10))
	return r.set(ctx)
}

// mark notes that the account has a scope no more, or again.
func (r *reader) mark(ctx context.Context, c store.Cursor, gone bool) (err error) {
	p := progressOf(c)
	if p.Gone == gone {
		return nil
	}
	p.Gone = gone
	if c.Due = r.Clock(); gone {
		c.Due, p.Claim = never, ""
	}
	if c.State, err = p.state(); err != nil {
		return err
	}
	if err = r.Store.SetCursor(ctx, c); errors.Is(err, store.ErrStale) {
		return nil // it is being read; that it is gone is seen the next time
	}
	return err
}

// Begin has an account read soon, all of it: one that is new, that was connected
// again, or whose settings have changed.
func (e *Engine) Begin(ctx context.Context, supplier, account string) error {
	if err := e.hintAll(ctx, supplier, account, func(store.Cursor, progress) bool { return true }); err != nil {
		return err
	}
	e.ring(ctx, supplier, account, time.Time{})
	return nil
}

// begins reports whether a cursor is that with which an account begins.
func begins(c store.Cursor) bool { return c.Scope == everyScope }

// hintAll makes those cursors of an account due that are chosen, and makes the one
// with which an account begins.
func (e *Engine) hintAll(ctx context.Context, supplier, account string, chosen func(store.Cursor, progress) bool) error {
	cursors, err := e.Store.Cursors(ctx, supplier, account)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(cursors, begins) {
		c := store.Cursor{Supplier: supplier, Account: account, Scope: everyScope, Due: e.Clock()}
		if err := e.Store.SetCursor(ctx, c); err != nil && !errors.Is(err, store.ErrStale) {
			return err
		}
	}
	for _, c := range cursors {
		if p := progressOf(c); !p.Gone && chosen(c, p) {
			err = errors.Join(err, e.hint(ctx, c))
		}
	}
	return err
}

// hint makes a cursor due. Who is reading it reads on when they are done.
func (e *Engine) hint(ctx context.Context, c store.Cursor) error {
	for range maxTries {
		now := e.Clock()
		p := progressOf(c)
		switch {
		case p.Gone, p.claimed(c, now) && p.Hinted, !p.claimed(c, now) && !c.Due.After(now):
			return nil
		case p.claimed(c, now):
			p.Hinted = true
		default:
			c.Due = now
		}
		var err error
		if c.State, err = p.state(); err != nil {
			return err
		}
		err = e.Store.SetCursor(ctx, c)
		if !errors.Is(err, store.ErrStale) {
			return err
		}
		cursors, err := e.Store.Cursors(ctx, c.Supplier, c.Account)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(cursors, func(other store.Cursor) bool { return other.Scope == c.Scope })
		if i < 0 {
			return nil // the account is gone
		}
		c = cursors[i]
	}
	return nil // whoever moves it all the time reads it
}

// Hint says that something has changed in an account of a supplier, which is named
// by its address or id; it is read soon. An account that nobody knows is left out.
func (e *Engine) Hint(ctx context.Context, supplier, provider, address string) error {
	accounts, err := e.Accounts.Accounts(ctx, supplier)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Provider != provider || a.Held != "" || address != "" && !named(a, address) {
			continue
		}
		err := e.hintOf(ctx, a, func(c store.Cursor, p progress) bool { return isScope(c) && p.State != Limited })
		if err != nil {
			return err
		}
	}
	return nil
}

// hintOf has those cursors of an account read soon that are chosen.
func (e *Engine) hintOf(ctx context.Context, a Account, chosen func(store.Cursor, progress) bool) error {
	e.metrics.hints.WithLabelValues(a.Provider).Inc()
	if err := e.hintAll(ctx, a.Supplier, a.ID, chosen); err != nil {
		return err
	}
	e.ring(ctx, a.Supplier, a.ID, time.Time{})
	return nil
}
