package google

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// A mailPlace is where mail is to be read on.
type mailPlace struct {
	History string `json:"history"`        // changes are read from there
	Page    string `json:"page,omitempty"` // of the list or the history; empty for the first
	// Filling is set while what is there is listed; Again if that was done before.
	Filling bool `json:"filling,omitempty"`
	Again   bool `json:"again,omitempty"`
	// Behind is set until the history was read to its end for the first time: what has
	// changed since what is there began to be listed is to be read at once.
	Behind bool `json:"behind,omitempty"`
	// Seen are ids of messages that are to be looked at, Gone those that are no more,
	// before the next page is asked for.
	Seen []string `json:"seen,omitempty"`
	Gone []string `json:"gone,omitempty"`
	Left int      `json:"left"` // about how many are still to be listed, -1 if nobody knows

	// What was asked for when it began. If that changes, it begins again.
	Level store.Level `json:"level"`
	Since time.Time   `json:"since,omitzero"`
}

// mailPlaceOf is the place to read on from. It has no history if nothing was read.
func mailPlaceOf(a source.Account, from source.Place) (mailPlace, error) {
	begin := mailPlace{Filling: true, Behind: true, Again: from.Again, Left: -1, Level: a.Level, Since: a.Since}
	if len(from.State) == 0 {
		return begin, nil
	}
	var at mailPlace
	if err := json.Unmarshal(from.State, &at); err != nil {
		return mailPlace{}, fmt.Errorf("%w: %w", source.ErrPlace, err)
	}
	if at.Level != a.Level || a.Since.Before(at.Since) {
		begin.Again = true
		return begin, nil
	}
	return at, nil
}

// see notes messages that are to be looked at, none twice.
func (p *mailPlace) see(ids ...string) {
	for _, id := range ids {
		if !slices.Contains(p.Seen, id) {
			p.Seen = append(p.Seen, id)
		}
	}
}

// take takes a step's share of what was noted.
func (p *mailPlace) take() (seen, gone []string) {
	n, m := min(len(p.Seen), atOnce), min(len(p.Gone), store.MaxPull-atOnce)
	seen, gone = p.Seen[:n], p.Gone[:m]
	p.Seen, p.Gone = p.Seen[n:], p.Gone[m:]
	return seen, gone
}

// step is a step to the place.
func (p mailPlace) step(found []store.Item, removed []string) (source.Step, error) {
	state, err := json.Marshal(p)
	if err != nil {
		return source.Step{}, fmt.Errorf("write down the place: %w", err)
	}
	left := p.Left
	if left >= 0 {
		left += len(p.Seen)
	}
	more := p.Filling || p.Behind || p.Page != "" || len(p.Seen) > 0 || len(p.Gone) > 0
	return source.Step{Found: found, Removed: removed, State: state, More: more, Left: left}, nil
}
