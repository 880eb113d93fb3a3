package crdt

import (
	"fmt"
	"maps"
	"slices"
)

// orphans are changes that wait for dependencies.
type orphans struct {
	waiters map[Hash]*waiter
	on      map[Hash][]*waiter // by the dependency that is not in the graph
	bytes   int
}

// A waiter is a change and what it waits for. Its operations are dropped, for
// a chunk of a hundred bytes may hold a quarter of a million of them.
type waiter struct {
	change  *Change
	ops     uint64 // the bound of its operation counters
	missing int    // how many dependencies are not in the graph
}

func newOrphans() orphans {
	return orphans{waiters: make(map[Hash]*waiter), on: make(map[Hash][]*waiter)}
}

func (o *orphans) len() int { return len(o.waiters) }

func (o *orphans) has(h Hash) bool {
	_, ok := o.waiters[h]
	return ok
}

// room says whether c may wait too.
func (o *orphans) room(c *Change, l *Limits) error {
	if len(o.waiters) >= l.MaxOrphans {
		return fmt.Errorf("%d changes wait for dependencies already: %w", len(o.waiters), ErrLimit)
	}
	if o.bytes+len(c.Raw) > l.OrphanBytes {
		return fmt.Errorf("%d bytes wait for dependencies already: %w", o.bytes, ErrLimit)
	}
	return nil
}

// put lets c wait for those of its dependencies that are not there.
func (o *orphans) put(c *Change, ops uint64, missing int, there func(Hash) bool) {
	bare := *c
	bare.Ops = nil
	w := &waiter{change: &bare, ops: ops, missing: missing}
	for _, d := range c.Deps {
		if !there(d) {
			o.on[d] = append(o.on[d], w)
		}
	}
	o.waiters[c.Hash] = w
	o.bytes += len(c.Raw)
}

// release takes out the changes for which h was the last missing dependency,
// in the order in which they came.
func (o *orphans) release(h Hash) []*waiter {
	var free []*waiter
	for _, w := range o.on[h] {
		w.missing--
		if w.missing > 0 {
			continue
		}
		delete(o.waiters, w.change.Hash)
		o.bytes -= len(w.change.Raw)
		free = append(free, w)
	}
	delete(o.on, h)
	return free
}

// needs are the dependencies that are neither in the graph nor wait, in no order.
func (o *orphans) needs() []Hash {
	var needs []Hash
	for h := range o.on {
		if !o.has(h) {
			needs = append(needs, h)
		}
	}
	return needs
}

// hashes are the waiting changes, ascending.
func (o *orphans) hashes() []Hash {
	return slices.SortedFunc(maps.Keys(o.waiters), Hash.Compare)
}

// decode gives a waiter its operations back.
func (w *waiter) decode(l Limits) error {
	c, err := Decode(w.change.Raw, l)
	if err != nil {
		return err
	}
	w.change.Ops = c.Ops
	return nil
}
