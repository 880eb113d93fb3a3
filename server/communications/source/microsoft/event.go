package microsoft

import (
	"fmt"
	"time"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// seriesMaster is the type of an event that says how others recur.
const seriesMaster = "seriesMaster"

// An event is an appointment, or an instance of one that recurs.
type event struct {
	gone
	ID        string    `json:"id"`
	UID       string    `json:"iCalUId"`
	Type      string    `json:"type"`
	Series    string    `json:"seriesMasterId"`
	Original  time.Time `json:"originalStart"`
	Start     moment    `json:"start"`
	End       moment    `json:"end"`
	AllDay    bool      `json:"isAllDay"`
	Cancelled bool      `json:"isCancelled"`
	Subject   string    `json:"subject"`
	Body      body      `json:"body"`
	Location  struct {
		Name string `json:"displayName"`
	} `json:"location"`
	Online  bool `json:"isOnlineMeeting"`
	Meeting struct {
		URL string `json:"joinUrl"`
	} `json:"onlineMeeting"`
	URL       string     `json:"onlineMeetingUrl"`
	Shown     string     `json:"showAs"`
	Organiser *recipient `json:"organizer"`
	Attendees []struct {
		recipient
		Type string `json:"type"`
	} `json:"attendees"`
}

// A moment is a time of day in a time zone, which is always UTC here.
type moment struct {
	Time string `json:"dateTime"`
	Zone string `json:"timeZone"`
}

func (m moment) none() bool { return m.Time == "" }

func (m moment) read() (time.Time, error) {
	at, err := time.Parse("2006-01-02T15:04:05", m.Time) // takes fractions of seconds too
	if err != nil || at.IsZero() || m.Zone != "" && m.Zone != "UTC" {
		return time.Time{}, fmt.Errorf("%w: the time %q in %q", source.ErrUnreadable, m.Time, m.Zone)
	}
	return at, nil
}

// part reports whether it lacks what all events have, as instances do that are like
// their series.
func (e event) part() bool {
	return e.UID == "" || e.Start.none() || e.Type == "occurrence" && e.Organiser == nil
}

// item is the event as the store has it.
func (e event) item(a source.Account, provider string) (store.Item, error) {
	start, err := e.Start.read()
	if err != nil {
		return store.Item{}, err
	}
	end, err := e.End.read()
	if err != nil {
		return store.Item{}, err
	}
	var people []store.Participant
	if e.Organiser != nil {
		people = persons(a, "organiser", *e.Organiser)
	}
	for _, one := range e.Attendees {
		if one.Type != "resource" { // a room
			people = append(people, persons(a, "attendee", one.recipient)...)
		}
	}
	people = source.Together(people)
	conference := e.Meeting.URL
	if conference == "" {
		conference = e.URL
	}
	text := e.Body.text()
	item := store.Item{
		Kind: "meeting", At: start, Direction: source.Way(people, "organiser"),
		Subject: source.Line(e.Subject, maxSubject), Snippet: text.Snippet, Body: text.Body,
		Participants: people, Occurrences: []store.Occurrence{{Provider: provider}},
	}
	if e.Online || conference != "" || source.HasPhone(e.Location.Name, a.Region) {
		item.Kind = "scheduled_call"
	}
	state := "confirmed"
	if e.Shown == "tentative" {
		state = e.Shown
	}
	item.Detail = source.Detail{
		State: state, Ends: end, AllDay: e.AllDay, Location: source.Line(e.Location.Name, maxLine), Conference: source.Line(conference, maxLine),
	}.JSON()
	first := start
	if !e.Original.IsZero() {
		first = e.Original
	}
	item.Key = source.EventKey(plainUID(e.UID), first)
	narrow(&item, a.Level)
	return item, nil
}
