package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/testdata/providers"
)

// TestCommunicationOfAClient has a hub read accounts of all providers, as its users
// know it: they connect accounts, and ask for a client's timeline.
func TestCommunicationOfAClient(t *testing.T) {
	t.Parallel()
	s := newTalkSite(t)
	s.part("of all sources is one timeline in order of time", s.mergesAllSources)
	s.part("is told to who listens, each item once", s.tellsOnce)
	s.part("is paged, filtered and searched", s.selects)
	s.part("is never shown as empty where a source fails, which is named", s.namesWhatFails)
	s.part("is the same whether pushes are lost, late or doubled", s.readsWhateverBecomesOfPushes)
	s.part("comes back neither from accounts nor from devices once the client was erased", s.staysErased)
}

// mergesAllSources fills the accounts, connects them, and makes the very call that
// somebody makes who wants to know all.
func (s *talkSite) mergesAllSources() {
	anna, cora := s.server.Gmail(annaAtGoogle), s.server.Outlook(coraAtMicrosoft)
	us := providers.Person{Name: "Studio", Address: annaAtGoogle}
	her := providers.Person{Name: zephyrine, Address: zephyrineMail}
	parking := providers.Mail{
		MessageID: "<both@studio.example>", From: us, To: []providers.Person{her, {Name: "Otto", Address: otherMail}},
		Subject: "Where to park at the barn", Text: "Behind the stables, please.", Date: s.ago(60),
		Cc: []providers.Person{{Address: coraAtMicrosoft}},
	}
	anna.Add(parking)
	cora.Add(parking)
	s.expect("gmail", "outbound", "email", "Where to park at the barn", s.ago(60))
	s.writes(annaAtGoogle, "Peonies for the tables", "We would love peonies.\n\n"+zephyrine, s.ago(50), anna, cora)
	s.expect("gmail", "inbound", "email", "Peonies for the tables", s.ago(50))
	cora.Add(providers.Mail{
		MessageID: "<offer@studio.example>", From: providers.Person{Name: "Cora", Address: coraAtMicrosoft}, To: []providers.Person{her},
		Subject: "Our offer for June", HTML: "<p>Dear Zephyrine, <b>this</b> is our offer.</p><script>steal()</script>", Date: s.ago(45),
	})
	s.expect("outlook", "outbound", "email", "Our offer for June", s.ago(45))
	s.server.Telephone(twilioSID, twilioPassword, twilioNumber)
	s.texts("Running ten minutes late", s.ago(40))
	s.phone().Call(providers.Call{From: zephyrineNumber, To: twilioNumber, Inbound: true, State: "completed", Start: s.ago(30), Duration: 4 * time.Minute})
	s.expect("twilio_calls", "inbound", "call", "", s.ago(30))
	s.server.GoogleCalendar(annaAtGoogle, annaAtGoogle, "Anna", "").Add(providers.Event{
		UID: "tasting@google.com", Start: s.ago(20), End: s.ago(19), Summary: "Tasting with Zephyrine", Location: "The barn",
		Organiser: us, Attendees: []providers.Person{us, her},
	})
	s.expect("google_calendar", "outbound", "meeting", "Tasting with Zephyrine", s.ago(20))
	s.server.OutlookCalendar(coraAtMicrosoft, "Calendar", true).Add(providers.Event{
		UID: "music@outlook.example", Start: s.ago(10), End: s.ago(9), Summary: "Talk about the music", Conference: "https://meet.example/music",
		Organiser: her, Attendees: []providers.Person{her, {Address: coraAtMicrosoft}},
	})
	s.expect("outlook_calendar", "inbound", "scheduled_call", "Talk about the music", s.ago(10))

	s.connectAll()
	path := "/api/clients/" + s.client.ClientID
	s.olga.must("POST", path+"/calls", map[string]any{
		"direction": "inbound", "occurred_at": s.ago(5).Format(time.RFC3339), "duration": "12m", "with": zephyrineNumber, "note": "Zephyrine wants a second rehearsal",
	}, nil)
	s.expect("manual", "inbound", "call", "Zephyrine wants a second rehearsal", s.ago(5))
	s.olga.must("POST", path+"/messages", map[string]any{"text": "Who calls Zephyrine back?"}, nil)
	s.expect("in_app", "internal", "message", "Who calls Zephyrine back?", s.began)

	a := s.sync()
	s.shows(a.Items)
	s.states(a.Sources, nil)
	if a.Client != s.client.ClientID || a.Next != nil {
		s.Errorf("client %s, next %v", a.Client, a.Next)
	}
	for i, row := range a.Items {
		if i > 0 && row.At.After(a.Items[i-1].At) {
			s.Errorf("%s is not in order of time", row.told())
		}
		if want := map[string]int{"Peonies for the tables": 2, "Where to park at the barn": 2}[row.Subject]; len(row.Occurrences) != max(1, want) {
			s.Errorf("%s has %d occurrences", row.told(), len(row.Occurrences))
		}
	}
	var whole struct{ HTML string }
	offer := slices.IndexFunc(a.Items, func(r talkRow) bool { return r.Subject == "Our offer for June" })
	s.olga.must("GET", path+"/communications/"+a.Items[offer].ID, nil, &whole)
	if !strings.Contains(whole.HTML, "<b>this</b>") || strings.Contains(whole.HTML, "steal") {
		s.Errorf("the mail is shown as %q", whole.HTML)
	}
}

// tellsOnce looks at what the activity stream told meanwhile.
func (s *talkSite) tellsOnce() {
	rows := s.read("")
	ids := make(map[string]int, len(rows))
	for _, row := range rows {
		ids[row.ID] = 1
	}
	s.heard.await(s.T, "all items", func() bool { return len(s.heard.items) >= len(ids) })
	s.heard.await(s.T, "the sources that were read", func() bool { return len(s.heard.progress) == 6 })
	s.heard.mu.Lock()
	defer s.heard.mu.Unlock()
	if !maps.Equal(s.heard.items, ids) {
		s.Errorf("told %v of %v", s.heard.items, ids)
	}
}

func (s *talkSite) selects() {
	s.shows(s.read(""))
	for query, want := range map[string][]string{
		"kind=sms,call":                     {"manual", "twilio_calls", "twilio_sms"},
		"direction=outbound":                {"google_calendar", "outlook", "gmail"},
		"kind=email&direction=inbound":      {"gmail"},
		"q=peon":                            {"gmail"},
		"q=quillfeather+offer":              {"outlook"},
		"q=REHEARSAL":                       {"manual"},
		"q=steal":                           nil,
		"account=" + s.ids[coraAtMicrosoft]: {"outlook_calendar", "outlook", "gmail", "gmail"},
		fmt.Sprintf("from=%s&to=%s", s.ago(30).Format(time.RFC3339), s.ago(10).Format(time.RFC3339)): {"google_calendar", "twilio_calls"},
	} {
		var got []string
		for _, row := range s.read(query) {
			got = append(got, row.Source)
		}
		if !slices.Equal(got, want) {
			s.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	var unmatched listing[talkRow]
	s.olga.must("GET", "/api/communications/unmatched", nil, &unmatched)
	if len(unmatched.Items) > 0 {
		s.Errorf("nobody's are\n%s", told(unmatched.Items))
	}
}

// namesWhatFails has text messages fail, then a mailbox whose owner has taken the
// permission back, while something new comes in everywhere.
func (s *talkSite) namesWhatFails() {
	s.server.Next(providers.Broken, "/Messages.json", 1000)
	s.writes(annaAtGoogle, "Napkins", "Ivory, please.", s.ago(4), s.server.Gmail(annaAtGoogle))
	s.expect("gmail", "inbound", "email", "Napkins", s.ago(4))
	without := slices.Clone(s.want)
	s.texts("The cake is here", s.ago(3))
	all := s.want
	s.want = without
	a := s.sync()
	s.shows(a.Items)
	s.states(a.Sources, map[string]string{"twilio_sms": "failing"})

	s.server.Calm()
	s.want = all
	s.server.Disconnect(providers.Microsoft, coraAtMicrosoft)
	a = s.sync()
	s.shows(a.Items)
	s.states(a.Sources, map[string]string{"outlook": "reconnect", "outlook_calendar": "reconnect"})

	s.connectMailbox("microsoft", coraAtMicrosoft)
	a = s.sync()
	s.shows(a.Items)
	s.states(a.Sources, nil)
}
