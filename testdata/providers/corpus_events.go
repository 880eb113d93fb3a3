package providers

import (
	"fmt"
	"time"
)

// events makes appointments with clients: meetings, and calls with a conference,
// one in ten of them as the instances of one that recurs.
func (f *filling) events(n int) {
	var calendars []mailAccount
	calendars = append(calendars, f.mailboxes()...)
	if len(calendars) == 0 || len(f.Clients) == 0 {
		return
	}
	for i := 0; i < n; {
		client := f.chosen.IntN(len(f.Clients))
		with := pick(f.chosen, calendars)
		start := f.moment(i, n).Truncate(15 * time.Minute)
		e := Event{
			UID: fmt.Sprintf("%d-%d@google.com", f.seed, i), Start: start, End: start.Add(time.Hour), Summary: "Talk with " + f.Clients[client].Name,
			Organiser: Person{"Studio Lindenhof", with.address},
			Attendees: []Person{{"Studio Lindenhof", with.address}, {f.Clients[client].Name, f.Clients[client].EMail}},
		}
		fact := Fact{Kind: "meeting", ID: e.UID, Client: client, Accounts: []string{with.address}, At: start}
		switch f.chosen.IntN(3) {
		case 0:
			e.Location = "Studio, Lindenhof 3"
		case 1:
			e.Conference, fact.Kind = "https://meet.example/"+fmt.Sprintf("%x", f.chosen.Uint32()), "scheduled_call"
		default:
			e.AllDay = true
			e.Start = start.Truncate(24 * time.Hour)
			e.End, fact.At = e.Start.Add(24*time.Hour), e.Start
		}
		instances := 1
		if f.chosen.IntN(10) == 0 && !e.AllDay {
			instances = 3
		}
		for k := range min(instances, n-i) {
			one, of := e, fact
			if instances > 1 {
				one.Start, one.End = e.Start.AddDate(0, 0, 7*k), e.End.AddDate(0, 0, 7*k)
				one.Original, of.At = one.Start, one.Start
			}
			f.schedule(with, one)
			f.Facts = append(f.Facts, of)
			i++
		}
	}
}

// schedule puts an event into the main calendar of an account.
func (f *filling) schedule(with mailAccount, e Event) {
	if with.provider == Google {
		f.server.GoogleCalendar(with.address, with.address, with.address, "").Add(e)
	} else {
		f.server.OutlookCalendar(with.address, "Calendar", true).Add(e)
	}
}
