package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"wedsync/server/communications/source"
)

// Graph gives the events of a window of time, which stays where it is once the
// changes in it are asked for, and may not be longer than 1,825 days.
const (
	past    = 3 * 365 * 24 * time.Hour // how far back a window goes at most
	ahead   = 540 * 24 * time.Hour     // how far a new window looks ahead
	renewed = 360 * 24 * time.Hour     // another one is made when it looks ahead less far
)

// inUTC makes times be said in UTC.
const inUTC = `outlook.timezone="UTC"`

// calendars are the scopes of an account's calendars: those that its owner writes
// in. Birthdays, holidays and calendars of others are left out.
func calendars(ctx context.Context, a source.Account) ([]string, error) {
	type calendar struct {
		ID      string `json:"id"`
		CanEdit bool   `json:"canEdit"`
	}
	all, err := list[calendar](ctx, a, "/v1.0/me/calendars?$select=id,canEdit")
	if err != nil {
		return nil, err
	}
	scopes := make([]string, 0, len(all))
	for _, c := range all {
		if source.OddID(c.ID) {
			return nil, fmt.Errorf("%w: a calendar with an odd id", source.ErrUnreadable)
		}
		if c.CanEdit {
			scopes = append(scopes, calendarScope+c.ID)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// pullCalendar makes the next step in a calendar.
func pullCalendar(ctx context.Context, a source.Account, id string, from source.Place) (source.Step, error) {
	at, err := placeOf(a, from)
	if err != nil {
		return source.Step{}, err
	}
	if at.Link == "" {
		at.Until = a.Now.Add(ahead)
		at.Link = "/v1.0/me/calendars/" + url.PathEscape(id) + "/calendarView/delta?" + url.Values{
			"startDateTime": {latest(a.Since, a.Now.Add(-past)).UTC().Format(time.RFC3339)},
			"endDateTime":   {at.Until.UTC().Format(time.RFC3339)},
		}.Encode()
	}
	p, err := changes[event](ctx, a, &at, inUTC)
	if err != nil {
		return source.Step{}, fmt.Errorf("read the changes of a calendar: %w", err)
	}
	more := p.Next != ""
	if !more && at.Until.Before(a.Now.Add(renewed)) {
		// All that has changed in this window is known: on with the next one.
		at.Link, at.Left, more = "", -1, true
	}
	step, err := at.step(more)
	if err != nil {
		return source.Step{}, err
	}
	series := series{a: a, calendar: id, known: make(map[string]event)}
	for _, e := range p.Value {
		if e.Type == seriesMaster {
			series.known[e.ID] = e
		}
	}
	for _, e := range last(p.Value, func(e event) string { return e.ID }) {
		if err := series.into(ctx, e, &step); err != nil {
			return source.Step{}, err
		}
	}
	return step, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// series puts events among what a step found, and knows the series that its
// instances belong to.
type series struct {
	a        source.Account
	calendar string
	known    map[string]event
}

func (s *series) into(ctx context.Context, e event, step *source.Step) error {
	if source.OddID(e.ID) {
		return fmt.Errorf("%w: an event with an odd id", source.ErrUnreadable)
	}
	provider := s.calendar + "/" + e.ID
	if e.Removed != nil || e.Cancelled {
		step.Removed = append(step.Removed, provider)
		return nil
	}
	if e.Type == seriesMaster {
		return nil // its instances are told one by one
	}
	if e.part() {
		whole, err := s.whole(ctx, e)
		if errors.Is(err, source.ErrGone) {
			step.Removed = append(step.Removed, provider)
			return nil
		}
		if err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		if e = whole; e.Cancelled {
			step.Removed = append(step.Removed, provider)
			return nil
		}
	}
	if e.UID == "" {
		return fmt.Errorf("%w: an event without an iCalUId", source.ErrUnreadable)
	}
	item, err := e.item(s.a, provider)
	if err != nil {
		return err
	}
	if !item.At.Before(s.a.Since) {
		step.Found = append(step.Found, item)
	}
	return nil
}

// whole is an event of which Graph said a part only: an instance of a series is
// like the series, but for when it is.
func (s *series) whole(ctx context.Context, e event) (event, error) {
	of := e.ID
	if e.Series != "" && !e.Start.none() {
		of = e.Series
	}
	master, ok := s.known[of]
	if !ok {
		if err := ask(ctx, s.a, "/v1.0/me/events/"+url.PathEscape(of), &master, inUTC); err != nil {
			return event{}, err
		}
		s.known[of] = master
	}
	if of == e.ID {
		return master, nil
	}
	master.ID, master.Type, master.Series = e.ID, e.Type, e.Series
	master.Start, master.End, master.Original = e.Start, e.End, e.Original
	return master, nil
}
