package processing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/processing"
	"wedsync/store"
)

func TestCase22_BudgetThatDiffersFromItsShadowIsAProposal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada", "budget", 10_000, "notes", "as agreed"))
	s.bind("c1", id)
	e := s.arrive("c1", `{"name":"Ada","budget":"$12,500.00","notes":"wants a tent"}`)
	s.run()
	o := s.became(e, store.EventDone)
	f := s.wantField(o, "budget", "diverted", conflicts.StaleBase)
	s.wantField(o, "notes", processing.Written, "")
	waiting := s.pending()
	if len(waiting) != 1 || waiting[0].ID != f.Conflict || waiting[0].Record != id {
		t.Fatalf("conflicts %+v, the event names %q", waiting, f.Conflict)
	}
	p := waiting[0].Proposals[0]
	if p.Source != conflicts.FromWebhook || p.Authors[0].User != "connection/"+s.crm.ID || p.Value.Int != 12_500 {
		t.Errorf("proposal %+v", p)
	}
	if shown := s.shown(id); shown["budget"] != 10_000.0 || shown["notes"] != "wants a tent" {
		t.Errorf("record %v", shown)
	}
	if s.event(e).Record != id {
		t.Errorf("the event does not name its record")
	}
}

func TestCase23_OwnAcceptedValueComesBackAtOnceAndLate(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada", "budget", 10_000))
	s.bind("c1", id)
	crm := connection.Principal(supplier, s.crm.ID)
	for n, budget := range []int{20_000, 30_000} {
		s.edit(olga, id, fields("budget", budget))
		sent := conflicts.Sending{To: crm, Revisions: map[crdt.Path]uint64{"budget": uint64(n) + 2}}
		if err := s.hub.Sent(t.Context(), id, sent); err != nil {
			t.Fatal(err)
		}
	}
	late := s.arrive("c1", `{"budget":20000}`)
	s.run()
	s.wantField(s.became(late, store.EventDone), "budget", "no_change", conflicts.Echo)
	now := s.arrive("c1", `{"budget":"30,000.00"}`)
	s.run()
	s.wantField(s.became(now, store.EventDone), "budget", "no_change", conflicts.Echo)
	again := s.arrive("c1", `{"budget":30000}`)
	s.run()
	s.wantField(s.became(again, store.EventDone), "budget", "no_change", conflicts.Echo)
	if shown := s.shown(id); len(s.pending()) != 0 || shown["budget"] != 30_000.0 {
		t.Errorf("%d conflicts, record %v", len(s.pending()), shown)
	}
}

func TestWhatASenderRepeatsUndoesNobodysEdit(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada", "notes", "old"))
	s.bind("c1", id)
	first := s.arrive("c1", `{"name":"Ada","notes":"from the CRM"}`)
	s.run()
	s.wantField(s.became(first, store.EventDone), "notes", processing.Written, "")
	s.edit(mia, id, fields("notes", "from Mia"))
	for range 12 { // as many as are looked back at, and more
		again := s.arrive("c1", `{"name":"Ada","notes":"from the CRM","status":"booked"}`)
		s.run()
		s.wantField(s.became(again, store.EventDone), "notes", processing.Repeated, "")
	}
	if shown := s.shown(id); shown["notes"] != "from Mia" || shown["status"] != "booked" {
		t.Errorf("record %v", shown)
	}
	s.arrive("c1", `{"notes":"new in the CRM"}`)
	s.run()
	if shown := s.shown(id); shown["notes"] != "new in the CRM" {
		t.Errorf("record %v", shown)
	}
}

func TestEventWaitsWhileWhatItsSenderSaidBeforeCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c1", id)
	first := s.arrive("c1", `{"notes":"from the CRM"}`)
	s.run()
	s.edit(mia, id, fields("notes", "from Mia"))
	s.store.bells.lost = first
	again := s.arrive("c1", `{"notes":"from the CRM"}`)
	s.run()
	s.became(again, store.EventReceived)
	s.store.bells.lost = ""
	s.pass(time.Minute)
	s.run()
	s.wantField(s.became(again, store.EventDone), "notes", processing.Repeated, "")
	if shown := s.shown(id); shown["notes"] != "from Mia" {
		t.Errorf("record %v", shown)
	}
}

func TestUnknownClientIsMade(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	e := s.arrive("c1", `{"name":"Ada","email":"ada@example.com","wedding_date":"2027-06-12","venue":"Old Barn"}`)
	s.run()
	o := s.became(e, store.EventDone)
	if o.Result != processing.Created {
		t.Fatalf("outcome %+v", o)
	}
	id := s.event(e).Record
	if shown := s.shown(id); shown["name"] != "Ada" || shown["wedding_date"] != nil {
		t.Errorf("record %v", shown)
	}
	s.wantField(o, "wedding_date", "diverted", conflicts.NeedsReview) // also at revision 0
	same := s.arrive("c1", `{"name":"Ada","wedding_date":"2027-06-12"}`)
	s.run()
	s.wantField(s.became(same, store.EventDone), "wedding_date", "no_change", conflicts.Echo)
	if got := len(s.records()); got != 1 {
		t.Errorf("%d records", got)
	}
}

func TestValueThatDoesNotFitIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c1", id)
	e := s.arrive("c1", `{"wedding_date":"some time in June"}`)
	s.run()
	s.wantField(s.became(e, store.EventDone), "wedding_date", "diverted", conflicts.InvalidValue)
}

func TestSameEventAThousandTimesAtOnceHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada", "budget", 1))
	s.bind("c1", id)
	e := s.arrive("c1", `{"budget":2,"notes":"x"}`)
	nodes := []*processing.Processor{s.p, s.processor(nil), s.processor(nil)}
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			for range 20 {
				if err := nodes[n%len(nodes)].Work(t.Context(), supplier, e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s.became(e, store.EventDone)
	if n, open := s.writes(id), len(s.pending()); n != 1 || open != 1 {
		t.Errorf("%d writes and %d conflicts of one event", n, open)
	}
}

func TestEventsOfAnObjectTakeEffectInOrder(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c1", id)
	var events []string
	for n := range 20 {
		events = append(events, s.arrive("c1", fmt.Sprintf(`{"notes":"%d"}`, n)))
	}
	nodes := []*processing.Processor{s.p, s.processor(nil)}
	var all sync.WaitGroup
	for n, e := range slices.Backward(events) { // and the last one's job first
		all.Go(func() {
			if err := nodes[n%2].Work(t.Context(), supplier, e); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, e := range events {
		s.became(e, store.EventDone)
	}
	entries, err := s.store.HappeningsOf(t.Context(), supplier, id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, entry := range slices.Backward(entries) {
		for _, b := range entry.Batches {
			if b.Origin.Input != nil && b.Origin.Input.Webhook != nil {
				order = append(order, b.Origin.Input.Webhook.Event)
			}
		}
	}
	if !slices.Equal(order, events) {
		t.Errorf("took effect in the order %v, came in %v", order, events)
	}
	if shown := s.shown(id); shown["notes"] != "19" {
		t.Errorf("record %v", shown)
	}
}

func TestNobodysClientIsGuessed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ada := s.client(olga, fields("name", "Ada Byron", "email", "ada@example.com", "phone", "+49 171 5550123"))
	s.client(olga, fields("name", "Ben", "phone", "+43 171 5550123"))
	first := s.arrive("c1", `{"name":"A. Byron","email":"ADA@example.com","phone":"0171 5550123","notes":"1"}`)
	second := s.arrive("c1", `{"notes":"2"}`)
	s.run()
	o := s.became(first, store.EventWaiting)
	if len(o.Candidates) != 2 || o.Candidates[0].Record != ada.ClientID() || o.Candidates[0].Name != "Ada Byron" || len(o.Candidates[0].Matches) != 2 {
		t.Fatalf("candidates %+v", o.Candidates)
	}
	for _, m := range o.Candidates[0].Matches {
		if m.Same != (m.Kind == store.EMail) {
			t.Errorf("match %+v", m)
		}
	}
	s.became(second, store.EventWaiting)
	if _, err := s.p.Assign(t.Context(), supplier, second, ada); err != nil {
		t.Fatal(err)
	}
	s.run()
	for _, e := range []string{first, second} {
		if o := s.became(e, store.EventDone); o.Record != ada.ClientID() {
			t.Errorf("went to %s", o.Record)
		}
	}
	if shown := s.shown(ada); shown["notes"] != "2" || len(s.records()) != 2 {
		t.Errorf("record %v of %d", shown, len(s.records()))
	}
}

func TestPersonSaysThatItIsANewClient(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *connection.Settings) { c.CreateUnknown = false })
	e := s.arrive("c1", `{"budget":5}`)
	s.run()
	if o := s.became(e, store.EventWaiting); len(o.Candidates) != 0 || o.Note == "" {
		t.Fatalf("outcome %+v", o)
	}
	for range 2 { // said twice it is one client
		if _, err := s.p.Assign(t.Context(), supplier, e, crdt.RecordID{}); err != nil {
			t.Fatal(err)
		}
		s.run()
	}
	s.became(e, store.EventDone)
	if records := s.records(); len(records) != 1 || s.shown(records[0].Record)["name"] != "Client c1" {
		t.Errorf("%d records", len(records))
	}
}

func TestDeadEventIsEditedAndReplayedTwiceToTheSameEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c1", id)
	e := s.arriveAs("client.updated", "c1", `{"client_data":`)
	s.run()
	s.became(e, store.EventDead)
	if now := s.event(e); now.Attempts != 1 || !strings.Contains(now.Error, "edit its body and replay") {
		t.Fatalf("dead after %d attempts: %s", now.Attempts, now.Error)
	}
	body := []byte(`{"client_data":{"id":"c1","budget":5,"notes":"x"}}`)
	if _, err := s.p.Edit(t.Context(), supplier, e, s.event(e).Version-1, body); !errors.Is(err, store.ErrStale) {
		t.Errorf("edited at another version: %v", err)
	}
	if _, err := s.p.Edit(t.Context(), supplier, e, s.event(e).Version, body); err != nil {
		t.Fatal(err)
	}
	var ends []string
	for range 2 {
		if n, _, err := s.p.ReplayRange(t.Context(), supplier, processing.Range{Connection: s.crm.ID}); err != nil || n != 1 {
			t.Fatalf("%d replayed, %v", n, err)
		}
		s.run()
		s.became(e, store.EventDone)
		ends = append(ends, string(s.event(e).Outcome))
	}
	if ends[0] != ends[1] || s.writes(id) != 1 || len(s.pending()) != 1 || len(s.pending()[0].Proposals) != 1 {
		t.Errorf("ended as %s, then as %s, with %d writes", ends[0], ends[1], s.writes(id))
	}
	var state *processing.StateError
	if _, err := s.p.Edit(t.Context(), supplier, e, s.event(e).Version, body); !errors.As(err, &state) {
		t.Errorf("a done event was edited: %v", err)
	}
}

func TestUnroutedEventIsGivenToAConnection(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	event := store.InboxEvent{
		Supplier: supplier, ID: "u1", External: "u1", Subject: "c1", Type: "client.created", Received: s.now(), Due: s.now(),
		Body: []byte(`{"client_data":{"id":"c1","name":"Ada"}}`), State: store.EventUnrouted,
	}
	if _, err := s.store.ReceiveEvents(t.Context(), []store.InboxEvent{event}); err != nil {
		t.Fatal(err)
	}
	var state *processing.StateError
	if _, err := s.p.Replay(t.Context(), supplier, "u1"); !errors.As(err, &state) {
		t.Errorf("replayed before it is routed: %v", err)
	}
	if _, err := s.p.Route(t.Context(), supplier, "u1", "nobody's"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("given to no connection: %v", err)
	}
	if _, err := s.p.Route(t.Context(), supplier, "u1", s.crm.ID); err != nil {
		t.Fatal(err)
	}
	s.run()
	if o := s.became("u1", store.EventDone); o.Result != processing.Created {
		t.Errorf("outcome %+v", o)
	}
}

func TestWhatCannotBeWrittenIsDeadAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cause func(*scene, crdt.RecordID)
		says  string
	}{
		{"a deleted client", func(s *scene, id crdt.RecordID) {
			if err := s.hub.Delete(s.t.Context(), id, olga, nil); err != nil {
				s.t.Fatal(err)
			}
		}, "restore it and replay"},
		{"a connection that is gone", func(s *scene, _ crdt.RecordID) {
			if err := s.store.DeleteConnection(s.t.Context(), supplier, s.crm.ID); err != nil {
				s.t.Fatal(err)
			}
		}, "assign the event to another"},
		{"a field below a critical one", func(s *scene, _ crdt.RecordID) {
			s.set(connection.Settings{Name: "CRM", Mapping: []byte(`{"rules":[{"from":["notes"],"to":"budget.max"}]}`)})
		}, "correct the mapping"},
		{"a mapping that is none", func(s *scene, _ crdt.RecordID) {
			s.set(connection.Settings{Name: "CRM", Mapping: []byte(`{"rules":[{"from":["notes"]}]}`)})
		}, "rules[0].to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			id := s.client(olga, fields("name", "Ada"))
			s.bind("c1", id)
			e := s.arrive("c1", `{"notes":"x"}`)
			c.cause(s, id)
			s.run()
			s.became(e, store.EventDead)
			if now := s.event(e); now.Attempts != 1 || !strings.Contains(now.Error, c.says) {
				t.Errorf("dead after %d attempts: %s", now.Attempts, now.Error)
			}
		})
	}
}

func TestEventThatConcernsNoRecordIsDone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	deleted := s.arriveAs("client.deleted", "c1", `{"client_data":{"id":"c1","name":"Ada"}}`)
	empty := s.arrive("c2", `{"colour":"red"}`)
	s.run()
	for _, e := range []string{deleted, empty} {
		if o := s.became(e, store.EventDone); o.Result != processing.Nothing || o.Note == "" {
			t.Errorf("outcome %+v", o)
		}
	}
	if n := len(s.records()); n != 0 {
		t.Errorf("%d records", n)
	}
	id := s.client(olga, fields("name", "Ada"))
	s.bind("c3", id)
	known := s.arrive("c3", `{"colour":"red"}`)
	s.run()
	if o := s.became(known, store.EventDone); len(o.Fields) != 0 || o.Record != id.ClientID() {
		t.Errorf("outcome %+v", o)
	}
}

func TestErasedClientIsInNothingThatWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ada := s.client(olga, fields("name", "Ada Byron", "email", "ada@example.com", "phone", "+49 171 5550123"))
	ben := s.client(olga, fields("name", "Ben", "phone", "+43 171 5550123"))
	either := s.arrive("c1", `{"name":"A. Byron","email":"ada@example.com","phone":"0171 5550123"}`)
	hers := s.arrive("c2", `{"email":"ada@example.com"}`)
	behind := s.arrive("c2", `{"notes":"Byron"}`)
	s.run()
	for e, n := range map[string]int{either: 2, hers: 1, behind: 0} {
		if o := s.became(e, store.EventWaiting); len(o.Candidates) != n {
			t.Fatalf("%d candidates, want %d", len(o.Candidates), n)
		}
	}
	if err := s.hub.Erase(t.Context(), ada, olga); err != nil {
		t.Fatal(err)
	}
	for _, e := range []string{hers, behind} {
		if o := s.became(e, store.EventDone); o != nil || len(s.event(e).Body) > 0 {
			t.Errorf("left is %+v", s.event(e))
		}
	}
	if o := s.became(either, store.EventReceived); o != nil {
		t.Errorf("left is %+v", o)
	}
	s.pass(2 * time.Minute)
	if err := s.p.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.run()
	if o := s.became(either, store.EventWaiting); len(o.Candidates) != 1 || o.Candidates[0].Record != ben.ClientID() {
		t.Errorf("candidates %+v", o.Candidates)
	}
	s.edit(olga, ben, fields("phone", "+43 1 5550199"))
	s.shown(ben)
	if _, err := s.p.Replay(t.Context(), supplier, either); err != nil {
		t.Fatal(err)
	}
	s.run()
	if o := s.became(either, store.EventWaiting); len(o.Candidates) != 0 || len(s.records()) != 1 {
		t.Errorf("outcome %+v, and %d clients", o, len(s.records()))
	}
	if err := s.hub.Erase(t.Context(), ben, olga); err != nil {
		t.Fatal(err)
	}
	if o := s.became(either, store.EventDone); o != nil || len(s.event(either).Body) > 0 {
		t.Errorf("left is %+v", s.event(either))
	}
}

func TestEventThatNoMappingUsesIsErasedWithTheClientWhoAloneHasItsContact(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.crm = store.Connection{Supplier: supplier, ID: ulid.Make().String(), Source: string(connection.Twilio), Created: s.now(), Changed: s.now()}
	s.set(connection.Settings{Name: "Telephone"})
	ada := s.client(olga, fields("name", "Ada", "phone", "+44 20 7946 0018"))
	for _, name := range []string{"Ben", "Cleo"} {
		s.client(olga, fields("name", name, "phone", "+44 20 7946 0019"))
	}
	hers := s.arriveAs("message.received", "SM1", "MessageSid=SM1&From=%2B442079460018&Body=Late")
	shared := s.arriveAs("message.received", "SM2", "MessageSid=SM2&From=%2B442079460019&Body=Late")
	s.run()
	if o := s.became(hers, store.EventDone); o.Result != processing.Nothing || o.Record != ada.ClientID() {
		t.Errorf("it became %+v", o)
	}
	if o := s.became(shared, store.EventDone); o.Record != "" {
		t.Errorf("one that two clients share became %+v", o)
	}
	if err := s.hub.Erase(t.Context(), ada, olga); err != nil {
		t.Fatal(err)
	}
	if e := s.event(hers); len(e.Body) > 0 || len(e.Outcome) > 0 {
		t.Errorf("left of it is %+v", e)
	}
}
