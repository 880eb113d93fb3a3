package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// Surroundings of a proposal: what else its author edited in the same minutes.
const (
	AroundWithin    = 5 * time.Minute // before and after the proposal's edit
	MaxAround       = 20              // edits; the nearest in time
	maxAroundWeight = 64 << 10        // bytes of their values; the first may have more
)

// Around tells what else the author of a proposal of a field edited within
// AroundWithin, as it came to the hub. Time is that of the author's clock; of
// what came over the API, the hub's.
func (h *History) Around(field crdt.Path, p Proposal) []Event {
	if len(p.Authors) == 0 {
		return nil
	}
	var near []*event
	for _, e := range h.events {
		if e.edits() && e.Field != field && e.Author.same(p.Authors[0]) && e.apart(p.EditedAt) <= AroundWithin {
			near = append(near, e)
		}
	}
	slices.SortStableFunc(near, func(a, b *event) int { return int(a.apart(p.EditedAt) - b.apart(p.EditedAt)) })
	var around []Event
	size := 0
	for _, e := range near {
		told, tells := h.tell(e)
		size += weight(told.Before) + weight(told.After)
		if len(around) == MaxAround || len(around) > 0 && size > maxAroundWeight {
			break
		}
		if tells {
			around = append(around, told)
		}
	}
	slices.SortFunc(around, func(a, b Event) int { return a.Place.Compare(b.Place) })
	return around
}

// edits reports whether somebody edited a field by the event.
func (e *event) edits() bool {
	return e.Field != "" && (e.Kind == "sync" || e.Kind == KindAPI || e.Kind == KindWebhook)
}

// apart is how far an event lies from a moment of its author's clock.
func (e *event) apart(at time.Time) time.Duration {
	if e.Edited.IsZero() {
		return e.At.Sub(at).Abs()
	}
	return e.Edited.Sub(at).Abs()
}
