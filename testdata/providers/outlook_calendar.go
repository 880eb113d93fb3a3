package providers

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An outlookCalendar is one at Outlook. Recurring events are kept as their
// instances and a series.
type outlookCalendar struct {
	id, name string
	mine     bool // its owner writes in it
	made     uint64
	events   map[string]*outlookEvent
}

// An outlookEvent is an event in a calendar.
type outlookEvent struct {
	id     string
	series string // the id of the series that an instance belongs to
	master bool   // it is a series
	other  bool   // an instance that is not like its series
	change uint64
	event  Event
	gone   bool
}

// An OutlookCalendar is a calendar that can be changed as its owner does.
type OutlookCalendar struct {
	box Outlook
	id  string
}

// OutlookCalendar is a calendar of an account. It is made if it is new. Others do
// not let the account's owner write in theirs.
func (s *Server) OutlookCalendar(address, name string, mine bool) OutlookCalendar {
	o := s.Outlook(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.outlookBox(address)
	id := "AAMkCal" + cursorOf(name) + "="
	if _, ok := box.calendars[id]; !ok {
		box.calendars[id] = &outlookCalendar{id: id, name: name, mine: mine, made: s.next(), events: make(map[string]*outlookEvent)}
	}
	return OutlookCalendar{o, id}
}

// Add puts an event into the calendar and gives its id. The first instance of one
// that recurs makes its series too.
func (c OutlookCalendar) Add(e Event) string {
	var id string
	c.change("created", func(in *outlookCalendar, now *uint64) string {
		id = fmt.Sprintf("AAkEvent%012d=", c.box.server.next())
		kept := &outlookEvent{id: id, event: e}
		if !e.Original.IsZero() {
			kept.series = "AAkSeries" + cursorOf(e.UID) + "="
			if _, ok := in.events[kept.series]; !ok {
				in.events[kept.series] = &outlookEvent{id: kept.series, master: true, change: *now, event: e}
				*now++
			}
		}
		kept.change = *now
		in.events[id] = kept
		return id
	})
	return id
}

// Set changes an event, as one that was moved.
func (c OutlookCalendar) Set(id string, e Event) {
	c.change("updated", func(in *outlookCalendar, now *uint64) string {
		kept, ok := in.events[id]
		if !ok {
			return ""
		}
		kept.event, kept.gone, kept.change, kept.other = e, false, *now, kept.series != ""
		return id
	})
}

// Remove removes an event from the calendar.
func (c OutlookCalendar) Remove(id string) {
	c.change("deleted", func(in *outlookCalendar, now *uint64) string {
		kept, ok := in.events[id]
		if !ok {
			return ""
		}
		kept.gone, kept.change = true, *now
		return id
	})
}

func (c OutlookCalendar) change(kind string, f func(in *outlookCalendar, now *uint64) string) {
	s := c.box.server
	s.mu.Lock()
	box := s.outlookBox(c.box.address)
	box.now += 1 + box.now%3
	var pushes []Push
	if id := f(box.calendars[c.id], &box.now); id != "" {
		pushes = s.notifications(c.box.address, kind, "event", id)
	}
	s.mu.Unlock()
	s.pushed(pushes...)
}

// graphCalendars answers the list of calendars.
func (s *Server) graphCalendars(r *request) (any, error) {
	names, err := fields(r, []string{"name", "canEdit", "canShare", "isDefaultCalendar", "owner"})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*outlookCalendar
	for _, c := range s.outlookBox(r.address).calendars {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *outlookCalendar) int { return int(a.made) - int(b.made) }) //nolint:gosec // small numbers
	from := 0
	if token := r.URL.Query().Get("$skip"); token != "" && (!readCursor(token, &from) || from > len(all)) {
		return nil, graphBadRequest("Invalid $skip.")
	}
	size := number(preferred(r)["odata.maxpagesize"], 10, 100)
	value := []map[string]any{}
	for i, c := range all[from:min(len(all), from+size)] {
		value = append(value, selected(map[string]any{
			"id": c.id, "name": c.name, "canEdit": c.mine, "canShare": c.mine, "isDefaultCalendar": from+i == 0,
			"owner": map[string]any{"name": r.address, "address": r.address},
		}, names))
	}
	body := map[string]any{"value": disturbed(s, r, value)}
	if from+size < len(all) {
		body["@odata.nextLink"] = graphLink(r, "$skip", from+size)
	}
	return body, nil
}

// longestView is how much time a calendar view spans at most.
const longestView = 1825 * 24 * time.Hour

// graphEvents answers calendarView/delta of a calendar.
func (s *Server) graphEvents(r *request) (any, error) {
	q := r.URL.Query()
	if q.Has("$select") || q.Has("$filter") || q.Has("$expand") {
		return nil, graphBadRequest("The query parameter is not supported.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.outlookBox(r.address)
	c, ok := box.calendars[r.PathValue("id")]
	if !ok {
		return nil, graphNotFound()
	}
	from, later, err := s.graphCursor(r, box)
	if err != nil {
		return nil, err
	}
	if !later {
		start, err := time.Parse(time.RFC3339, q.Get("startDateTime"))
		end, err2 := time.Parse(time.RFC3339, q.Get("endDateTime"))
		if err != nil || err2 != nil || end.Before(start) || end.Sub(start) > longestView {
			return nil, graphBadRequest("The requested time duration specified for view is not valid.")
		}
		from.From, from.Until = start.Unix(), end.Unix()
	}
	var all []graphChange
	for _, e := range c.events {
		if e.change <= max(from.After, from.Page) || e.change > from.Upto {
			continue
		}
		inside := e.event.End.Unix() > from.From && e.event.Start.Unix() < from.Until
		switch {
		case !e.gone && (inside || e.master):
			all = append(all, graphChange{e.change, func() map[string]any { return e.json() }})
		case from.After > 0:
			all = append(all, graphChange{e.change, func() map[string]any { return graphRemoved(e.id) }})
		}
	}
	return s.graphPage(r, from, all, "event"), nil
}

// graphEvent answers an event.
func (s *Server) graphEvent(r *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.outlookBox(r.address).calendars {
		if e, ok := c.events[r.PathValue("id")]; ok && !e.gone {
			return e.whole(), nil
		}
	}
	return nil, graphNotFound()
}

// json is an event as a list of changes tells it: an instance that is like its
// series says when it is, and no more.
func (e *outlookEvent) json() map[string]any {
	all := e.whole()
	if e.series == "" || e.other || e.event.Cancelled {
		return all
	}
	return selected(all, []string{"type", "seriesMasterId", "start", "end", "originalStart"})
}

// whole is an event with all that Graph knows of it.
func (e *outlookEvent) whole() map[string]any {
	kind := "singleInstance"
	switch {
	case e.master:
		kind = "seriesMaster"
	case e.other:
		kind = "exception"
	case e.series != "":
		kind = "occurrence"
	}
	moment := func(t time.Time) map[string]any {
		return map[string]any{"dateTime": t.UTC().Format("2006-01-02T15:04:05.0000000"), "timeZone": "UTC"}
	}
	original := e.event.Original
	if e.master {
		original = time.Time{}
	}
	attendees := []any{}
	for _, p := range e.event.Attendees {
		person := graphPerson(p)
		person["type"], person["status"] = "required", map[string]any{"response": "accepted", "time": "0001-01-01T00:00:00Z"}
		attendees = append(attendees, person)
	}
	said := map[string]any{
		"@odata.type": "#microsoft.graph.event", "@odata.etag": `W/"` + cursorOf(e.change) + `"`, "id": e.id, "type": kind,
		"iCalUId": outlookUID(e.event.UID, original), "subject": e.event.Summary, "bodyPreview": preview(e.event.Description),
		"body":  map[string]any{"contentType": "text", "content": e.event.Description},
		"start": moment(e.event.Start), "end": moment(e.event.End), "isAllDay": e.event.AllDay, "isCancelled": e.event.Cancelled,
		"location": map[string]any{"displayName": e.event.Location}, "showAs": "busy", "organizer": graphPerson(e.event.Organiser), "attendees": attendees,
		"isOnlineMeeting": e.event.Conference != "", "onlineMeeting": nil, "onlineMeetingUrl": nil, "seriesMasterId": nil,
	}
	if e.event.Conference != "" {
		said["onlineMeeting"] = map[string]any{"joinUrl": e.event.Conference}
	}
	if e.series != "" {
		said["seriesMasterId"] = e.series
	}
	if !original.IsZero() {
		said["originalStart"] = original.UTC().Format(time.RFC3339)
	}
	return said
}

// outlookUID is the iCalUId of an event that another calendar may have given its
// id: a structure that has the day of an instance (MS-OXOCAL, 2.2.1.27).
func outlookUID(uid string, day time.Time) string {
	data := "vCal-Uid\x01\x00\x00\x00" + uid + "\x00"
	id := []byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}
	if day.IsZero() {
		id = append(id, 0, 0, 0, 0)
	} else {
		id = append(id, byte(day.Year()>>8), byte(day.Year()), byte(day.Month()), byte(day.Day()))
	}
	id = append(id, make([]byte, 16)...) // when it was made, and what is reserved
	id = append(id, byte(len(data)), byte(len(data)>>8), 0, 0)
	return strings.ToUpper(hex.EncodeToString(append(id, data...)))
}
