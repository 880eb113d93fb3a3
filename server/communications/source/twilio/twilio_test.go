package twilio_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"wedsync/server/communications/source"
	"wedsync/server/communications/source/sourcetest"
	"wedsync/server/communications/source/twilio"
	"wedsync/store"
	"wedsync/testdata/providers"
)

const (
	sid    = "AC00000000000000000000000000000001"
	ours   = "+4930901820"
	theirs = "+491701234567"
	ada    = "+491601111111" // a colleague's
	ben    = "+491602222222"
)

// now is the time in these tests.
var now = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// A scene is an account at a test server, and who reads it.
type scene struct {
	*sourcetest.Reader
	t      *testing.T
	server *providers.Server
	phone  providers.Telephone
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, server: providers.New(providers.Options{Seed: 7, Clock: func() time.Time { return now }, SlowFor: time.Millisecond})}
	web := httptest.NewServer(s.server)
	t.Cleanup(web.Close)
	s.phone = s.server.Telephone(sid, "secret", ours)
	caller := &sourcetest.Caller{Client: web.Client(), Base: web.URL + "/twilio", Sign: func(r *http.Request) { r.SetBasicAuth(sid, "secret") }}
	s.Reader = &sourcetest.Reader{Source: twilio.Source{}, Account: source.Account{Address: sid, Level: store.LevelEverything, Region: "DE", Now: now, Caller: caller}}
	return s
}

// read reads the account until all of it is up to date.
func (s *scene) read() {
	s.t.Helper()
	if err := s.Read(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	for _, doubt := range s.Doubt {
		s.t.Error(doubt)
	}
}

// item is what was found of a message or call.
func (s *scene) item(sid string) (store.Item, source.Detail) {
	s.t.Helper()
	item, ok := s.Found[sid]
	var detail source.Detail
	if !ok || json.Unmarshal(item.Detail, &detail) != nil {
		s.t.Fatalf("%s: %v, %+v", sid, ok, item)
	}
	return item, detail
}

// said is who takes part in an item: roles and numbers, one's own with a star.
func said(item store.Item) (all []string) {
	for _, p := range item.Participants {
		own := ""
		if p.Own {
			own = "*"
		}
		all = append(all, p.Role+" "+p.Value+p.Name+own)
	}
	return all
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
			corpus := s.server.Fill(3, providers.Sizes{Clients: 20, Messages: 300, Calls: 900}, providers.Places{Twilio: []providers.Line{{SID: sid, Token: "secret", Number: ours}}})
			share := 0.3
			if len(faults) > 1 {
				share = 0.15
			}
			for _, f := range faults {
				if f == providers.Expired {
					s.server.Next(f, "Calls", 2) // in the middle of reading
					continue
				}
				s.server.Trouble(f, share, -1)
			}
			s.read()
			keys := s.Keys()
			for _, f := range corpus.Facts {
				if keys[source.Key(f.Kind, f.ID)] != 1 {
					t.Errorf("%s %s is not there", f.Kind, f.ID)
				}
			}
			if len(s.Found) != len(corpus.Facts) {
				t.Errorf("%d items, want %d", len(s.Found), len(corpus.Facts))
			}
			if slices.Contains(faults, providers.Expired) && s.Again == 0 {
				t.Error("no place was forgotten")
			}

			s.server.Calm()
			s.server.ResetCounts()
			steps := s.Steps
			s.read()
			if asked := s.server.Total("").Asked; asked != 2 || s.Steps-steps != 2 || len(s.Found) != len(corpus.Facts) {
				t.Errorf("%d requests and %d items, want 2 and %d", asked, len(s.Found), len(corpus.Facts))
			}
		})
	}
}

func TestMessageIsReadWithAllThatItSays(t *testing.T) {
	s := newScene(t)
	in := s.phone.Message(providers.Message{From: theirs, To: ours, Body: "See you at noon", Media: 2, Inbound: true, State: "received", Sent: now.Add(-time.Hour)})
	out := s.phone.Message(providers.Message{From: "whatsapp:" + ours, To: "whatsapp:" + theirs, Body: "Yes", State: "sent", Sent: now.Add(-time.Minute)})
	word := s.phone.Message(providers.Message{From: "BANK", To: ours, Body: "Your code", Inbound: true, State: "received", Sent: now})
	s.read()
	item, detail := s.item(in)
	if item.Kind != "sms" || item.Direction != store.Inbound || item.Body != "See you at noon" || item.Snippet != item.Body || !item.At.Equal(now.Add(-time.Hour)) || detail.State != "received" || detail.Media != 2 || detail.Channel != "" {
		t.Errorf("%+v %+v", item, detail)
	}
	if got := fmt.Sprint(said(item)); got != "[from "+theirs+" to "+ours+"*]" {
		t.Error(got)
	}
	answer, detail := s.item(out)
	if answer.Thread != item.Thread || answer.Direction != store.Outbound || detail.Channel != "whatsapp" {
		t.Errorf("%+v %+v", answer, detail)
	}
	if got := fmt.Sprint(said(answer)); got != "[from "+ours+"* to "+theirs+"]" {
		t.Error(got)
	}
	if item, _ := s.item(word); fmt.Sprint(said(item)) != "[from BANK to "+ours+"*]" || item.Thread == answer.Thread {
		t.Errorf("%v", said(item))
	}
}

func TestWhatBecomesOfAMessageOrCallIsReadLater(t *testing.T) {
	s := newScene(t)
	message := s.phone.Message(providers.Message{From: ours, To: theirs, State: "queued", Sent: now})
	call := s.phone.Call(providers.Call{From: ours, To: theirs, State: "in-progress", Start: now})
	s.read()
	s.phone.State(message, "delivered", 0)
	s.phone.State(call, "completed", 90*time.Second)
	s.Account.Now = now.Add(47 * time.Hour)
	s.read()
	if _, detail := s.item(message); detail.State != "delivered" {
		t.Errorf("%+v", detail)
	}
	if _, detail := s.item(call); detail.State != "completed" || detail.Seconds != 90 {
		t.Errorf("%+v", detail)
	}
}

func TestOnlyTheLastDaysAreReadAgain(t *testing.T) {
	s := newScene(t)
	for day := range 30 {
		s.phone.Message(providers.Message{From: ours, To: theirs, State: "delivered", Sent: now.AddDate(0, 0, -day)})
	}
	s.read()
	if len(s.Found) != 30 {
		t.Fatalf("%d", len(s.Found))
	}
	step, err := s.Source.Pull(t.Context(), s.Account, "messages", source.Place{State: json.RawMessage(`{"began":"2027-03-01T09:00:00Z","level":3}`)})
	if err != nil || len(step.Found) != 3 || step.More {
		t.Errorf("%d read again, %v", len(step.Found), err)
	}
}

func TestCallThatIsPutThroughIsOneCall(t *testing.T) {
	inbound := providers.Call{From: theirs, To: ours, Inbound: true, State: "completed", Start: now, Duration: time.Minute}
	for name, c := range map[string]struct {
		first     providers.Call
		through   []providers.Call
		own       []string
		want      string
		direction store.Direction
		state     string
		seconds   int
	}{
		"to a colleague": {
			first: inbound, through: []providers.Call{{From: theirs, To: ada, State: "completed", Duration: 50 * time.Second}},
			want: "[caller " + theirs + " callee " + ours + "* callee " + ada + "*]", direction: store.Inbound, state: "completed", seconds: 50,
		},
		"to nobody who answers": {
			first: inbound, through: []providers.Call{{From: theirs, To: ada, State: "no-answer"}, {From: theirs, To: ben, State: "busy"}},
			want: "[caller " + theirs + " callee " + ours + "* callee " + ada + "* callee " + ben + "*]", direction: store.Inbound, state: "no-answer",
		},
		"to the first of two who answers": {
			first: inbound, through: []providers.Call{{From: theirs, To: ada, State: "canceled"}, {From: theirs, To: ben, State: "completed", Duration: 9 * time.Second}},
			want: "[caller " + theirs + " callee " + ours + "* callee " + ada + "* callee " + ben + "*]", direction: store.Inbound, state: "completed", seconds: 9,
		},
		"from a colleague's telephone to a client": {
			first: providers.Call{From: ours, To: ada, State: "completed", Start: now, Duration: time.Minute}, own: []string{ada},
			through: []providers.Call{{From: ours, To: theirs, State: "completed", Duration: 40 * time.Second}},
			want:    "[caller " + ours + "* callee " + ada + "* callee " + theirs + "]", direction: store.Outbound, state: "completed", seconds: 40,
		},
		"from a program on a computer": {
			first:   providers.Call{From: "client:ada", To: "", Inbound: true, State: "completed", Start: now, Duration: time.Minute},
			through: []providers.Call{{From: ours, To: theirs, State: "busy"}},
			want:    "[caller ada* callee " + theirs + "]", direction: store.Outbound, state: "busy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			for _, number := range c.own {
				s.Account.Own = append(s.Account.Own, store.Contact{Kind: store.Phone, Value: number})
			}
			id := s.phone.Call(c.first)
			for i, leg := range c.through {
				leg.Parent, leg.Start = id, now.Add(time.Duration(i+1)*time.Second)
				s.phone.Call(leg)
			}
			for range 2 { // it is the same when it is read again
				s.read()
				item, detail := s.item(id)
				if len(s.Found) != 1 || fmt.Sprint(said(item)) != c.want || item.Direction != c.direction || detail.State != c.state || detail.Seconds != c.seconds {
					t.Errorf("%d items, %v %s %+v", len(s.Found), said(item), item.Direction, detail)
				}
			}
		})
	}
}

func TestCallIsPutThroughOnAnotherPage(t *testing.T) {
	s := newScene(t)
	id := s.phone.Call(providers.Call{From: theirs, To: ours, Inbound: true, State: "completed", Start: now.Add(-time.Hour), Duration: time.Minute})
	for i := range 1200 { // more than a page, the newest first
		s.phone.Call(providers.Call{From: theirs, To: ours, Inbound: true, State: "completed", Start: now.Add(-time.Duration(i) * time.Second), Duration: time.Second})
	}
	s.phone.Call(providers.Call{Parent: id, From: theirs, To: ada, State: "completed", Start: now.Add(time.Second), Duration: 7 * time.Second})
	s.read()
	if item, detail := s.item(id); len(item.Participants) != 3 || detail.Seconds != 7 || len(s.Found) != 1201 {
		t.Errorf("%d items, %v %+v", len(s.Found), said(item), detail)
	}
}

func TestLateStateNeverReplacesAFurtherOne(t *testing.T) {
	s := newScene(t)
	page := func(states ...string) string {
		list := ""
		for i, state := range states {
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(`{"sid":"SM1","from":"%s","to":"%s","direction":"outbound-api","status":"%s","num_media":"0","date_sent":"Mon, 01 Mar 2027 08:00:00 +0000"}`, ours, theirs, state)
		}
		return `{"messages":[` + list + `],"next_page_uri":null}`
	}
	var body string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	defer web.Close()
	s.Account.Caller = &sourcetest.Caller{Client: web.Client(), Base: web.URL, Sign: func(*http.Request) {}}
	for _, order := range [][]string{{"sent", "delivered"}, {"delivered", "sent"}, {"delivered", "queued", "sent"}} {
		body = page(order...)
		if err := s.ReadScope(t.Context(), "messages"); err != nil {
			t.Fatal(err)
		}
		if _, detail := s.item("SM1"); detail.State != "delivered" || len(s.Doubt) != 0 {
			t.Errorf("%v: %+v %v", order, detail, s.Doubt)
		}
	}
}

func TestAccountShowsNoMoreThanItsOwnerAllows(t *testing.T) {
	s := newScene(t)
	s.phone.Message(providers.Message{From: theirs, To: ours, Body: "secret", Inbound: true, State: "received", Sent: now.AddDate(0, -1, 0)})
	s.phone.Call(providers.Call{From: theirs, To: ours, Inbound: true, State: "completed", Start: now.AddDate(0, -1, 0)})
	for _, level := range []store.Level{store.LevelEverything, store.LevelMetadata, store.LevelEverything} {
		s.Account.Level = level // everything is read again, also what is old
		s.read()
		for _, item := range s.Found {
			if shown := item.Detail != nil; shown != (level == store.LevelEverything) || level == store.LevelMetadata && item.Body+item.Snippet != "" {
				t.Errorf("level %d: %+v", level, item)
			}
		}
	}
}

func TestWhatIsOlderIsLeftAlone(t *testing.T) {
	s := newScene(t)
	s.Account.Since = now.Add(-time.Hour)
	s.phone.Message(providers.Message{From: theirs, To: ours, State: "received", Inbound: true, Sent: now.Add(-2 * time.Hour)})
	s.phone.Call(providers.Call{From: theirs, To: ours, State: "completed", Inbound: true, Start: now.Add(-2 * time.Hour)})
	kept := s.phone.Message(providers.Message{From: theirs, To: ours, State: "received", Inbound: true, Sent: now})
	s.read()
	s.item(kept)
	if len(s.Found) != 1 {
		t.Errorf("%v", s.Found)
	}
}

func TestUnknownScopeIsGone(t *testing.T) {
	s := newScene(t)
	if _, err := s.Source.Pull(t.Context(), s.Account, "faxes", source.Place{}); !errors.Is(err, source.ErrGone) {
		t.Error(err)
	}
	if _, err := s.Source.Pull(t.Context(), s.Account, "calls", source.Place{State: json.RawMessage(`1`)}); !errors.Is(err, source.ErrPlace) {
		t.Error(err)
	}
}
