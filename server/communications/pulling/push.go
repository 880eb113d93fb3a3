package pulling

import (
	"context"
	"errors"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

const (
	// PollPushed is how often at least a scope is read of which the provider says
	// when something has changed: what it says may be lost.
	PollPushed = 15 * time.Minute

	rewatchEvery = 24 * time.Hour // how often a provider is asked to go on with that, unless half of its time passes sooner
	unwatchFor   = 10 * time.Second
)

// watcher is what has a provider say that something has changed, and where it is
// to say so; nil for a provider that does not.
func (e *Engine) watcher(a Account) (w source.Watcher, to source.Push, whyNot string) {
	w, ok := e.Readers[a.Provider].(source.Watcher)
	if !ok || e.Push == nil {
		return nil, source.Push{}, ""
	}
	to, whyNot = e.Push(a.Provider, a.ID)
	return w, to, whyNot
}

// watch has the provider say when something changes, for longer.
func (r *reader) watch(ctx context.Context) error {
	w, to, whyNot := r.watcher(r.a)
	if w == nil || whyNot != "" {
		r.done()
		r.p.Watched, r.c.Due = time.Time{}, r.Clock().Add(scopesEvery)
		return r.set(ctx)
	}
	var until time.Time
	err := r.while(ctx, func(ctx context.Context) (err error) {
		until, err = w.Watch(ctx, r.account(), to)
		return err
	})
	if err != nil {
		return err
	}
	r.metrics.step(r.a.Provider, "watched")
	r.done()
	wait := min(rewatchEvery, until.Sub(r.Clock())/2)
	r.p.Watched, r.c.Due = until, r.Clock().Add(max(shortest, wait-within(wait/5)))
	return r.set(ctx)
}

// watchedUntil is until when the provider says that something has changed in an
// account; zero if it does not.
func watchedUntil(cursors []store.Cursor) time.Time {
	for _, c := range cursors {
		if c.Scope == watchScope {
			return progressOf(c).Watched
		}
	}
	return time.Time{}
}

// Pushed says that a provider has said that something has changed in an account,
// which is read soon. An account that nobody knows is left out.
func (e *Engine) Pushed(ctx context.Context, account string) error {
	a, err := e.Accounts.Account(ctx, account)
	if err == nil && a.Held == "" {
		err = e.hintOf(ctx, a, func(c store.Cursor, p progress) bool {
			return isScope(c) && p.State != Limited && e.watches(a.Provider, c.Scope)
		})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// watches reports whether a provider can say that something has changed in a scope.
func (e *Engine) watches(provider, scope string) bool {
	w, ok := e.Readers[provider].(source.Watcher)
	return ok && w.Watches(scope)
}

// Rewatch has a provider soon be asked again to say when something changes in an
// account, because it said that it does not, or will not for long. An account that
// nobody knows is left out.
func (e *Engine) Rewatch(ctx context.Context, account string) error {
	a, err := e.Accounts.Account(ctx, account)
	if err == nil && a.Held == "" {
		err = e.hintOf(ctx, a, func(c store.Cursor, _ progress) bool { return c.Scope == watchScope })
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Unwatch has a provider say nothing any more of an account that is about to go.
// One that cannot be asked now ends by itself, a week after it was asked to begin.
func (e *Engine) Unwatch(ctx context.Context, account string) error {
	a, err := e.Accounts.Account(ctx, account)
	if err != nil {
		return err
	}
	w, to, whyNot := e.watcher(a)
	if w == nil || whyNot != "" {
		return nil
	}
	cursors, err := e.Store.Cursors(ctx, a.Supplier, a.ID)
	if err != nil || !watchedUntil(cursors).After(e.Clock()) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, unwatchFor)
	defer cancel()
	asking := a.Source
	asking.Now, asking.Caller = e.Clock(), e.Caller(a.ID, a.Provider)
	return w.Unwatch(ctx, asking, to)
}
