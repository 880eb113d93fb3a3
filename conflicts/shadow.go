package conflicts

import (
	"slices"

	"wedsync/crdt"
)

// Bounds of a shadow.
const (
	// MaxSent bounds the values that were sent to a connection and have not come
	// back. Beyond it the oldest goes; it counts as an edit if it comes back after all.
	MaxSent = 32
	// MaxEvents bounds the webhook events that are remembered of a connection
	// and field. Beyond it the oldest goes; if it is delivered again it is judged again.
	MaxEvents = 32
)

// A shadow is what one connection is taken to hold of one field.
type shadow struct {
	Value        crdt.Value   `json:"value"`                  // last sent to it, or received from it
	Acknowledged uint64       `json:"acknowledged,omitempty"` // the newest revision that it said it has
	Told         uint64       `json:"told,omitempty"`         // the newest revision that was sent to it
	Sent         []crdt.Value `json:"sent,omitempty"`         // not come back yet, oldest first
	Events       []string     `json:"events,omitempty"`       // decided, oldest first
}

// shadow is that of a connection, made if there is none.
func (f *field) shadow(connection string) *shadow {
	s := f.Shadows[connection]
	if s == nil {
		s = &shadow{}
		if f.Shadows == nil {
			f.Shadows = make(map[string]*shadow)
		}
		f.Shadows[connection] = s
	}
	return s
}

// send notes that a revision's value is on its way to the connection.
func (s *shadow) send(revision uint64, v crdt.Value) {
	s.Told = revision
	s.Value = v
	s.Sent = append(s.Sent, v)
	s.Sent = s.Sent[max(0, len(s.Sent)-MaxSent):]
}

// echoes reports whether an incoming value says nothing new: it is the one that
// the connection is taken to hold, or one that was sent to it and comes back.
// That one, and all that were sent before it, are not expected any more.
func (s *shadow) echoes(v crdt.Value, m measure) bool {
	equal := func(sent crdt.Value) bool { return m.same(sent, v) }
	if i := slices.IndexFunc(s.Sent, equal); i >= 0 {
		s.Sent = slices.Delete(s.Sent, 0, i+1)
		return true
	}
	return (s.Value.Kind != crdt.Missing || len(s.Events) > 0) && equal(s.Value)
}

// decided notes that an event had its turn.
func (s *shadow) decided(event string) {
	s.Events = append(s.Events, event)
	s.Events = s.Events[max(0, len(s.Events)-MaxEvents):]
}
