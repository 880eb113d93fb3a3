package talk

import (
	"slices"
	"time"

	"wedsync/store"
)

// A Set is the rows that a pull may be about: those of its keys, and those that
// have its account's ids among their copies.
type Set struct {
	keys    map[[32]byte]*held
	copies  map[name]*held
	changed []*held // those that were loaded and may be otherwise now
	fresh   []*held
}

// A name is that of a copy.
type name struct{ account, provider string }

// held is a row, as it was loaded and as it is.
type held struct {
	before *Row // nil for a fresh one
	row    *Row
	heir   *held // that has what it had, once it has no copies
	marked bool  // whether it is among those that may be otherwise now
}

// NewSet makes a set of rows.
func NewSet(rows []*Row) *Set {
	s := &Set{keys: make(map[[32]byte]*held), copies: make(map[name]*held)}
	for _, r := range rows {
		s.add(&held{before: r, row: clone(r)})
	}
	return s
}

// clone is a row that may be changed: slices are replaced, never written into.
func clone(r *Row) *Row {
	c := *r
	return &c
}

func (s *Set) add(h *held) {
	s.keys[h.row.Key] = h
	for _, c := range h.row.Copies {
		s.copies[name{c.Account, c.Provider}] = h
	}
}

// Pull stores a pull in the set, and returns the ids of its items as
// [store.Pulled] has them.
func (s *Set) Pull(p *store.Pull) (ids []string) {
	ids = make([]string, len(p.Items))
	for i := range p.Items {
		ids[i] = s.item(p, &p.Items[i])
	}
	for _, id := range p.Removed {
		s.remove(name{p.Account, id})
	}
	return ids
}

func (s *Set) item(p *store.Pull, it *store.Item) string {
	c := Copy{Participants: it.Participants}
	if len(it.Occurrences) > 0 {
		c.Occurrence = it.Occurrences[0]
	}
	c.Account = p.Account
	target := s.keys[it.Key]
	if p.Account == "" { // the hub's own
		c.Provider = it.ID
		if target != nil {
			c.Provider = target.row.ID
		}
	}
	n := name{c.Account, c.Provider}
	holder := s.copies[n]
	if holder != nil && holder.row.Erased {
		return ""
	}
	switch {
	case target != nil:
	case holder != nil && len(holder.row.Copies) == 1:
		target = holder
		delete(s.keys, holder.row.Key)
		holder.row.Key = it.Key
		s.keys[it.Key] = holder
		s.touch(holder)
	default:
		target = &held{row: &Row{Item: store.Item{Supplier: p.Supplier, ID: it.ID, Key: it.Key, Told: it.Told}}}
		s.fresh = append(s.fresh, target)
		s.keys[it.Key] = target
	}
	if holder != nil && holder != target {
		s.leave(holder, n, target)
	}
	s.touch(target)
	s.copies[n] = target
	if target.row.Erased {
		target.row.put(Copy{Occurrence: store.Occurrence{Account: n.account, Provider: n.provider, Removed: true}})
		return ""
	}
	target.row.take(it, c)
	return target.row.ID
}

// leave takes a copy away from the row that has it, for another. What has none
// left goes, and the other has its links.
func (s *Set) leave(h *held, n name, to *held) {
	s.touch(h)
	h.row.Drop(n.account, n.provider)
	to.row.Forgotten = sortMarks(append(slices.Clone(to.row.Forgotten), h.row.Forgotten...))
	if len(h.row.Copies) == 0 {
		delete(s.keys, h.row.Key)
		h.heir = to
	}
}

func (s *Set) remove(n name) {
	h := s.copies[n]
	if h == nil || h.row.Erased {
		return
	}
	s.touch(h)
	for _, c := range h.row.Copies {
		if c.Account == n.account && c.Provider == n.provider {
			c.Removed = true
			h.row.put(c)
		}
	}
	h.row.settle()
}

func (s *Set) touch(h *held) {
	if h.before != nil && !h.marked {
		h.marked = true
		s.changed = append(s.changed, h)
	}
}

// take makes the row what a copy of it says.
func (r *Row) take(it *store.Item, c Copy) {
	r.put(c)
	if !c.Removed || !r.Present() {
		r.Kind, r.Thread, r.Direction = it.Kind, it.Thread, it.Direction
		r.At = it.At.UTC().Truncate(time.Microsecond)
	}
	if !c.Removed && c.Level >= store.LevelSubject {
		r.Subject = it.Subject
	}
	if !c.Removed && c.Level >= store.LevelEverything {
		r.Snippet, r.Body, r.Detail = it.Snippet, it.Body, nil
		if len(it.Detail) > 0 {
			r.Detail = it.Detail
		}
	}
	r.settle()
}

// A Change is a row that is to be written.
type Change struct {
	Before *Row // nil if it is new
	Row    *Row
	Heir   string // of a row that goes, the id of the item that has its links from now on
}

// Gone reports whether the row is to be deleted.
func (c *Change) Gone() bool { return c.Heir != "" }

// Changes are what is to be written, in an order in which no two rows have the
// same key or copy at any time: those that go, those that change in the order in
// which they did, new ones. Versions are raised.
func (s *Set) Changes() (changes []Change) {
	for _, h := range s.changed {
		if h.heir != nil {
			changes = append(changes, Change{h.before, h.row, h.heir.last().row.ID})
		}
	}
	for _, h := range s.changed {
		if h.heir == nil && h.row.differs(h.before) {
			h.row.Version++
			changes = append(changes, Change{Before: h.before, Row: h.row})
		}
	}
	for _, h := range s.fresh {
		if h.heir == nil {
			h.row.Version = 1
			changes = append(changes, Change{Row: h.row})
		}
	}
	return changes
}

// last is who has what a row had, however often it moved.
func (h *held) last() *held {
	for h.heir != nil {
		h = h.heir
	}
	return h
}

// Outcome counts changes.
func Outcome(ids []string, changes []Change) store.Pulled {
	p := store.Pulled{IDs: ids}
	for _, c := range changes {
		switch {
		case c.Before == nil:
			p.Fresh++
		case !c.Gone():
			p.Changed++
		}
	}
	return p
}
