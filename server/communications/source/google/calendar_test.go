package google_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/store"
	"wedsync/testdata/providers"
)

// scope is that of Anna's main calendar.
const scope = "calendar:" + anna

// meeting is one of Anna with a client.
func meeting() providers.Event {
	start := now.AddDate(0, 0, 3)
	return providers.Event{
		UID: "m1@google.com", Start: start, End: start.Add(time.Hour), Summary: "Tasting", Description: "<p>Bring <b>wine</b></p>",
		Organiser: providers.Person{Address: anna}, Attendees: []providers.Person{{Address: anna}, {Name: "Ada", Address: "ada@mail.example"}},
	}
}

func calendar(t *testing.T) (*providers.Server, providers.GoogleCalendar, *reader) {
	s := providers.New(providers.Options{Clock: func() time.Time { return now }})
	return s, s.GoogleCalendar(anna, anna, "Anna", ""), newReader(t, s, anna)
}

// only is the only item that was read.
func (r *reader) only() store.Item {
	r.t.Helper()
	if len(r.Found) != 1 {
		r.t.Fatalf("%d items", len(r.Found))
	}
	for _, item := range r.Found {
		return item
	}
	panic("unreachable")
}

func TestEventsAreCallsWhereNobodyComesTogether(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*providers.Event)
		kind   string
	}{
		"a place":            {func(e *providers.Event) { e.Location = "Studio, Lindenhof 3, 10115 Berlin" }, "meeting"},
		"nothing":            {func(*providers.Event) {}, "meeting"},
		"a conference":       {func(e *providers.Event) { e.Conference = "https://meet.example/x" }, "scheduled_call"},
		"a telephone number": {func(e *providers.Event) { e.Location = "030 901820" }, "scheduled_call"},
	} {
		_, cal, r := calendar(t)
		e := meeting()
		c.change(&e)
		cal.Add(e)
		r.readScope(scope)
		item := r.only()
		if item.Kind != c.kind || item.Direction != store.Outbound || item.Subject != "Tasting" || item.Body != "Bring wine" || !item.At.Equal(e.Start) {
			t.Errorf("%s: %+v", name, item)
		}
		var d source.Detail
		if err := json.Unmarshal(item.Detail, &d); err != nil || !d.Ends.Equal(e.End) || d.Conference != e.Conference || d.Location != e.Location {
			t.Errorf("%s: %s", name, item.Detail)
		}
	}
}

func TestDaysAreMidnightsInUTC(t *testing.T) {
	_, cal, r := calendar(t)
	e := meeting()
	e.AllDay, e.Start, e.End = true, time.Date(2027, 6, 12, 0, 0, 0, 0, time.UTC), time.Date(2027, 6, 13, 0, 0, 0, 0, time.UTC)
	cal.Add(e)
	r.readScope(scope)
	if item := r.only(); !item.At.Equal(e.Start) || item.Key != source.EventKey(e.UID, e.Start) {
		t.Errorf("%+v", item)
	}
}

func TestInstanceThatMovesStaysTheSame(t *testing.T) {
	_, cal, r := calendar(t)
	e := meeting()
	e.Original = e.Start
	id := cal.Add(e)
	r.readScope(scope)
	before := r.only()
	e.Start, e.End = e.Start.Add(24*time.Hour), e.End.Add(24*time.Hour)
	cal.Set(id, e)
	r.readScope(scope)
	if after := r.only(); after.Key != before.Key || !after.At.Equal(e.Start) {
		t.Errorf("%+v, then %+v", before, after)
	}
	e.Cancelled = true
	cal.Set(id, e)
	r.readScope(scope)
	if len(r.Found) != 0 {
		t.Errorf("cancelled: %v", r.Found)
	}
}

func TestOnlyCalendarsThatTheOwnerKeepsAreRead(t *testing.T) {
	s, _, r := calendar(t)
	s.GoogleCalendar(anna, "holidays@group.v.calendar.google.com", "Holidays", "reader")
	shared := s.GoogleCalendar(anna, "c_shop#1@group.calendar.google.com", "Shop", "writer")
	shared.Add(meeting())
	r.read()
	if scopes, err := r.Source.Scopes(t.Context(), r.Account); err != nil || len(scopes) != 3 { // mail, and two calendars
		t.Errorf("%v %v", scopes, err)
	}
	r.only()
}

func TestWhatWasRemovedWhileTheTokenWasForgottenIsRemoved(t *testing.T) {
	_, cal, r := calendar(t)
	id := cal.Add(meeting())
	r.readScope(scope)
	cal.Remove(id)
	cal.Forget()
	r.readScope(scope)
	if len(r.Found) != 0 {
		t.Errorf("%v", r.Found)
	}
}

func TestHorizonMovesOn(t *testing.T) {
	_, cal, r := calendar(t)
	e := meeting()
	e.Start, e.End = now.AddDate(2, 6, 0), now.AddDate(2, 6, 1)
	cal.Add(e)
	r.readScope(scope)
	if len(r.Found) != 0 {
		t.Fatalf("beyond the horizon: %v", r.Found)
	}
	r.Account.Now = now.AddDate(1, 1, 0)
	r.readScope(scope)
	r.only()
}

func TestMissingPermissionIsSaidAsSuch(t *testing.T) {
	_, _, r := calendar(t)
	_, err := google.Source{}.Pull(t.Context(), r.Account, "folder:x", source.Place{})
	if !errors.Is(err, source.ErrGone) {
		t.Errorf("an unknown scope: %v", err)
	}
	r.Account.Caller = refusing(403, `{"error":{"code":403,"message":"Request had insufficient authentication scopes.","errors":[{"reason":"insufficientPermissions"}]}}`)
	_, err = google.Source{}.Scopes(t.Context(), r.Account)
	if !errors.Is(err, source.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
}
