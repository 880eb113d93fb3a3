package conflicts

import (
	"iter"
	"slices"

	"wedsync/crdt"
)

// A HistoryQuery selects a page of a history.
type HistoryQuery struct {
	Field  crdt.Path // empty for all
	Author string    // a user; empty for all
	Oldest bool      // events come as they happened, else the newest first
	After  Place     // of the last event seen, zero for the first page
	Limit  int
}

// MaxHistoryPage is how many bytes of values a page of a history gathers before
// it ends. The last event may lead beyond.
const MaxHistoryPage = 4 << 20

// Page tells events, and whether there are more after them. A page ends early
// once it holds more than MaxHistoryPage bytes of values.
func (h *History) Page(q HistoryQuery) (page []Event, more bool) {
	size := 0
	for _, e := range h.selected(q) {
		if q.Author != "" && e.Author.User != q.Author {
			continue
		}
		told, tells := h.tell(e)
		if !tells {
			continue
		}
		if len(page) >= q.Limit || size > MaxHistoryPage {
			return page, true
		}
		size += weight(told.Before) + weight(told.After)
		page = append(page, told)
	}
	return page, false
}

// Newest tells the events of fields that are wanted, the newest first. Before the
// values of each are read, wanted is asked.
func (h *History) Newest(wanted func(crdt.Path) bool) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for _, e := range slices.Backward(h.events) {
			if e.Field == "" || !wanted(e.Field) {
				continue
			}
			if told, tells := h.tell(e); tells && !yield(told) {
				return
			}
		}
	}
}

// tell reads the values of an event. It is false for one that changed nothing
// that its author saw.
func (h *History) tell(e *event) (told Event, tells bool) {
	told = e.Event
	told.Critical = h.critical(e.Field)
	if e.first >= 0 {
		told.Before = h.value(e.Field, h.graph.View(h.graph.At(e.first).Deps...))
		told.After = h.value(e.Field, h.graph.View(h.graph.At(e.last).Hash))
	}
	if e.heads != nil {
		told.Before = h.value(e.Field, h.graph.View(e.heads...))
		told.After = told.Before
	}
	return told, !e.plain || !told.Before.Equal(told.After)
}

// selected are the events after the place of a query, in its order.
func (h *History) selected(q HistoryQuery) []*event {
	at, _ := slices.BinarySearchFunc(h.events, q.After, func(e *event, p Place) int { return e.Place.Compare(p) })
	seen := q.After != Place{}
	if q.Oldest {
		if seen && at < len(h.events) && h.events[at].Place == q.After {
			at++
		}
		return h.events[at:]
	}
	if !seen {
		at = len(h.events)
	}
	older := slices.Clone(h.events[:at])
	slices.Reverse(older)
	return older
}

// weight is about how many bytes a value takes.
func weight(v crdt.Value) int {
	n := 16 + len(v.Str) + len(v.Bytes)
	for key, e := range v.Map {
		n += len(key) + weight(e)
	}
	for _, e := range v.List {
		n += weight(e)
	}
	return n
}
