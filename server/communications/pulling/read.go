package pulling

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/server/communications/source"
	"wedsync/store"
)

const (
	lease      = 15 * time.Second // for which a claimed scope is left to whoever claimed it
	renewEvery = lease / 3        // while a step takes long
	maxLost    = 3                // times in a row that a place may be lost before a scope is left alone for a while
	maxTries   = 10               // to store what others change meanwhile
)

// A reader reads one scope that it has claimed.
type reader struct {
	*Engine
	a       Account
	watched time.Time // until when the provider says that something has changed
	claim   string
	c       store.Cursor // as it is stored, but for State
	p       progress
}

// errLost means that somebody else has claimed the scope meanwhile, or that it is
// gone: what was read is read again by whoever has it.
var errLost = errors.New("somebody else reads it")

// read reads a scope until it is up to date, or fails, or it is time to stop. How
// that went is in its cursor.
func (e *Engine) read(ctx context.Context, a Account, c store.Cursor, watched, until time.Time) {
	r := &reader{Engine: e, a: a, watched: watched, claim: ulid.Make().String(), c: c, p: progressOf(c)}
	r.p.Claim, r.p.Hinted = r.claim, false
	r.c.Due = e.Clock().Add(lease)
	if r.set(ctx) != nil {
		return // somebody else has claimed it, or it is as it was and found again
	}
	var err error
	switch c.Scope {
	case everyScope:
		err = r.look(ctx)
	case watchScope:
		err = r.watch(ctx)
	default:
		err = r.steps(ctx, until)
	}
	if err != nil {
		err = r.trouble(ctx, err)
	}
	if err != nil && !errors.Is(err, errLost) && ctx.Err() == nil {
		e.Log.ErrorContext(ctx, "how far an account was read is not known: its claim runs out", "account", a.ID, "supplier", a.Supplier, "scope", c.Scope, "err", err)
	}
}

// steps makes steps until the scope is up to date. While one is stored the next is
// being asked for.
func (r *reader) steps(ctx context.Context, until time.Time) error {
	ask, end := r.asking(ctx)
	defer end()
	if r.p.Reading != r.a.Reading {
		r.p.Again = r.p.Again || r.p.Place != nil
		r.p.Place, r.p.Reading = nil, r.a.Reading
	}
	if !r.p.Again { // all that is there was read again
		if err := r.check(ctx, until); err != nil {
			return err
		}
	}
	answer := ask(source.Place{State: r.p.Place, Again: r.p.Again})
	for {
		got, err := r.await(ctx, answer)
		if err != nil {
			return err
		}
		if errors.Is(got.err, source.ErrPlace) && r.p.Lost < maxLost {
			r.p.Place, r.p.Again, r.p.Lost, r.p.Left = nil, true, r.p.Lost+1, -1
			r.p.Check, r.p.Checked, r.p.Unchecked = true, "", 0
			if err := r.set(ctx); err != nil {
				return err
			}
			r.metrics.step(r.a.Provider, "place_lost")
			answer = ask(source.Place{Again: true})
			continue
		}
		if got.err != nil {
			return got.err
		}
		more := got.step.More && r.Clock().Before(until)
		if more {
			answer = ask(source.Place{State: got.step.State, Again: r.p.Again})
		}
		if err := r.take(ctx, got.step, more); err != nil || !more {
			return err
		}
	}
}

// asked is what came of a question.
type asked struct {
	step source.Step
	err  error
}

// asking asks for steps, each time in a goroutine. end ends them and waits for them.
func (r *reader) asking(ctx context.Context) (ask func(source.Place) <-chan asked, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	scope := r.c.Scope // the cursor changes while something is asked for
	var all sync.WaitGroup
	ask = func(from source.Place) <-chan asked {
		answer := make(chan asked, 1)
		all.Go(func() {
			step, err := r.Readers[r.a.Provider].Pull(ctx, r.account(), scope, from)
			answer <- asked{step, err}
		})
		return answer
	}
	return ask, func() {
		cancel()
		all.Wait()
	}
}

// account is the account as its source is to see it.
func (r *reader) account() source.Account {
	a := r.a.Source
	a.Now, a.Caller = r.Clock(), r.Caller(r.a.ID, r.a.Provider)
	return a
}

// await waits for an answer. It keeps the claim meanwhile.
func (r *reader) await(ctx context.Context, answer <-chan asked) (asked, error) {
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	for {
		select {
		case got := <-answer:
			return got, nil
		case <-ctx.Done():
			return asked{}, ctx.Err()
		case <-renew.C:
			r.c.Due = r.Clock().Add(lease)
			if err := r.set(ctx); err != nil {
				return asked{}, err
			}
		}
	}
}

// while does something that takes long. It keeps the claim meanwhile.
func (r *reader) while(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var doing sync.WaitGroup
	defer doing.Wait()
	defer cancel()
	answer := make(chan asked, 1)
	doing.Go(func() { answer <- asked{err: do(ctx)} })
	got, err := r.await(ctx, answer)
	return errors.Join(got.err, err)
}

// take stores what a step found and where to go on. If there is no more for now it
// gives the scope back.
func (r *reader) take(ctx context.Context, step source.Step, more bool) error {
	items, removed := r.items(step), slices.Compact(slices.Sorted(slices.Values(step.Removed)))
	for len(items) > store.MaxPull || len(removed) > store.MaxPull {
		n, m := min(len(items), store.MaxPull), min(len(removed), store.MaxPull)
		if err := r.pull(ctx, items[:n], removed[:m]); err != nil { // from the old place still
			return err
		}
		items, removed = items[n:], removed[m:]
	}
	r.p.Place, r.p.Left, r.p.Found = step.State, step.Left, r.p.Found+len(step.Found)
	r.p.State, r.p.Failures, r.p.Error = "", 0, ""
	r.c.Due = r.Clock().Add(lease)
	switch {
	case !step.More:
		r.done()
	case !more:
		r.p.Claim, r.c.Due = "", r.Clock()
	}
	r.metrics.step(r.a.Provider, "read")
	return r.pull(ctx, items, removed)
}

// done notes that the scope is up to date.
func (r *reader) done() {
	now := r.Clock()
	r.p.Claim, r.p.Again, r.p.Lost, r.p.Found, r.p.Left = "", false, 0, 0, 0
	r.p.State, r.p.Failures, r.p.Error = "", 0, ""
	r.p.Success, r.p.Tried = now, now
	every := r.poll(r.a.Provider, r.c.Scope, r.watched)
	r.c.Due = now.Add(every - within(every/5)) // not when others are that were read now
	if again := now.Add(r.p.checkIn()); r.p.Check && again.Before(r.c.Due) {
		r.c.Due = again
	}
}

// items are those of a step as the store takes them, each once, as it was found
// last.
func (r *reader) items(step source.Step) []store.Item {
	at := make(map[string]int, len(step.Found))
	items := make([]store.Item, 0, len(step.Found))
	for _, item := range step.Found {
		item.Supplier, item.ID = r.a.Supplier, ulid.Make().String()
		item.Occurrences = slices.Clone(item.Occurrences)
		for i := range item.Occurrences {
			item.Occurrences[i].Account = r.a.ID
		}
		id := item.Occurrences[0].Provider
		if i, ok := at[id]; ok {
			items[i] = item
			continue
		}
		at[id] = len(items)
		items = append(items, item)
	}
	return items
}

// pull stores a part of a step together with the cursor.
func (r *reader) pull(ctx context.Context, items []store.Item, removed []string) error {
	var stored store.Pulled
	err := r.keep(ctx, func(c store.Cursor) (err error) {
		stored, err = r.Store.StorePull(ctx, store.Pull{Supplier: r.a.Supplier, Account: r.a.ID, Cursor: &c, Items: items, Removed: removed})
		return err
	})
	if err != nil {
		return err
	}
	r.metrics.stored(r.a.Provider, items, stored)
	if ids := slices.DeleteFunc(slices.Clone(stored.IDs), func(id string) bool { return id == "" }); stored.Fresh > 0 {
		r.Stored(ctx, r.a.Supplier, ids)
	}
	return nil
}

// set stores the cursor alone.
func (r *reader) set(ctx context.Context) error {
	return r.keep(ctx, func(c store.Cursor) error { return r.Store.SetCursor(ctx, c) })
}

// keep stores the cursor by a function. What others noted in it meanwhile is kept;
// if somebody else has claimed it the error is errLost.
func (r *reader) keep(ctx context.Context, put func(store.Cursor) error) (err error) {
	for range maxTries {
		c := r.c
		if r.p.Claim == "" && r.p.Hinted && r.p.Failures == 0 {
			c.Due = r.Clock() // what has changed may have come after what was read
		}
		if c.State, err = r.p.state(); err != nil {
			return err
		}
		err = put(c)
		if err == nil {
			c.Version++
			r.c = c
			return nil
		}
		if errors.Is(err, store.ErrNotFound) {
			return errLost
		}
		if !errors.Is(err, store.ErrStale) {
			return err
		}
		if err := r.refresh(ctx); err != nil {
			return err
		}
	}
	return errLost
}

// refresh takes over what others noted in a cursor that is still claimed by this
// reader.
func (r *reader) refresh(ctx context.Context) error {
	now, err := r.reload(ctx)
	if err != nil {
		return err
	}
	r.c.Version = now.Version
	r.p.Hinted = r.p.Hinted || progressOf(now).Hinted
	return nil
}

// reload is the reader's cursor as it is stored, or errLost if it is not the
// reader's any more.
func (r *reader) reload(ctx context.Context) (store.Cursor, error) {
	cursors, err := r.Store.Cursors(ctx, r.a.Supplier, r.a.ID)
	if err != nil {
		return store.Cursor{}, err
	}
	i := slices.IndexFunc(cursors, func(c store.Cursor) bool { return c.Scope == r.c.Scope })
	if i < 0 || progressOf(cursors[i]).Claim != r.claim {
		return store.Cursor{}, errLost
	}
	return cursors[i], nil
}
