package conflicts

import "time"

// Typing in one text is one event while its author does not rest for longer
// than burstRest, up to burstMost, by the hub's clock and by the author's own.
const (
	burstRest = time.Minute
	burstMost = 10 * time.Minute
)

// add appends an event to the history, or adds it to a burst of typing.
func (t *telling) add(e *event) {
	e.Place = Place{Number: t.number, Index: t.History.index}
	t.History.index++
	e.Began, e.At = t.past.At, t.past.At
	e.Changes = max(e.Changes, 1)
	if burst := t.History.last[e.Field]; burst != nil && t.continues(burst, e) {
		burst.last, burst.At, burst.Edited = e.last, e.At, e.Edited
		burst.Verdict, burst.Entry, burst.Hash = e.Verdict, e.Entry, e.Hash
		burst.Changes += e.Changes
		return
	}
	t.History.last[e.Field] = e
	t.events = append(t.events, e)
}

// continues reports whether an event is more of the same typing.
func (t *telling) continues(burst, e *event) bool {
	apart := e.Edited.Sub(burst.Edited).Abs()
	return burst.typed && e.typed && burst.first >= 0 && e.first >= 0 &&
		burst.Kind == e.Kind && burst.Author == e.Author && sameRuling(burst.Verdict, e.Verdict) &&
		e.At.Sub(burst.At) <= burstRest && e.At.Sub(burst.Began) <= burstMost && apart <= burstRest &&
		t.graph.Contains(t.graph.At(e.first).Hash, t.graph.At(burst.last).Hash)
}

// sameRuling reports whether two edits fared alike.
func sameRuling(a, b *Verdict) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Outcome == b.Outcome && a.Conflict == b.Conflict
}
