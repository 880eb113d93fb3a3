package activity

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wedsync/crdt"
	"wedsync/store"
)

// A Place is where an event stands in the journal.
type Place struct {
	Number uint64
	Index  int // among the events of the number
}

// String is the place as a cursor.
func (p Place) String() string { return fmt.Sprintf("%d.%d", p.Number, p.Index) }

// ParsePlace reads what String wrote.
func ParsePlace(text string) (p Place, ok bool) {
	number, index, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || n == 0 {
		return p, false
	}
	i, err := strconv.ParseUint(index, 10, 31)
	return Place{n, int(i)}, err == nil
}

// An Archive is the part of a [store.Store] that pages are made of.
type Archive interface {
	HappeningsOf(ctx context.Context, supplier string, id crdt.RecordID, before uint64, limit int) ([]store.Entry, error)
}

// maxScan is how many entries a page looks at; beyond, it is short.
const maxScan = 2000

// A pageMaker gathers the events of one record, the newest first.
type pageMaker struct {
	events []told
	oldest Place // that is gathered
	limit  int
	more   bool // there is an event that no room was left for
}

// Page reads events of one record, the newest first: those before a place, the
// zero Place for all, at most limit. What one author wrote with less than a second
// between is one event. next is where the next page begins, nil at the end.
func (s Source) Page(ctx context.Context, from Archive, supplier string, id crdt.RecordID, before Place, limit int) (events []Event, next *Place, err error) {
	m := &pageMaker{limit: limit}
	number := before.Number
	if before.Index > 0 {
		number++ // some of its events are still to be told
	}
	scanned, ended := 0, false
	for !m.more && !ended && scanned < maxScan {
		entries, err := from.HappeningsOf(ctx, supplier, id, number, page)
		if err != nil {
			return nil, nil, err
		}
		ended = len(entries) == 0
		for i := range entries {
			m.gather(&entries[i], before)
			number = entries[i].Number
		}
		scanned += len(entries)
	}
	for i := range m.events {
		e := &m.events[i]
		events = append(events, s.told(e, e.last))
	}
	switch {
	case m.more:
		next = &m.oldest
	case !ended:
		next = &Place{Number: number}
	}
	return events, next, nil
}

// gather adds the events of an entry.
func (m *pageMaker) gather(e *store.Entry, before Place) {
	for _, event := range slices.Backward(tell(e)) {
		if m.more || event.last == before.Number && event.index >= before.Index {
			continue
		}
		if n := len(m.events); n > 0 && m.events[n-1].follows(&event) {
			m.events[n-1].extend(&event)
		} else if n == m.limit {
			m.more = true
			continue
		} else {
			m.events = append(m.events, event)
		}
		m.oldest = Place{event.last, event.index}
	}
}

// follows reports whether an event and an earlier one are of one burst.
func (t *told) follows(earlier *told) bool {
	return t.kind == ClientChanged && earlier.kind == ClientChanged && t.by() == earlier.by() &&
		t.began.Sub(earlier.at) < burst
}

// extend makes an earlier event a part of this one.
func (t *told) extend(earlier *told) {
	t.first, t.began = earlier.first, earlier.at
	t.unite(earlier)
}
