package activity

import (
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// A Placed event is one of a record, with its place in the journal.
type Placed struct {
	Place
	Record crdt.RecordID
	Event  Event
}

// Events are the events of entries that follow one another in the journal, each
// record's in their order. What one author wrote with less than a second between
// is one event, in the place of the last part. An event's position is its number.
func (s Source) Events(entries []store.Entry) []Placed {
	f := newFolder()
	var out []told
	for i := range entries {
		for _, e := range tell(&entries[i]) {
			out = f.take(e.at, e, f.due(e.at, out))
		}
	}
	out = f.flush(out)
	events := make([]Placed, len(out))
	for i := range out {
		e := &out[i]
		events[i] = Placed{Place{e.last, e.index}, e.record, s.told(e, e.last)}
	}
	return events
}

// Told is an event that no entry tells, with nothing but a sentence.
func (s Source) Told(id, kind string, at time.Time, text string) Event {
	return s.event(id, 0, kind, at, Data{Text: text})
}
