package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
)

// Compare orders positions as timelines do backwards: by time, then id.
func (p TimelinePosition) Compare(q TimelinePosition) int {
	return cmp.Or(p.At.Compare(q.At), cmp.Compare(p.ID, q.ID))
}

// Newest are the first positions of several timelines together, the newest first,
// each once, at most limit.
func Newest(all []TimelinePosition, limit int) []TimelinePosition {
	slices.SortFunc(all, func(p, q TimelinePosition) int { return q.Compare(p) })
	all = slices.Compact(all)
	return all[:min(len(all), max(limit, 0))]
}

// MadeBefore is what all ids are below that were made before a time, and none that
// was made later.
func MadeBefore(at time.Time) string {
	var id ulid.ULID
	if at.UnixMilli() > 0 {
		// It fails in the year 10889 at the earliest; no id comes after that.
		_ = id.SetTime(min(ulid.Timestamp(at), ulid.MaxTime()))
	}
	return id.String()
}
