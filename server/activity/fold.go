package activity

import (
	"maps"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
)

const (
	burst     = time.Second // what one author changes in one record within it is told as one
	maxBursts = 4096        // records of which bursts are followed; changes of others are told as they come
)

// A folder folds bursts of typing: the first change of a burst is told at once,
// and what follows within a second at its end, or before the next event of that
// record is told. It is for one goroutine.
type folder struct {
	bursts map[crdt.RecordID]*typing
}

// A typing is a burst that may go on.
type typing struct {
	by    author
	until time.Time
	held  *told // what is still to be told of it, nil for nothing
}

// An author is who changes what is folded.
type author struct{ user, device, origin string }

func newFolder() *folder { return &folder{bursts: make(map[crdt.RecordID]*typing)} }

// take takes the next event and appends to out what is to be told before the one
// after it.
func (f *folder) take(now time.Time, e told, out []told) []told {
	by := e.by()
	changed := e.kind == ClientChanged
	if b := f.bursts[e.record]; b != nil {
		if changed && b.by == by && now.Before(b.until) {
			b.hold(e)
			return out
		}
		out = f.end(e.record, out)
	}
	if changed && len(f.bursts) < maxBursts {
		f.bursts[e.record] = &typing{by: by, until: now.Add(burst)}
	}
	return append(out, e)
}

func (b *typing) hold(e told) {
	if b.held == nil {
		b.held = &e
		return
	}
	h := b.held
	h.last, h.index, h.at = e.last, e.index, e.at
	h.unite(&e)
}

func (t *told) by() author { return author{t.data.User, t.data.Device, t.data.Origin} }

// unite adds what another change of the same burst tells.
func (t *told) unite(o *told) {
	t.data.Offsets = &[2]uint64{t.first, t.last}
	t.data.Commits += o.data.Commits
	t.data.Fields = united(t.data.Fields, o.data.Fields)
	t.data.Text = changedText(&t.data)
}

// united are the names of both lists, ascending, ChangedMore last.
func united(x, y []string) []string {
	all := slices.Concat(x, y)
	more := slices.Contains(all, conflicts.ChangedMore)
	all = slices.DeleteFunc(all, func(name string) bool { return name == conflicts.ChangedMore })
	slices.Sort(all)
	if all = slices.Compact(all); more {
		all = append(all, conflicts.ChangedMore)
	}
	return bounded(all)
}

// end ends a record's burst and appends what it held.
func (f *folder) end(id crdt.RecordID, out []told) []told {
	if b := f.bursts[id]; b.held != nil {
		out = append(out, *b.held)
	}
	delete(f.bursts, id)
	return out
}

// due appends what is held of bursts whose second is over, the oldest first. A
// burst of which something was held goes on.
func (f *folder) due(now time.Time, out []told) []told {
	from := len(out)
	for id, b := range f.bursts {
		switch {
		case now.Before(b.until):
		case b.held == nil:
			delete(f.bursts, id)
		default:
			out = append(out, *b.held)
			b.held, b.until = nil, now.Add(burst)
		}
	}
	sortTold(out[from:])
	return out
}

// flush ends all bursts and appends what they held, the oldest first.
func (f *folder) flush(out []told) []told {
	from := len(out)
	for _, id := range slices.Collect(maps.Keys(f.bursts)) {
		out = f.end(id, out)
	}
	sortTold(out[from:])
	return out
}

func sortTold(events []told) {
	slices.SortFunc(events, func(x, y told) int {
		if x.last < y.last || x.last == y.last && x.index < y.index {
			return -1
		}
		return 1
	})
}

// next is when the next burst ends, zero if none goes on.
func (f *folder) next() (at time.Time) {
	for _, b := range f.bursts {
		if at.IsZero() || b.until.Before(at) {
			at = b.until
		}
	}
	return at
}

// safe is the number up to which nothing is held of what came up to another.
func (f *folder) safe(upTo uint64) uint64 {
	for _, b := range f.bursts {
		if b.held != nil {
			upTo = min(upTo, b.held.first-1)
		}
	}
	return upTo
}

// positions are the numbers up to which everything is told once each of the
// events is, of which all up to a number is told or held.
func (f *folder) positions(events []told, upTo uint64) []uint64 {
	numbers := make([]uint64, len(events))
	safe := f.safe(upTo)
	for i, e := range slices.Backward(events) {
		numbers[i] = safe
		safe = min(safe, e.first-1)
	}
	return numbers
}
