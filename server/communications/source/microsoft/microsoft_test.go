package microsoft_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/microsoft"
	"wedsync/store"
	"wedsync/testdata/providers"
)

var client = providers.Person{Name: "Chloé Weber", Address: "Chloe@Mail.example"}

func mail(id string, from, to providers.Person) providers.Mail {
	return providers.Mail{MessageID: "<" + id + "@mail.example>", From: from, To: []providers.Person{to}, Subject: "Flowers", Text: "White roses.", Date: now.Add(-time.Hour)}
}

func TestAccountIsReadCompletelyInEveryTrouble(t *testing.T) {
	troubles := map[string][]providers.Fault{"none": nil, "all": providers.AllFaults()}
	for _, f := range providers.AllFaults() {
		troubles[string(f)] = []providers.Fault{f}
	}
	for name, faults := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			corpus := s.fill(200, 60)
			for _, f := range faults {
				if f == providers.Expired {
					s.server.Next(f, "delta", 3) // in the middle of reading
					continue
				}
				s.server.Trouble(f, 0.2, -1)
			}
			s.read()
			s.wants(corpus)
			if slices.Contains(faults, providers.Expired) && s.Again == 0 {
				t.Error("no place was forgotten")
			}

			s.server.Calm()
			s.server.ResetCounts()
			s.read()
			s.wants(corpus)
			if asked := s.server.Total("messages/delta").Asked + s.server.Total("calendarView").Asked; asked != 4 {
				t.Errorf("%d requests, want one for inbox, sent items, archive and calendar", asked)
			}
			if s.server.Total("messages/{id}").Asked != 0 || s.server.Total("events/{id}").Asked != 0 {
				t.Error("mails or events were asked for once more")
			}
		})
	}
}

func TestMailIsReadWithAllThatItSays(t *testing.T) {
	s := newScene(t)
	m := mail("B@2", client, providers.Person{Name: "Anna", Address: owner})
	m.MessageID, m.References, m.InReplyTo = "<B2@Mail.Example>", []string{"<A1@mail.example>", "<X@mail.example>"}, "<X@mail.example>"
	m.Cc, m.Attached = []providers.Person{{Address: "ben@studio.example"}}, []providers.Attachment{{Name: "Plan.pdf", Type: "application/pdf", Size: 12}}
	m.HTML = "<p>White <b>roses</b>.<script>1</script></p>"
	s.box.Add(m)
	s.read()
	item := s.only()
	key, thread := source.MailKeys("<B2@mail.example>", "<A1@mail.example>", "", s.Account, "")
	if item.Kind != "email" || item.Key != key || item.Thread != thread || !item.At.Equal(m.Date) || item.Direction != store.Inbound {
		t.Errorf("%+v", item)
	}
	if item.Subject != "Flowers" || item.Snippet != "White roses." || item.Body != "White roses." || !strings.Contains(string(item.Detail), "Plan.pdf") || strings.Contains(string(item.Detail), "script") {
		t.Errorf("%q %q %q %s", item.Subject, item.Snippet, item.Body, item.Detail)
	}
	if got := fmt.Sprint(roles(item)); got != "[cc ben@studio.example from chloe@mail.example to anna@studio.example]" {
		t.Error(got)
	}
}

func TestAnswerFromOutlookIsInItsThread(t *testing.T) {
	s := newScene(t)
	m := mail("2", providers.Person{Address: owner}, client)
	m.InReplyTo = "<A1@mail.example>"
	m.Bcc = []providers.Person{{Address: "ben@studio.example"}}
	s.box.Add(m)
	s.read()
	item := s.only()
	if _, thread := source.MailKeys("<A1@mail.example>", "", "", s.Account, ""); item.Thread != thread || item.Direction != store.Outbound || len(item.Participants) != 3 {
		t.Errorf("%+v", item)
	}
}

func TestAccountShowsNoMoreThanItsOwnerAllows(t *testing.T) {
	s := newScene(t)
	s.box.Add(mail("1", client, providers.Person{Address: owner}))
	s.server.OutlookCalendar(owner, "Calendar", true).Add(providers.Event{UID: "u", Start: now, End: now.Add(time.Hour), Summary: "Tasting", Description: "At noon", Location: "Studio", Organiser: client})
	for _, level := range []store.Level{store.LevelMetadata, store.LevelSubject, store.LevelEverything, store.LevelMetadata} {
		s.Account.Level = level // everything is read again
		s.read()
		if len(s.Found) != 2 {
			t.Fatal(s.Found)
		}
		for _, item := range s.Found {
			if (item.Subject != "") != (level >= store.LevelSubject) || (item.Body != "") != (level == store.LevelEverything) || (item.Detail != nil) != (level == store.LevelEverything) || item.Snippet != "" && level < store.LevelEverything {
				t.Errorf("level %d: %+v", level, item)
			}
		}
	}
}

func TestWhatIsOlderIsLeftAloneUntilItIsWanted(t *testing.T) {
	s := newScene(t)
	old := mail("old", client, providers.Person{Address: owner})
	old.Date = now.AddDate(-1, 0, 0)
	s.box.Add(old)
	s.box.Add(mail("new", client, providers.Person{Address: owner}))
	s.Account.Since = now.AddDate(0, -1, 0)
	s.read()
	s.only()
	s.Account.Since = time.Time{}
	s.read()
	if len(s.Found) != 2 {
		t.Errorf("%d items", len(s.Found))
	}
}

func TestMailThatMovesIsNotLostWhicheverFolderIsReadFirst(t *testing.T) {
	for _, first := range []string{"from", "to"} {
		s := newScene(t)
		folders := map[string]string{"from": s.box.Folder("Clients", ""), "to": s.box.Folder("Chloé", "inbox")}
		id := s.box.Add(mail("1", client, providers.Person{Address: owner}), folders["from"])
		s.read()
		key := s.only().Key
		s.box.Move(id, folders["to"])
		second := "to"
		if first == "to" {
			second = "from"
		}
		for _, which := range []string{first, second} {
			if err := s.ReadScope(t.Context(), "folder:"+folders[which]); err != nil {
				t.Fatal(err)
			}
			if which == "to" && s.Keys()[key] == 0 {
				t.Errorf("%s first: lost", first)
			}
		}
		if s.only().Key != key {
			t.Errorf("%s first: another mail", first)
		}
	}
}

func TestMailThatIsThrownAwayGoes(t *testing.T) {
	s := newScene(t)
	id := s.box.Add(mail("1", client, providers.Person{Address: owner}))
	kept := s.box.Add(mail("2", client, providers.Person{Address: owner}))
	s.read()
	s.box.Delete(id)
	s.read()
	if item := s.only(); !strings.HasSuffix(item.Occurrences[0].Provider, kept) {
		t.Errorf("%+v", item)
	}
	s.box.Move(id, "inbox") // out of the bin
	s.read()
	if len(s.Found) != 2 {
		t.Errorf("%v", s.Found)
	}
}

func TestDraftsJunkAndTheDeletedAreLeftOut(t *testing.T) {
	s := newScene(t)
	below := s.box.Folder("Old things", "deleteditems")
	for i, folder := range []string{"drafts", "junkemail", "deleteditems", "outbox", below} {
		s.box.Add(mail(fmt.Sprint(i), client, providers.Person{Address: owner}), folder)
	}
	s.server.OutlookCalendar(owner, "Holidays", false).Add(providers.Event{UID: "h", Start: now, End: now.Add(time.Hour), Organiser: client})
	s.read()
	if len(s.Found) != 0 {
		t.Errorf("%v", s.Found)
	}
}

func TestMailThatIsOnlySaidToHaveChangedIsAskedFor(t *testing.T) {
	s := newScene(t)
	id := s.box.Add(mail("1", client, providers.Person{Address: owner}))
	s.read()
	before := s.only()
	s.box.Read(id)
	s.server.ResetCounts()
	s.read()
	if after := s.only(); after.Key != before.Key || after.Subject != before.Subject || s.server.Total("messages/{id}").Asked != 1 {
		t.Errorf("%+v", after)
	}
}

func TestAppointmentsAreKnownByTheirInstances(t *testing.T) {
	s := newScene(t)
	c := s.server.OutlookCalendar(owner, "Calendar", true)
	var ids []string
	for week := range 3 {
		start := now.AddDate(0, 0, 7*week)
		ids = append(ids, c.Add(providers.Event{
			UID: "series@google.com", Start: start, End: start.Add(time.Hour), Original: start, Summary: "Planning",
			Organiser: providers.Person{Address: owner}, Attendees: []providers.Person{client},
		}))
	}
	s.read()
	keys := s.Keys()
	for week := range 3 {
		if keys[source.EventKey("series@google.com", now.AddDate(0, 0, 7*week))] != 1 {
			t.Errorf("week %d is missing", week)
		}
	}
	for _, item := range s.Found {
		if item.Kind != "meeting" || item.Direction != store.Outbound || item.Subject != "Planning" || len(item.Participants) != 2 {
			t.Errorf("%+v", item)
		}
	}
	moved := now.AddDate(0, 0, 8)
	c.Set(ids[1], providers.Event{UID: "series@google.com", Start: moved, End: moved.Add(time.Hour), Original: now.AddDate(0, 0, 7), Summary: "Planning, by phone", Location: "+49 30 901820", Organiser: client})
	c.Remove(ids[2])
	s.read()
	if len(s.Found) != 2 {
		t.Fatalf("%v", s.Found)
	}
	for _, item := range s.Found {
		if item.Key == source.EventKey("series@google.com", now.AddDate(0, 0, 7)) && (!item.At.Equal(moved) || item.Kind != "scheduled_call" || item.Direction != store.Inbound) {
			t.Errorf("%+v", item)
		}
	}
}

func TestCancelledAppointmentGoes(t *testing.T) {
	s := newScene(t)
	c := s.server.OutlookCalendar(owner, "Calendar", true)
	e := providers.Event{UID: "u", Start: now, End: now.Add(time.Hour), Conference: "https://meet.example/1", Organiser: client}
	id := c.Add(e)
	s.read()
	item := s.only()
	var detail source.Detail
	if err := json.Unmarshal(item.Detail, &detail); err != nil || item.Kind != "scheduled_call" || detail.Conference != e.Conference || !detail.Ends.Equal(e.End) {
		t.Errorf("%v: %+v %+v", err, item, detail)
	}
	e.Cancelled = true
	c.Set(id, e)
	s.read()
	if len(s.Found) != 0 {
		t.Errorf("%v", s.Found)
	}
}

func TestAppointmentsOfLaterComeWhenTheyAreNearer(t *testing.T) {
	s := newScene(t)
	c := s.server.OutlookCalendar(owner, "Calendar", true)
	start := now.AddDate(2, 0, 0)
	c.Add(providers.Event{UID: "far", Start: start, End: start.Add(time.Hour), Organiser: client})
	s.read()
	if len(s.Found) != 0 {
		t.Fatalf("%v", s.Found)
	}
	s.Account.Now = now.AddDate(1, 0, 0)
	s.read()
	s.only()
	s.server.ResetCounts()
	s.read()
	if s.server.Total("calendarView").Asked != 1 {
		t.Error("the window was made again")
	}
}

func TestForgottenPlaceMakesEverythingBeReadAgain(t *testing.T) {
	s := newScene(t)
	corpus := s.fill(60, 20)
	s.read()
	s.box.Forget()
	s.read()
	s.wants(corpus)
	if s.Again == 0 {
		t.Error("no place was forgotten")
	}
}

func TestFolderThatIsGoneSaysSo(t *testing.T) {
	s := newScene(t)
	for _, scope := range []string{"folder:none", "calendar:none", "else"} {
		if _, err := (microsoft.Source{}).Pull(t.Context(), s.Account, scope, source.Place{}); !errors.Is(err, source.ErrGone) {
			t.Errorf("%s: %v", scope, err)
		}
	}
	if _, err := (microsoft.Source{}).Pull(t.Context(), s.Account, "folder:x", source.Place{State: json.RawMessage(`"?"`)}); !errors.Is(err, source.ErrPlace) {
		t.Error(err)
	}
}

func TestBackfillSaysHowMuchIsLeft(t *testing.T) {
	s := newScene(t)
	for i := range 120 {
		s.box.Add(mail(fmt.Sprint(i), client, providers.Person{Address: owner}))
	}
	scopes, err := s.Source.Scopes(t.Context(), s.Account)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, scope := range scopes {
		step, err := s.Source.Pull(t.Context(), s.Account, scope, source.Place{})
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, step.Left)
	}
	if most != 70 {
		t.Errorf("%d left, want 70", most)
	}
}
