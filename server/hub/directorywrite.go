package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A writing is one look at a directory, and what comes of it.
type writing struct {
	*directory
	all  bool                   // of the supplier's records are looked at
	some map[crdt.RecordID]bool // are, if not all
	seen map[crdt.RecordID]bool // whether they are listed
	done chan written           // has room for one
}

// written is what became of a writing.
type written struct {
	rest  time.Duration // too early: try again after that
	again bool          // there may be more to be written than was looked at
	err   error
}

// run ends with the hub's context.
func (ds *directories) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		due, rest := ds.next()
		if len(due) > 0 {
			ds.write(due)
			continue
		}
		timer.Reset(rest)
		select {
		case <-ds.hub.ctx.Done():
			return
		case <-ds.wake:
		case <-timer.C:
		}
	}
}

// maxWritings bounds the directories that are written at once.
const maxWritings = 64

// next takes directories that are due, and says how long to rest if there are none.
func (ds *directories) next() (due []*writing, rest time.Duration) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	now, rest := ds.hub.now(), time.Hour
	for _, d := range ds.open {
		if left := d.due.Sub(now); left > 0 {
			rest = min(rest, left)
			continue
		}
		if len(due) == maxWritings {
			break
		}
		due = append(due, &writing{
			directory: d, all: d.whole || len(d.changed) == 0, some: d.changed, done: make(chan written, 1),
		})
		d.whole, d.changed, d.due = false, nil, now.Add(directoryLook)
	}
	return due, rest
}

// write looks at directories and writes what is due, all of them together.
func (ds *directories) write(due []*writing) {
	ctx := ds.hub.ctx
	for _, w := range due {
		err := ds.read(ctx, w)
		if err == nil {
			err = ds.hub.deliver(ctx, w.id, listTask{w})
		}
		if err != nil {
			w.done <- written{err: err}
		}
	}
	for _, w := range due {
		select {
		case result := <-w.done:
			ds.wrote(w, result)
		case <-ctx.Done():
			return
		}
	}
}

// read asks the store which records are listed: all that are, or those that may
// have changed.
func (ds *directories) read(ctx context.Context, w *writing) error {
	w.seen = make(map[crdt.RecordID]bool)
	if !w.all {
		ids := make([]crdt.RecordID, 0, len(w.some))
		for id := range w.some {
			ids = append(ids, id)
		}
		heads, err := ds.hub.store.Heads(ctx, ids)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for _, id := range ids {
			w.seen[id] = heads[id].State == store.Listed && heads[id].Supplier == w.supplier
		}
		return nil
	}
	for after := (crdt.RecordID{}); ; {
		page, err := ds.hub.store.Count(ctx, w.supplier, after, directoryPage)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, c := range page {
			after = c.Record
			if c.State == store.Listed {
				w.seen[c.Record] = true
			}
		}
	}
}

// wrote notes what became of a writing, and when the directory is due again.
func (ds *directories) wrote(w *writing, r written) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d, rest := w.directory, directoryRest
	switch {
	case errors.Is(r.err, ErrUnavailable):
		d.whole, rest = true, directoryRetry
	case r.err != nil:
		d.whole, rest = true, directoryBroken
	case r.rest > 0:
		d.whole, rest = d.whole || w.all, r.rest
		for id := range w.some {
			d.note(id)
		}
	case r.again:
		d.whole = true
	}
	if r.err != nil && ds.hub.ctx.Err() == nil {
		ds.hub.log.Warn("directory is not written now", "supplier", w.supplier, "directory", w.id, "err", r.err)
	}
	now := ds.hub.now()
	d.rest, d.due = now.Add(rest), now.Add(directoryLook)
	ds.call(d, rest)
}

// A listTask brings a directory up to what was read of the store.
type listTask struct{ *writing }

func (t listTask) stage(r *room, s *stage) bool {
	if !s.empty() {
		return false
	}
	d, rest, err := t.open(r, s.now)
	if d == nil {
		s.replies = append(s.replies, func(error) { t.done <- written{rest: rest, err: err} })
		return true
	}
	pen, truncated := r.hub.directories.pen, d.Truncated()
	epoch := pen.epoch(d)
	o, err := d.Write(conflicts.Listing{
		Records: t.seen, Whole: t.all, Most: r.hub.limits.maxDirectory(), Epoch: epoch, Now: s.now,
	})
	if err != nil {
		if !errors.Is(err, conflicts.ErrFull) {
			r.forget()
		}
		s.replies = append(s.replies, func(error) { t.done <- written{err: err} })
		return true
	}
	if !truncated && d.Truncated() {
		r.hub.log.Warn("a directory lists as many records as it may, and there are more",
			"supplier", t.supplier, "limit", r.hub.limits.maxDirectory())
	}
	if !o.Empty() {
		s.add(conflicts.KindDirectory, conflicts.Principal{Supplier: t.supplier}, 0, o)
	}
	count := d.Written(epoch)
	s.replies = append(s.replies, func(err error) {
		if errors.Is(err, errStale) {
			err = ErrUnavailable
		} else {
			pen.wrote(t.id, epoch, count)
		}
		if err == nil && !o.Empty() {
			t.version, t.learned = r.stored.Version, r.hub.now()
		}
		t.done <- written{again: truncated && !t.all, err: err}
	})
	return true
}

// open is the directory in memory. It is nil if that cannot be had now, or it
// is too early to write.
func (t listTask) open(r *room, now time.Time) (d *conflicts.Directory, rest time.Duration, err error) {
	if err := r.look(); err != nil {
		return nil, 0, err
	}
	if r.stored.Version == 0 {
		r.claimant = t.supplier
	}
	if rest := t.early(r.stored.Version, now); rest > 0 {
		return nil, rest, nil
	}
	if err := r.open(); err != nil {
		return nil, 0, err
	}
	return r.record.(*conflicts.Directory), 0, nil
}

// early is how long it is too early for a change that builds on a version.
func (d *directory) early(version uint64, now time.Time) time.Duration {
	if version != d.version {
		d.version, d.learned = version, now
	}
	if version == 0 {
		return 0
	}
	return max(0, directoryRest-now.Sub(d.learned))
}
