package pulling

import (
	"context"
	"errors"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

const (
	longestRetry = time.Hour       // bounds the wait after many failures
	hopeless     = time.Hour       // the wait where only a person can help
	parting      = 2 * time.Second // to store that a scope is given back
	shortest     = time.Second
)

// trouble notes in the cursor why reading ended early, and gives the scope back.
func (r *reader) trouble(ctx context.Context, failed error) error {
	if errors.Is(failed, errLost) {
		return failed
	}
	left := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	// What was not known to be stored may be.
	now, err := r.reload(ctx)
	if err != nil {
		return err
	}
	r.c, r.p = now, progressOf(now)
	r.p.Claim = ""
	switch {
	case left:
		r.c.Due = r.Clock()
		return r.set(ctx)
	case r.held(ctx):
		r.c.Due = r.Clock().Add(parkedFor)
		return r.set(ctx)
	}
	r.p.Tried = r.Clock()
	r.p.Failures++
	state, wait := r.judge(ctx, failed)
	r.p.State, r.c.Due = state, r.Clock().Add(wait)
	r.metrics.step(r.a.Provider, string(state))
	return r.set(ctx)
}

// held reports whether the account is not to be read any more.
func (r *reader) held(ctx context.Context) bool {
	a, err := r.Accounts.Account(ctx, r.a.ID)
	return errors.Is(err, store.ErrNotFound) || err == nil && a.Held != ""
}

// judge says what a failure means for the scope and when it is read again, and
// puts it into words.
func (r *reader) judge(ctx context.Context, failed error) (State, time.Duration) {
	wait := max(shortest, within(min(r.Retry<<min(r.p.Failures-1, 20), longestRetry)))
	r.p.Error = failed.Error()
	var limit *source.LimitError
	switch {
	case errors.As(failed, &limit):
		if limit.After > 0 {
			wait = limit.After + within(limit.After/10+time.Second)
		}
		return Limited, wait
	case errors.Is(failed, source.ErrReconnect):
		return Reconnect, hopeless
	case errors.Is(failed, source.ErrForbidden):
		return Failing, max(wait, hopeless)
	case errors.Is(failed, source.ErrGone), errors.Is(failed, source.ErrPlace):
		return Failing, max(wait, 6*r.Retry)
	case errors.Is(failed, source.ErrTemporary), errors.Is(failed, source.ErrUnreadable):
		return Failing, wait
	case errors.Is(failed, store.ErrTooMany):
		r.p.Error = "it has more folders or calendars than the hub reads"
		return Failing, max(wait, hopeless)
	}
	r.Log.ErrorContext(ctx, "an account cannot be read", "account", r.a.ID, "supplier", r.a.Supplier, "scope", r.c.Scope, "failures", r.p.Failures, "err", failed)
	r.p.Error = "the hub could not read it; its log says why"
	return Failing, wait
}
