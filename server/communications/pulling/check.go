package pulling

import (
	"context"
	"errors"
	"time"

	"wedsync/server/communications/source"
)

const (
	checkOf    = 20              // ids that are looked for together: if one cannot be, all of them are looked for again
	checkAgain = 5 * time.Second // after the provider failed at that once, twice as long after each further time
)

// check removes what the scope has no more, and of which nobody told because the
// provider had forgotten how far it was read. It goes on where it was, until some
// time; what is left is for the next time. Where the provider fails for now it ends: that
// keeps nothing from being read, and if the provider fails at reading too, that decides.
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
		if limit := (*source.LimitError)(nil); errors.Is(err, source.ErrTemporary) || errors.As(err, &limit) {
			r.p.Unchecked++
			r.Log.WarnContext(ctx, "what went while the provider had forgotten the place cannot be looked for now; that is tried again",
				"account", r.a.ID, "supplier", r.a.Supplier, "scope", r.c.Scope, "failures", r.p.Unchecked, "err", err)
			return nil
		}
		if err != nil {
			return err
		}
		r.p.Checked, r.p.Unchecked = ids[len(ids)-1], 0
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
