package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// A place is where a folder or calendar is to be read on.
type place struct {
	Link string `json:"link"` // Graph's; empty to begin
	// What was asked for when it began. More makes it begin again.
	Level store.Level `json:"level"`
	Since time.Time   `json:"since,omitzero"`
	Until time.Time   `json:"until,omitzero"` // of a calendar

	Left int `json:"left"` // about, -1 if nobody knows
}

// placeOf is the place to read on from. It has no link if everything is to be read.
func placeOf(a source.Account, from source.Place) (place, error) {
	begin := place{Level: a.Level, Since: a.Since, Left: -1}
	if len(from.State) == 0 {
		return begin, nil
	}
	var at place
	if err := json.Unmarshal(from.State, &at); err != nil {
		return place{}, fmt.Errorf("%w: %w", source.ErrPlace, err)
	}
	if at.Level != a.Level || a.Since.Before(at.Since) {
		return begin, nil
	}
	return at, nil
}

// sizes are how many things an answer may have: fewer if an answer with more is
// too large or breaks off.
var sizes = []int{50, 10, 1}

// changes asks for the next page of what has changed, and moves the place on.
func changes[T any](ctx context.Context, a source.Account, at *place, prefer ...string) (p page[T], err error) {
	for _, size := range sizes {
		p = page[T]{}
		err = ask(ctx, a, at.Link, &p, append(prefer, "odata.maxpagesize="+strconv.Itoa(size))...)
		if !errors.Is(err, source.ErrUnreadable) {
			break
		}
	}
	switch {
	case err != nil:
		return p, err
	case len(p.Value) > store.MaxPull:
		return p, fmt.Errorf("%w: %d changes at once", source.ErrUnreadable, len(p.Value))
	case p.Next != "":
		at.Link = p.Next
		if at.Left >= 0 {
			at.Left = max(0, at.Left-len(p.Value))
		}
	case p.Delta != "":
		at.Link, at.Left = p.Delta, 0
	default:
		return p, fmt.Errorf("%w: a page of changes does not say where to go on", source.ErrUnreadable)
	}
	return p, nil
}

// step is a step without what it found, after which there is more if more is set.
func (at place) step(more bool) (source.Step, error) {
	state, err := json.Marshal(at)
	if err != nil {
		return source.Step{}, fmt.Errorf("write down the place: %w", err)
	}
	return source.Step{State: state, More: more, Left: at.Left}, nil
}

// narrow takes from an item what its account does not show.
func narrow(item *store.Item, level store.Level) {
	if level < store.LevelEverything {
		item.Snippet, item.Body, item.Detail = "", "", nil
	}
	if level < store.LevelSubject {
		item.Subject = ""
	}
	item.Occurrences[0].Level = level
}

// Bounds of what is said in one line, in bytes.
const (
	maxSubject = 4 << 10
	maxLine    = 2 << 10
	maxName    = 256 // of a file, and of its type
)
