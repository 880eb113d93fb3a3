package pulling

import (
	"context"
	"errors"
	"time"

	"wedsync/server/communications/source"
)

const (
	checkOf    = 20              // ids that are looked for together: if one cannot be, all of them are looked for again
	checkAgain = 5 * time.Second // after the provider failed meanwhile: if it fails at reading too, that decides
)

// tryCheck is check for what does not wait for it: where the provider fails it goes on
// later, and the scope is read.
func (r *reader) tryCheck(ctx context.Context, until time.Time) error {
	r.checkIn = 0
	err := r.check(ctx, until)
	if err == nil || errors.Is(err, errLost) || ctx.Err() != nil {
		return err
	}
	r.checkIn = checkAgain
	r.Log.WarnContext(ctx, "what went while the provider had forgotten the place cannot be looked for now; that is tried again", "account", r.a.ID, "supplier", r.a.Supplier, "scope", r.c.Scope, "err", err)
	return nil
}

// check removes what the scope has no more, and of which nobody told because the
// provider had forgotten how far it was read. It goes on where it was, until some
// time; what is left is for the next time.
func (r *reader) check(ctx context.Context, until time.Time) error {
	c, ok := r.Readers[r.a.Provider].(source.Checker)
	for ok && r.p.Check && r.Clock().Before(until) {
		ids, err := r.Store.Occurrences(ctx, r.a.Supplier, r.a.ID, r.p.Checked, checkOf)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		gone, err := r.gone(ctx, c, ids)
		if err != nil {
			return err
		}
		r.p.Checked = ids[len(ids)-1]
		r.c.Due = r.Clock().Add(lease)
		if err := r.pull(ctx, nil, gone); err != nil {
			return err
		}
	}
	if r.Clock().Before(until) {
		r.p.Check, r.p.Checked = false, ""
	}
	return nil
}

// gone are those of some ids that are gone. What the provider cannot be asked about
// is taken to be there: looking for it keeps nothing from being read.
func (r *reader) gone(ctx context.Context, c source.Checker, ids []string) (gone []string, err error) {
	err = r.while(ctx, func(ctx context.Context) (err error) {
		gone, err = c.Gone(ctx, r.account(), r.c.Scope, ids)
		return err
	})
	if errors.Is(err, source.ErrUnreadable) || errors.Is(err, source.ErrForbidden) || errors.Is(err, source.ErrPlace) {
		r.Log.WarnContext(ctx, "whether some items are still there is not known", "account", r.a.ID, "supplier", r.a.Supplier, "scope", r.c.Scope, "items", len(ids), "err", err)
		return nil, nil
	}
	return gone, err
}
