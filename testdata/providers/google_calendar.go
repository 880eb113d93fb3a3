package providers

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A calendar is one at Google. Recurring events are kept as their instances.
type calendar struct {
	name    string
	role    string // what its account may do: owner, writer, reader
	primary bool
	events  map[string]*googleEvent
	now     uint64 // the last change
	floor   uint64 // sync tokens of before are too old
	made    uint64 // when it was made, so that lists have an order
}

// A googleEvent is an event in a calendar.
type googleEvent struct {
	id      string
	change  uint64
	updated time.Time
	event   Event
	deleted bool
}

// A GoogleCalendar is a calendar that can be changed as its owner does.
type GoogleCalendar struct {
	server      *Server
	address, id string
}

// GoogleCalendar is a calendar of an account, its main one if the id is the
// account's address. It is made, with a name and a role (owner if empty), if it is
// new.
func (s *Server) GoogleCalendar(address, id, name, role string) GoogleCalendar {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(Google, address, "")
	all, ok := s.google.calendars[address]
	if !ok {
		all = make(map[string]*calendar)
		s.google.calendars[address] = all
	}
	if _, ok := all[id]; !ok {
		if role == "" {
			role = "owner"
		}
		all[id] = &calendar{name: name, role: role, primary: id == address, events: make(map[string]*googleEvent), now: 100, made: s.next()}
	}
	return GoogleCalendar{s, address, id}
}

// Add puts an event into the calendar and gives its id.
func (c GoogleCalendar) Add(e Event) string {
	id := strings.TrimSuffix(strings.ToLower(e.UID), "@google.com")
	if !e.Original.IsZero() {
		id += e.Original.UTC().Format("_20060102T150405Z")
	}
	c.Set(id, e)
	return id
}

// Set changes an event, as one that was moved.
func (c GoogleCalendar) Set(id string, e Event) {
	c.change(id, func(kept *googleEvent) { kept.event, kept.deleted = e, false })
}

// Remove removes an event from the calendar.
func (c GoogleCalendar) Remove(id string) {
	c.change(id, func(kept *googleEvent) { kept.deleted = true })
}

// Forget makes all sync tokens that were given too old.
func (c GoogleCalendar) Forget() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	kept := c.server.google.calendars[c.address][c.id]
	kept.now += 100
	kept.floor = kept.now
}

func (c GoogleCalendar) change(id string, f func(*googleEvent)) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	in := c.server.google.calendars[c.address][c.id]
	kept, ok := in.events[id]
	if !ok {
		kept = &googleEvent{id: id}
		in.events[id] = kept
	}
	in.now += 1 + in.now%3
	kept.change, kept.updated = in.now, c.server.now(Google)
	f(kept)
}

// calendarList answers calendarList.list.
func (s *Server) calendarList(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{}
	for id := range s.google.calendars[r.address] {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return int(s.google.calendars[r.address][a].made) - int(s.google.calendars[r.address][b].made) //nolint:gosec // small numbers
	})
	from, size := 0, number(r.URL.Query().Get("maxResults"), 100, 250)
	if token := r.URL.Query().Get("pageToken"); token != "" && (!readCursor(token, &from) || from > len(ids)) {
		return nil, badRequest("Invalid pageToken")
	}
	items := []any{}
	for _, id := range ids[from:min(len(ids), from+size)] {
		c := s.google.calendars[r.address][id]
		item := map[string]any{"kind": "calendar#calendarListEntry", "id": id, "summary": c.name, "accessRole": c.role, "timeZone": "Europe/Berlin"}
		if c.primary {
			item["primary"] = true
		}
		items = append(items, item)
	}
	answer := map[string]any{"kind": "calendar#calendarList", "items": disturbed(s, r, items)}
	if from+size < len(ids) {
		answer["nextPageToken"] = cursorOf(from + size)
	} else {
		answer["nextSyncToken"] = cursorOf(len(ids))
	}
	return answer, nil
}

// A calendarCursor is what a sync token or page token says.
type calendarCursor struct {
	After uint64 `json:"a"`           // changes after this one are told, all events if 0
	Page  uint64 `json:"p,omitempty"` // the last change on the page before
	Upto  uint64 `json:"u,omitempty"` // the last change when the first page was made
	From  int64  `json:"f,omitempty"` // events that end later than timeMin, in seconds
	Until int64  `json:"t,omitempty"` // and begin before timeMax
	Gone  bool   `json:"g,omitempty"` // showDeleted: those that are gone too
}

// calendarEvents answers events.list.
func (s *Server) calendarEvents(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.google.calendars[r.address][r.PathValue("id")]
	if r.PathValue("id") == "primary" {
		c, ok = s.google.calendars[r.address][r.address]
	}
	if !ok {
		return nil, failure{status: http.StatusNotFound, reason: "notFound", message: "Not Found"}
	}
	from, err := s.calendarCursor(r, c)
	if err != nil {
		return nil, err
	}
	var changed []*googleEvent
	for _, e := range c.events {
		if e.change > max(from.After, from.Page) && e.change <= from.Upto && from.shows(e) {
			changed = append(changed, e)
		}
	}
	slices.SortFunc(changed, func(a, b *googleEvent) int { return int(a.change) - int(b.change) }) //nolint:gosec // small numbers
	size := number(r.URL.Query().Get("maxResults"), 250, 2500)
	answer := map[string]any{"kind": "calendar#events", "summary": c.name, "timeZone": "Europe/Berlin", "accessRole": c.role}
	if len(changed) > size {
		changed = changed[:size]
		next := from
		next.Page = changed[size-1].change
		answer["nextPageToken"] = cursorOf(next)
	} else {
		answer["nextSyncToken"] = cursorOf(calendarCursor{After: from.Upto, From: from.From, Until: from.Until})
	}
	items := []any{}
	for _, e := range changed {
		items = append(items, e.json(r.address))
	}
	answer["items"] = disturbed(s, r, items)
	return answer, nil
}

// calendarCursor reads where a list of events begins. The lock is held.
func (s *Server) calendarCursor(r *request, c *calendar) (calendarCursor, error) {
	q := r.URL.Query()
	from := calendarCursor{Upto: c.now, Gone: q.Get("showDeleted") == "true"}
	if q.Get("singleEvents") != "true" {
		return from, failure{status: http.StatusNotImplemented, reason: "notImplemented", message: "the test server knows instances alone: singleEvents=true"}
	}
	for _, bound := range []struct {
		name string
		to   *int64
	}{{"timeMin", &from.From}, {"timeMax", &from.Until}} {
		text := q.Get(bound.name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || q.Get("syncToken") != "" {
			return from, badRequest("Bad Request: " + bound.name)
		}
		*bound.to = at.Unix()
	}
	gone := failure{status: http.StatusGone, reason: "fullSyncRequired", message: "Sync token is no longer valid, a full sync is required."}
	if token := q.Get("syncToken"); token != "" {
		if !readCursor(token, &from) || from.After < c.floor || s.expired(r) {
			return from, gone
		}
		from.Upto = c.now
	}
	if token := q.Get("pageToken"); token != "" {
		if !readCursor(token, &from) {
			return from, badRequest("Invalid page token value.")
		}
		if s.expired(r) {
			return from, gone
		}
	}
	return from, nil
}

// shows reports whether a list has an event: those that are gone only if changes
// are asked for.
func (c calendarCursor) shows(e *googleEvent) bool {
	switch {
	case e.deleted || e.event.Cancelled:
		return c.After > 0 || c.Gone
	case c.From != 0 && e.event.End.Unix() <= c.From, c.Until != 0 && e.event.Start.Unix() >= c.Until:
		return false
	}
	return true
}

// json is an event as Google tells it.
func (e *googleEvent) json(owner string) map[string]any {
	said := map[string]any{"kind": "calendar#event", "id": e.id, "status": "confirmed", "updated": e.updated.Format("2006-01-02T15:04:05.000Z")}
	moment := func(t time.Time) map[string]any {
		if e.event.AllDay {
			return map[string]any{"date": t.Format(time.DateOnly)}
		}
		return map[string]any{"dateTime": t.Format(time.RFC3339), "timeZone": "Europe/Berlin"}
	}
	if !e.event.Original.IsZero() {
		said["recurringEventId"], _, _ = strings.Cut(e.id, "_")
		said["originalStartTime"] = moment(e.event.Original)
	}
	if e.deleted || e.event.Cancelled {
		said["status"] = "cancelled"
		return said
	}
	person := func(p Person, more map[string]any) map[string]any {
		more["email"] = p.Address
		if p.Name != "" {
			more["displayName"] = p.Name
		}
		if strings.EqualFold(p.Address, owner) {
			more["self"] = true
		}
		return more
	}
	said["iCalUID"], said["start"], said["end"] = e.event.UID, moment(e.event.Start), moment(e.event.End)
	said["organizer"] = person(e.event.Organiser, map[string]any{})
	for key, value := range map[string]string{"summary": e.event.Summary, "description": e.event.Description, "location": e.event.Location, "hangoutLink": e.event.Conference} {
		if value != "" {
			said[key] = value
		}
	}
	if e.event.Conference != "" {
		said["conferenceData"] = map[string]any{"entryPoints": []any{map[string]any{"entryPointType": "video", "uri": e.event.Conference}}}
	}
	attendees := []any{}
	for _, p := range e.event.Attendees {
		attendees = append(attendees, person(p, map[string]any{"responseStatus": "accepted"}))
	}
	if len(attendees) > 0 {
		said["attendees"] = attendees
	}
	return said
}
