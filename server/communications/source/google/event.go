package google

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// An event is an appointment, or an instance of one that recurs.
type event struct {
	ID          id      `json:"id"`
	Status      string  `json:"status"`
	Type        string  `json:"eventType"`
	Visibility  string  `json:"visibility"`
	UID         string  `json:"iCalUID"`
	Start       moment  `json:"start"`
	End         moment  `json:"end"`
	Original    *moment `json:"originalStartTime"` // of an instance
	Summary     string  `json:"summary"`
	Description string  `json:"description"` // often HTML
	Location    string  `json:"location"`
	Hangout     string  `json:"hangoutLink"`
	Conference  struct {
		Entries []struct {
			Type string `json:"entryPointType"`
			URI  string `json:"uri"`
		} `json:"entryPoints"`
	} `json:"conferenceData"`
	Organiser person   `json:"organizer"`
	Attendees []person `json:"attendees"`
}

type person struct {
	Address  string `json:"email"`
	Name     string `json:"displayName"`
	Self     bool   `json:"self"`
	Resource bool   `json:"resource"` // a room
}

// A moment is a time, or a day.
type moment struct {
	Time time.Time `json:"dateTime"`
	Day  string    `json:"date"`
}

// read is the moment's time, midnight in UTC of a day.
func (m moment) read() (at time.Time, allDay bool, err error) {
	if m.Day == "" {
		if m.Time.IsZero() {
			return at, false, fmt.Errorf("%w: an event without a time", source.ErrUnreadable)
		}
		return m.Time.UTC(), false, nil
	}
	at, err = time.Parse(time.DateOnly, m.Day)
	if err != nil {
		return at, false, fmt.Errorf("%w: the day %q", source.ErrUnreadable, m.Day)
	}
	return at, true, nil
}

// ofNobody reports whether the event is none in which people meet: where somebody
// works, is away, or was born.
func (e event) ofNobody() bool {
	return slices.Contains([]string{"birthday", "focusTime", "outOfOffice", "workingLocation"}, e.Type)
}

// conference is where an event takes place that is a call, and whether it is one.
func (e event) conference(region string) (uri string, ok bool) {
	uri, ok = e.Hangout, e.Hangout != ""
	for _, entry := range e.Conference.Entries {
		ok = true
		if uri == "" && entry.Type != "more" {
			uri = entry.URI
		}
	}
	return uri, ok || source.HasPhone(e.Location, region)
}

// maxLine bounds a location and a URI, in bytes.
const maxLine = 2 << 10

// tag is what only markup has.
var tag = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)

// item is the event as the store has it.
func (e event) item(a source.Account, provider string) (store.Item, error) {
	start, allDay, err := e.Start.read()
	if err != nil {
		return store.Item{}, err
	}
	end, _, err := e.End.read()
	if err != nil {
		return store.Item{}, err
	}
	first := start
	if e.Original != nil {
		if first, _, err = e.Original.read(); err != nil {
			return store.Item{}, err
		}
	}
	var people []store.Participant
	if e.Organiser.Address != "" {
		people = append(people, e.Organiser.participant(a, "organiser"))
	}
	for _, one := range e.Attendees {
		if !one.Resource {
			people = append(people, one.participant(a, "attendee"))
		}
	}
	people = source.Together(people)
	text := source.TextOf(e.Description, "")
	if tag.MatchString(e.Description) {
		text = source.TextOf("", e.Description)
	}
	uri, call := e.conference(a.Region)
	item := store.Item{
		Key: source.EventKey(cmp.Or(e.UID, string(e.ID)), first), Kind: "meeting", At: start, Direction: source.Way(people, "organiser"),
		Subject: source.Line(e.Summary, maxSubject), Snippet: text.Snippet, Body: text.Body,
		Detail: source.Detail{
			State: source.Line(e.Status, maxLine), Ends: end, AllDay: allDay,
			Location: source.Line(e.Location, maxLine), Conference: source.Line(uri, maxLine),
		}.JSON(),
		Participants: people, Occurrences: []store.Occurrence{{Provider: provider}},
	}
	if call {
		item.Kind = "scheduled_call"
	}
	level := a.Level
	if e.Visibility == "private" || e.Visibility == "confidential" {
		level = store.LevelMetadata // its owner's own affair
	}
	narrow(&item, level)
	return item, nil
}

func (p person) participant(a source.Account, role string) store.Participant {
	one := a.Person(role, p.Name, p.Address)
	one.Own = one.Own || p.Self
	return one
}

// appendNew appends a text unless it is there.
func appendNew(all []string, one string) []string {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
