package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/crdt"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/source"
	"wedsync/server/communications/timeline"
	"wedsync/store"
)

// A fakeEngine reads accounts as a test says.
type fakeEngine struct {
	mu      sync.Mutex
	sources []pulling.Source
	asked   []string                                                       // accounts, of the last Now
	pushed  []string                                                       // accounts that providers said have changed
	fails   error                                                          // what it answers to that
	now     func(ctx context.Context, progress func(pulling.Source)) error // nothing if nil
}

func (f *fakeEngine) Now(ctx context.Context, _ string, accounts []string, progress func(pulling.Source)) error {
	f.mu.Lock()
	f.asked = accounts
	f.mu.Unlock()
	if f.now == nil {
		return nil
	}
	return f.now(ctx, progress)
}

func (f *fakeEngine) Sources(context.Context, string) ([]pulling.Source, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sources, nil
}

func (f *fakeEngine) Pushed(_ context.Context, account string) error {
	f.pushed = append(f.pushed, account)
	return f.fails
}

func (f *fakeEngine) Rewatch(context.Context, string) error { return f.fails }

func (f *fakeEngine) are(sources ...pulling.Source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sources = sources
}

// account is one of barn's.
func (s *realSite) account(id, provider string) {
	s.t.Helper()
	err := s.store.SetAccount(s.t.Context(), store.Account{Supplier: "barn", ID: id, Provider: provider, Created: s.now(), Changed: s.now()})
	if err != nil {
		s.t.Fatal(err)
	}
}

// mail is one that an account has.
func (s *realSite) mail(account, messageID, from, subject, body string) store.Item {
	s.at.Add(1)
	return store.Item{
		Supplier: "barn", ID: ulid.MustNew(ulid.Timestamp(s.now()), ulid.DefaultEntropy()).String(), Key: source.Key("email", messageID),
		Kind: "email", Thread: source.Key("thread", messageID), At: s.now(), Direction: store.Inbound, Subject: subject, Snippet: body, Body: body,
		Detail: source.Detail{HTML: "<p>" + body + "</p>"}.JSON(),
		Participants: []store.Participant{
			{Role: "from", Contact: store.Contact{Kind: store.EMail, Value: from}, Name: "Ada Lovelace"},
			{Role: "to", Contact: store.Contact{Kind: store.EMail, Value: "barn@example.com"}, Own: true},
		},
		Occurrences: []store.Occurrence{{Account: account, Provider: messageID, Level: store.LevelEverything}},
	}
}

// pull stores what an account has, and tells of it.
func (s *realSite) pull(account string, items ...store.Item) []string {
	s.t.Helper()
	p, err := s.store.StorePull(s.t.Context(), store.Pull{Supplier: "barn", Account: account, Items: items})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.talk.Tell(s.t.Context(), "barn", p.IDs); err != nil {
		s.t.Fatal(err)
	}
	return p.IDs
}

// seen has a client's record projected, so that its contacts are known.
func (s *realSite) seen(client string) string {
	s.t.Helper()
	s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	return client
}

// posted are the texts of the activities of a client, the newest first.
func (s *realSite) posted(client string) (texts []string) {
	s.t.Helper()
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/activities?limit=200", ""))
	for i := range got.at("items").([]any) {
		if got.text("items", i, "type") == "wedsync.activity.posted" {
			texts = append(texts, got.text("items", i, "data", "text"))
		}
	}
	return texts
}

func TestSyncAnswersWithTheTimelineAndEverySourceByName(t *testing.T) {
	s := newRealSite(t)
	client := s.seen(s.create(`{"name":"Ada & Ben","email":"ada@example.com"}`))
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	s.account("01ACCOUNT0TWILIO0000000000", "twilio")
	broken := pulling.Source{Name: "twilio_sms", Account: "01ACCOUNT0TWILIO0000000000", Address: "AC1", State: "failing", Error: "the provider does not answer", Left: -1, NextRetry: s.now().Add(time.Minute)}
	s.engine.now = func(_ context.Context, progress func(pulling.Source)) error {
		s.pull("01ACCOUNT0GOOGLE0000000000", s.mail("01ACCOUNT0GOOGLE0000000000", "m1@example.com", "ada@example.com", "Peonies", "We like peonies."))
		s.engine.are(broken, pulling.Source{Name: "gmail", Account: "01ACCOUNT0GOOGLE0000000000", Address: "barn@example.com", State: "up_to_date", LastSuccess: s.now()})
		progress(broken)
		return nil
	}
	s.want(201, s.do(mia, "POST", "/api/clients/"+client+"/messages", `{"text":"I call them."}`))
	got := s.want(200, s.do(mia, "POST", "/api/integrations/communication/sync", `{"client_id":"`+client+`"}`))
	if len(got.at("items").([]any)) != 2 || got.text("items", 0, "kind") != "email" || got.text("items", 0, "source") != "gmail" || got.text("items", 1, "source") != "in_app" {
		t.Errorf("items: %s", got.raw)
	}
	states := make([]string, 0, 4)
	for i := range got.at("sources").([]any) {
		states = append(states, got.text("sources", i, "source")+" "+got.text("sources", i, "state")+" "+got.text("sources", i, "error"))
	}
	if want := "twilio_sms failing the provider does not answer,gmail up_to_date ,in_app up_to_date ,manual up_to_date "; strings.Join(states, ",") != want {
		t.Errorf("sources %q, want %q", states, want)
	}
	if strings.Contains(got.raw, "<p>") || strings.Contains(got.raw, `"html"`) {
		t.Errorf("a list has markup: %s", got.raw)
	}
	for body, fault := range map[string]string{
		`{}`: "client_id: is needed", `{"client_id":"x"}`: "client_id: must be", `{"client_id":"` + client + `","wait":"26s"}`: "wait: must not be more",
		`{"client_id":"` + client + `","limit":201}`: "limit: must be", `{"client_id":"` + client + `","x":1}`: "x: is unknown",
	} {
		if got := strings.Join(s.want(422, s.do(mia, "POST", "/api/integrations/communication/sync", body)).faults(), "\n"); !strings.Contains(got, fault) {
			t.Errorf("%s: %s", body, got)
		}
	}
}

func TestSyncThatTakesTooLongAnswersWithWhatThereIs(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	s.engine.now = func(ctx context.Context, _ func(pulling.Source)) error {
		<-ctx.Done()
		return nil
	}
	s.engine.are(pulling.Source{Name: "gmail", State: "reading", Left: 1200})
	got := s.want(200, s.do(mia, "POST", "/api/integrations/communication/sync", `{"client_id":"`+client+`","wait":"0s"}`))
	if got.text("sources", 0, "state") != "reading" || got.at("sources", 0, "left") != "1200" || got.at("sources", 0, "last_success") != nil {
		t.Errorf("%s", got.raw)
	}
	if got := s.want(200, s.do(vera, "GET", "/api/integrations/communication/sources", "")); got.text("items", 0, "source") != "gmail" || len(got.at("items").([]any)) != 3 {
		t.Errorf("%s", got.raw)
	}
}

func TestTooManySyncsAtOnceAreToldToComeBack(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	account := s.want(201, s.do(olga, "POST", accountsURL, twilio)).text("id")
	id, err := crdt.ParseRecordID(client)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	s.engine.now = func(ctx context.Context, _ func(pulling.Source)) error {
		begun <- struct{}{}
		<-ctx.Done()
		return nil
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() { _, _ = s.talk.Sync(ctx, "barn", id, time.Minute) })
		<-begun
	}
	s.want(503, s.do(mia, "POST", "/api/integrations/communication/sync", `{"client_id":"`+client+`"}`))
	s.want(503, s.do(olga, "POST", accountsURL+"/"+account+"/sync", `{}`))
	cancel()
	all.Wait()
}

func TestTimelineIsPagedFilteredAndSearched(t *testing.T) {
	s := newRealSite(t)
	client := s.seen(s.create(`{"name":"Ada & Ben","email":"ada@example.com"}`))
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	for i := range 5 {
		s.pull("01ACCOUNT0GOOGLE0000000000", s.mail("01ACCOUNT0GOOGLE0000000000", fmt.Sprintf("m%d@example.com", i), "ada@example.com", fmt.Sprintf("Mail %d", i), "Peonies"))
	}
	s.at.Add(1)
	s.want(201, s.do(mia, "POST", "/api/clients/"+client+"/calls", `{"direction":"outbound","with":"+44 20 7946 0018","duration":"12m","note":"Wants ivy","occurred_at":"2020-01-02T03:04:05Z"}`))
	path := "/api/clients/" + client + "/communications"
	var subjects []string
	for cursor := ""; ; {
		page := s.want(200, s.do(vera, "GET", path+"?limit=2"+cursor, ""))
		for i := range page.at("items").([]any) {
			subjects = append(subjects, page.text("items", i, "kind")+page.text("items", i, "subject"))
		}
		if page.at("next") == nil {
			break
		}
		cursor = "&cursor=" + page.text("next")
	}
	if want := "emailMail 4 emailMail 3 emailMail 2 emailMail 1 emailMail 0 call"; strings.Join(subjects, " ") != want {
		t.Errorf("pages: %q, want %q", subjects, want)
	}
	for query, want := range map[string]int{
		"": 6, "?kind=call": 1, "?kind=call,email": 6, "?kind=sms": 0, "?direction=outbound": 1, "?q=peonies": 5, "?q=PEON%20mail": 5, "?q=ivy": 1,
		"?from=2021-01-01T00:00:00Z": 5, "?to=2021-01-01T00:00:00Z": 1, "?account=01ACCOUNT0GOOGLE0000000000": 5, "?account=none": 0,
		"?q=%00%22%27*:()%20OR%20NEAR": 0,
	} {
		if got := s.want(200, s.do(vera, "GET", path+query, "")); len(got.at("items").([]any)) != want {
			t.Errorf("%s: %d items, want %d", query, len(got.at("items").([]any)), want)
		}
	}
	for query, field := range map[string]string{
		"?kind=fax": "kind", "?direction=up": "direction", "?from=x": "from", "?to=yesterday": "to", "?limit=0": "limit", "?cursor=x": "cursor",
		"?cursor=" + strings.Repeat("x", 500): "cursor", "?q=" + strings.Repeat("x", 300): "q", "?kind=" + strings.Repeat("call,", 10): "kind",
	} {
		if got := s.want(400, s.do(vera, "GET", path+query, "")); got.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", query, got.raw)
		}
	}
}

func TestTextOfAnItemIsInItsOwnURLAlone(t *testing.T) {
	s := newRealSite(t)
	client, other := s.seen(s.create(`{"name":"Ada & Ben","email":"ada@example.com"}`)), s.create(`{"name":"Cleo"}`)
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	s.account("01ACCOUNT1GOOGLE0000000000", "google")
	m := s.mail("01ACCOUNT0GOOGLE0000000000", "m@example.com", "ada@example.com", "Peonies", "We like peonies.")
	id := s.pull("01ACCOUNT0GOOGLE0000000000", m)[0]
	again := s.mail("01ACCOUNT1GOOGLE0000000000", "m@example.com", "ada@example.com", "Peonies", "We like peonies.")
	if same := s.pull("01ACCOUNT1GOOGLE0000000000", again)[0]; same != id {
		t.Fatalf("the same mail is %s and %s", id, same)
	}
	got := s.want(200, s.do(vera, "GET", "/api/clients/"+client+"/communications/"+id, ""))
	if got.text("body") != "We like peonies." || got.text("html") != "<p>We like peonies.</p>" || len(got.at("occurrences").([]any)) != 2 || got.text("clients", 0) != client {
		t.Errorf("%s", got.raw)
	}
	s.want(404, s.do(vera, "GET", "/api/clients/"+other+"/communications/"+id, ""))
	s.want(404, s.do(vera, "GET", "/api/clients/"+client+"/communications/"+strings.Repeat("x", 300), ""))
	s.want(404, s.do(mia, "PUT", "/api/clients/"+client+"/communications/"+strings.Repeat("x", 300)+"/link", `{"state":"linked"}`))
	s.want(422, s.do(mia, "PUT", "/api/clients/"+client+"/communications/"+id+"/link", `{"state":"x"}`))
	// What a person says stays, whatever is read later.
	s.want(204, s.do(mia, "PUT", "/api/clients/"+client+"/communications/"+id+"/link", `{"state":"unlinked"}`))
	s.want(204, s.do(mia, "PUT", "/api/clients/"+other+"/communications/"+id+"/link", `{"state":"linked"}`))
	s.pull("01ACCOUNT0GOOGLE0000000000", m)
	s.want(404, s.do(vera, "GET", "/api/clients/"+client+"/communications/"+id, ""))
	got = s.want(200, s.do(vera, "GET", "/api/clients/"+other+"/communications/"+id, ""))
	if len(got.at("links").([]any)) != 2 || got.text("links", 0, "by") != "mia" {
		t.Errorf("%s", got.raw)
	}
}

func TestWhatPeopleWriteIsWrittenOnceUnderItsKey(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	path := "/api/clients/" + client
	first := s.want(201, s.do(mia, "POST", path+"/messages", `{"text":"They like\u0000 peonies\u202e."}`, "Idempotency-Key", "k1"))
	s.at.Add(100)
	again := s.want(201, s.do(mia, "POST", path+"/messages", `{"text":"They like\u0000 peonies\u202e."}`, "Idempotency-Key", "k1"))
	if first.text("id") != again.text("id") || first.text("occurred_at") != again.text("occurred_at") || strings.Contains(first.text("body"), "\x00") {
		t.Errorf("first %s\nagain %s", first.raw, again.raw)
	}
	s.want(422, s.do(mia, "POST", path+"/messages", `{"text":"Other"}`, "Idempotency-Key", "k1"))
	if body := s.want(200, s.do(mia, "GET", path+"/communications/"+first.text("id"), "")).text("body"); body != first.text("body") {
		t.Errorf("the refused message changed it to %q", body)
	}
	s.want(201, s.do(olga, "POST", path+"/messages", `{"text":"They like ivy."}`, "Idempotency-Key", "k1"))
	s.want(201, s.do(mia, "POST", path+"/notes", `{"text":"Met at the fair.","occurred_at":"2020-06-12T14:30:00Z"}`))
	call := s.want(201, s.do(mia, "POST", path+"/calls", `{"direction":"inbound","with":"020 7946 0018","duration":"90s"}`))
	if call.at("seconds") != "90" || call.text("participants", 1, "role") != "caller" || call.text("participants", 1, "address") != "02079460018" || call.text("source") != "manual" {
		t.Errorf("%s", call.raw)
	}
	want := []string{"mia: Noted a call.", "mia: Wrote a note.", "olga: Wrote a message.", "mia: Wrote a message."}
	if texts := s.posted(client); strings.Join(texts, "|") != strings.Join(want, "|") {
		t.Errorf("told %q, want %q", texts, want)
	}
	for url, bodies := range map[string][]string{
		"/messages": {`{}`, `{"text":""}`, `{"text":" \u0000 "}`, `{"text":7}`, `{"text":"` + strings.Repeat("x", 17<<10) + `"}`, `{"text":"x","at":"now"}`},
		"/notes":    {`{"text":"x","occurred_at":"2999-01-01T00:00:00Z"}`, `{"text":"x","occurred_at":"1900-01-01T00:00:00Z"}`, `{"text":"x","occurred_at":"soon"}`},
		"/calls":    {`{"with":"Ada"}`, `{"direction":"internal","with":"Ada"}`, `{"direction":"inbound"}`, `{"direction":"inbound","with":"Ada","duration":"25h"}`, `{"direction":"inbound","with":"` + strings.Repeat("x", 300) + `"}`, `{"direction":"inbound","with":"Ada","note":""}`},
	} {
		for _, body := range bodies {
			if got := s.do(mia, "POST", path+url, body); got.status != 422 || len(got.faults()) == 0 {
				t.Errorf("%s %.80s: %d %s", url, body, got.status, got.raw)
			}
		}
	}
	s.want(404, s.do(mia, "POST", "/api/clients/"+ulid.Make().String()+"/messages", `{"text":"x"}`))
}

func TestItemsThatAreNobodysSuggestWhoseTheyMayBe(t *testing.T) {
	s := newRealSite(t)
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	one := s.seen(s.create(`{"name":"Ada & Ben","email":"shared@example.com","phone":"020 7946 0018"}`))
	two := s.seen(s.create(`{"name":"Cleo Patra & Dan","email":"shared@example.com"}`))
	three := s.seen(s.create(`{"name":"Eve","email":"eve@example.com","partner_name":"Ada Lovelace"}`))
	mail := func(id, from string) store.Item { return s.mail("01ACCOUNT0GOOGLE0000000000", id, from, id, "x") }
	shared, known, reply, stranger := mail("shared", "shared@example.com"), mail("known", "eve@example.com"), mail("reply", "friend@example.com"), mail("stranger", "new@example.com")
	reply.Thread, reply.Participants[0].Name, shared.Participants[0].Name = known.Thread, "", ""
	sms := mail("sms", "")
	sms.Participants[0] = store.Participant{Role: "from", Contact: store.Contact{Kind: store.Phone, Value: "+442079460018"}}
	s.pull("01ACCOUNT0GOOGLE0000000000", shared, known, reply, stranger, sms)
	s.want(204, s.do(mia, "PUT", "/api/clients/"+one+"/communications/"+shared.ID+"/link", `{"state":"unlinked"}`))
	got := s.want(200, s.do(mia, "GET", "/api/communications/unmatched", ""))
	suggested := make(map[string]string)
	for i := range got.at("items").([]any) {
		for j := range got.at("items", i, "suggestions").([]any) {
			suggested[got.text("items", i, "subject")] += got.text("items", i, "suggestions", j, "client_id") + " " + got.text("items", i, "suggestions", j, "reason") + ";"
		}
	}
	_ = two
	want := map[string]string{"reply": three + " thread;", "stranger": three + " name;", "sms": one + " number;"}
	for subject, suggestion := range want {
		if suggested[subject] != suggestion {
			t.Errorf("%s: %q, want %q", subject, suggested[subject], suggestion)
		}
	}
	// Since the one that had the address, too, is said not to be meant, the mail is still no guess of the hub's.
	if suggested["shared"] != two+" contact;" && suggested["shared"] != "" {
		t.Errorf("shared: %q", suggested["shared"])
	}
}

func TestWhoListensIsToldOnceWhatAPersonSaysOfAnItem(t *testing.T) {
	s := newRealSite(t)
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	client := s.create(`{"name":"Ada & Ben"}`)
	id := s.pull("01ACCOUNT0GOOGLE0000000000", s.mail("01ACCOUNT0GOOGLE0000000000", "m", "new@example.com", "x", "x"))[0]
	for _, state := range []string{"linked", "linked", "unlinked", "unlinked"} {
		s.want(204, s.do(mia, "PUT", "/api/clients/"+client+"/communications/"+id+"/link", `{"state":"`+state+`"}`))
	}
	want := []string{"mia: Said that an e-mail is not about this client.", "mia: Said that an e-mail is about this client."}
	if texts := s.posted(client); strings.Join(texts, "|") != strings.Join(want, "|") {
		t.Errorf("told %q, want %q", texts, want)
	}
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/activities?limit=1", ""))
	if got.text("items", 0, "data", "activity", "data", "link") != "unlinked" || got.text("items", 0, "data", "activity", "data", "items", 0) != id {
		t.Errorf("%s", got.raw)
	}
}

func TestEachItemIsToldOnceWhereverAHubDies(t *testing.T) {
	s := newRealSite(t)
	s.account("01ACCOUNT0GOOGLE0000000000", "google")
	client := s.seen(s.create(`{"name":"Ada & Ben","email":"ada@example.com"}`))
	var items []store.Item
	for i := range 4 {
		items = append(items, s.mail("01ACCOUNT0GOOGLE0000000000", fmt.Sprintf("m%d", i), "ada@example.com", "x", "x"))
	}
	// Stored and never told: the process died.
	if _, err := s.store.StorePull(t.Context(), store.Pull{Supplier: "barn", Account: "01ACCOUNT0GOOGLE0000000000", Items: items[:2]}); err != nil {
		t.Fatal(err)
	}
	// Told, and that was not noted.
	forgetful, err := timeline.New(timeline.Options{Store: forgetful{s.store}, Hub: s.real, Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.StorePull(t.Context(), store.Pull{Supplier: "barn", Account: "01ACCOUNT0GOOGLE0000000000", Items: items[2:3]}); err != nil {
		t.Fatal(err)
	}
	if err := forgetful.Tell(t.Context(), "barn", []string{items[2].ID}); err == nil {
		t.Fatal("nothing failed")
	}
	s.pull("01ACCOUNT0GOOGLE0000000000", items[3])
	if texts := s.posted(client); len(texts) != 2 {
		t.Fatalf("told %q", texts)
	}
	for range 3 {
		s.at.Add(90)
		if err := s.talk.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/activities?limit=200", ""))
	told := make(map[string]int)
	for i := range got.at("items").([]any) {
		if data, ok := got.at("items", i, "data", "activity", "data").(map[string]any); ok {
			for _, id := range data["items"].([]any) {
				told[id.(string)]++
			}
		}
	}
	for _, it := range items {
		if told[it.ID] != 1 {
			t.Errorf("%s was told %d times", it.ID, told[it.ID])
		}
	}
	if texts := s.posted(client); len(texts) != 3 || texts[0] != "the hub: The timeline has 2 e-mails more." || texts[1] != "the hub: An e-mail came in." {
		t.Errorf("told %q", texts)
	}
	if left, err := s.store.Untold(t.Context(), s.now().Add(time.Hour), 10); err != nil || len(left) > 0 {
		t.Errorf("untold: %v, %v", left, err)
	}
}

// forgetful does not note what was told.
type forgetful struct{ store.Store }

func (forgetful) Told(context.Context, string, []string) error { return store.ErrUnavailable }

// silent is a hub that is away.
type silent struct{ store.Store }

func (silent) SetLink(context.Context, store.Link) error { return store.ErrUnavailable }

func TestMessageThatACrashBrokeOffIsEndedByTheSweepOrItsWriter(t *testing.T) {
	for _, retried := range []bool{false, true} {
		s := newRealSite(t)
		client := s.create(`{"name":"Ada & Ben"}`)
		id, err := crdt.ParseRecordID(client)
		if err != nil {
			t.Fatal(err)
		}
		dying, err := timeline.New(timeline.Options{Store: silent{s.store}, Hub: s.real, Now: s.now})
		if err != nil {
			t.Fatal(err)
		}
		e := timeline.Entry{Kind: timeline.Message, Text: "They like peonies.", Key: "k"}
		if _, err := dying.Write(t.Context(), mia, id, e); err == nil {
			t.Fatal("nothing failed")
		}
		s.at.Add(100)
		if retried {
			if _, err := s.talk.Write(t.Context(), mia, id, e); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.talk.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.talk.Write(t.Context(), mia, id, e); err != nil {
			t.Fatal(err)
		}
		got := s.want(200, s.do(mia, "GET", "/api/clients/"+client+"/communications", ""))
		if texts := s.posted(client); len(got.at("items").([]any)) != 1 || len(texts) != 1 || texts[0] != "mia: Wrote a message." {
			t.Errorf("retried %v: told %q, items %s", retried, texts, got.raw)
		}
	}
}

func TestProgressIsToldToWhoListens(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	s.engine.now = func(_ context.Context, progress func(pulling.Source)) error {
		progress(pulling.Source{Name: "gmail", Address: "barn@example.com", State: "reading", Found: 120, Left: 380})
		return nil
	}
	events := s.listen(t, client)
	s.want(200, s.do(mia, "POST", "/api/integrations/communication/sync", `{"client_id":"`+client+`"}`))
	for e := range events {
		if e.Type != "wedsync.communications.progress" {
			continue
		}
		if got := string(e.Data.Progress); got != `{"source":"gmail","account":"barn@example.com","state":"reading","found":120,"left":380}` || e.Subject != client {
			t.Errorf("told %s about %s", got, e.Subject)
		}
		return
	}
	t.Error("nothing was told")
}

// A progressEvent is an event of the stream.
type progressEvent struct {
	Type    string `json:"type"`
	Subject string `json:"subject"`
	Data    struct {
		Progress json.RawMessage `json:"progress"`
	} `json:"data"`
}

// listen are the events about a client from now on. It returns once they are live.
func (s *realSite) listen(t *testing.T, client string) <-chan progressEvent {
	t.Helper()
	hub := httptest.NewServer(s.handler)
	ctx, hangUp := context.WithTimeout(t.Context(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, hub.URL+"/api/realtime/clients/events?position=now&clients="+client, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token(olga))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan progressEvent, 100)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(events)
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e progressEvent
			if ok && json.Unmarshal([]byte(data), &e) == nil {
				events <- e
			}
		}
	})
	t.Cleanup(func() {
		hangUp()
		reading.Wait()
		_ = resp.Body.Close()
		hub.Close()
	})
	if first := <-events; first.Type != "wedsync.position" {
		t.Fatalf("the first event is %q", first.Type)
	}
	return events
}
