package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// again is how long a message or call may change after it began: so far back each
// round goes behind where the last one began. No call takes longer than a day, and
// none is delivered after two.
const again = 2 * 24 * time.Hour

// pageSize is how many things a page has, as many as Twilio gives.
const pageSize = 1000

// A round reads a list from a day on, page by page. Its zero value is before the
// first one.
type round struct {
	Next  string    `json:"next,omitempty"` // Twilio's path of the next page; empty to begin
	From  time.Time `json:"from,omitzero"`  // whose day it reads from
	Began time.Time `json:"began,omitzero"`
	// What was asked for when it began. More makes everything be read again.
	Level store.Level `json:"level"`
	Since time.Time   `json:"since,omitzero"`
	Legs  []leg       `json:"legs,omitempty"` // of calls whose first one may be on a later page
}

// roundOf is the round to go on with, or the next one.
func roundOf(a source.Account, from source.Place) (round, error) {
	first := round{From: a.Since, Began: a.Now, Level: a.Level, Since: a.Since}
	if len(from.State) == 0 {
		return first, nil
	}
	var r round
	if err := json.Unmarshal(from.State, &r); err != nil {
		return round{}, fmt.Errorf("%w: %w", source.ErrPlace, err)
	}
	if r.Level != a.Level || a.Since.Before(r.Since) {
		return first, nil
	}
	if r.Next == "" {
		r.From, r.Began = r.Began.Add(-again), a.Now
		if r.From.Before(a.Since) {
			r.From = a.Since
		}
	}
	return r, nil
}

// A page is one of a list.
type page interface {
	next() string // Twilio's path of the next one
	size() int
}

// page asks for the next page of a list and moves the round on. The list can be
// read from a day on by a parameter.
func (r *round) page(ctx context.Context, a source.Account, list, day string, page page) error {
	path, later := r.Next, r.Next != ""
	if !later {
		query := url.Values{"PageSize": {strconv.Itoa(pageSize)}}
		if !r.From.IsZero() {
			query.Set(day+">", r.From.UTC().Format(time.DateOnly)) // "DateSent>=2027-06-12"
		}
		path = listOf(a, list) + "?" + query.Encode()
	}
	if err := ask(ctx, a, path, later, page); err != nil {
		return fmt.Errorf("read %s: %w", strings.ToLower(list), err)
	}
	if page.size() > 2*pageSize {
		return fmt.Errorf("%w: a page of %d %s", source.ErrUnreadable, page.size(), strings.ToLower(list))
	}
	r.Next = page.next()
	return nil
}

// odd reports whether an id is none that Twilio gives.
func odd(sid string) bool { return sid == "" || len(sid) > maxSID || source.Line(sid, maxSID) != sid }

const maxSID = 64 // bytes

// step is a step without what it found.
func (r round) step() (source.Step, error) {
	state, err := json.Marshal(r)
	if err != nil {
		return source.Step{}, fmt.Errorf("write down the place: %w", err)
	}
	step := source.Step{State: state, More: r.Next != ""}
	if step.More {
		step.Left = -1
	}
	return step, nil
}

// A date is a point in time as Twilio writes it.
type date struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. What has not happened is null.
func (d *date) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil || s == nil || *s == "" {
		return err
	}
	at, err := time.Parse(time.RFC1123Z, *s)
	if err != nil {
		return err
	}
	d.Time = at.UTC()
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (d date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.Format(time.RFC1123Z))
}

// number is a number that Twilio writes as a text.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // null while it is not known
	}
	return n
}
