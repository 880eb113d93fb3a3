package sending

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/activity"
	"wedsync/server/hub"
	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// noEngine has every record shown by what was decided alone.
type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}

// A studio is a hub with a CRM: a connection by which it speaks, and an endpoint by
// which it is spoken to.
type studio struct {
	*scene
	hub    *hub.Hub
	crm    conflicts.Principal
	told   *receiver
	client crdt.RecordID
	events int // of the CRM
}

var (
	olga = conflicts.Principal{Supplier: "rose", User: "olga", Role: conflicts.Owner}
	mia  = conflicts.Principal{Supplier: "rose", User: "mia", Device: "phone", Role: conflicts.Member}
)

func withCRM(t *testing.T, run func(t *testing.T, s *studio)) {
	inTime(t, func(t *testing.T, quiet *scene) {
		quiet.stop()
		h, err := hub.New(t.Context(), hub.Options{Store: quiet.store, Engine: noEngine{}})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		s := &studio{scene: quiet, hub: h, crm: connection.Principal("rose", "crm1")}
		s.sender, s.stop = s.node(h)
		if err := s.store.SetConnection(t.Context(), store.Connection{Supplier: "rose", ID: "crm1", Source: "github", Created: time.Now(), Changed: time.Now()}); err != nil {
			t.Fatal(err)
		}
		url, crm := "https://crm.example/hook", "crm1"
		if _, _, err := s.sender.Create(t.Context(), "rose", Change{URL: &url, Connection: &crm}); err != nil {
			t.Fatal(err)
		}
		s.told = s.net.at("crm.example")
		s.client, _, err = h.Create(t.Context(), conflicts.Edit{From: olga, Fields: budget(12500)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		run(t, s)
		s.stop()
		s.stop = func() {}
	})
}

func budget(n int64) map[crdt.Path]crdt.Value {
	return map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Int, Int: n}}
}

// says is what the hub makes of a budget that the CRM delivers.
func (s *studio) says(n int64) conflicts.Verdict {
	s.t.Helper()
	s.events++
	o, err := s.hub.Webhook(s.t.Context(), s.client, conflicts.WebhookEdit{From: s.crm, Event: fmt.Sprint("e", s.events), Fields: budget(n)}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return o.Verdicts[0]
}

// sets has somebody edit the budget, and waits until the CRM was told.
func (s *studio) sets(who conflicts.Principal, n int64) *conflicts.Outcome {
	s.t.Helper()
	o, err := s.hub.Edit(s.t.Context(), s.client, conflicts.Edit{From: who, Fields: budget(n)}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	pass(5 * time.Second)
	return o
}

// last is the budget that the CRM was told last, with its revision.
func (s *studio) last() (value string, revision uint64) {
	s.t.Helper()
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	for _, t := range s.told.accepted {
		if c := t.event().Data.Client; c != nil && c.Revisions["budget"] > 0 {
			value, revision = fmt.Sprint(c.Fields["budget"]), c.Revisions["budget"]
		}
	}
	return value, revision
}

func (s *studio) pending() int {
	s.t.Helper()
	rows, err := s.store.Conflicts(s.t.Context(), "rose", store.ConflictQuery{Status: conflicts.Pending, Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(rows)
}

func TestCRMThatIsToldADecisionSaysNothingNewByItsEcho(t *testing.T) {
	withCRM(t, func(t *testing.T, s *studio) {
		if value, revision := s.last(); value != "12500" || revision != 1 {
			t.Fatalf("at first the CRM has %s at revision %d", value, revision)
		}
		first := s.says(15000)
		second := s.sets(mia, 14000).Verdicts[0]
		if first.Outcome != string(conflicts.EditDiverted) || first.Conflict != second.Conflict || s.pending() != 1 {
			t.Fatalf("the CRM: %+v, the phone: %+v", first, second)
		}
		c, err := s.store.Conflict(t.Context(), "rose", first.Conflict)
		if err != nil || len(c.Proposals) != 2 {
			t.Fatalf("%d proposals, %v", len(c.Proposals), err)
		}
		if value, _ := s.last(); value != "12500" {
			t.Errorf("before the decision the CRM is told %s", value)
		}
		if _, err := s.hub.Resolve(t.Context(), s.client, conflicts.Resolution{
			By: olga, Conflict: c.ID, Version: c.Version, Action: conflicts.Accept, Proposal: second.Proposal,
		}, nil); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		if value, revision := s.last(); value != "14000" || revision != 2 {
			t.Fatalf("the CRM was told %s at revision %d", value, revision)
		}
		s.echoes(14000)
		s.sets(olga, 16000)
		s.sets(olga, 17000)
		s.echoes(16000) // late: the field has moved on
		s.echoes(17000)
		if v := s.says(18000); v.Outcome != string(conflicts.EditDiverted) {
			t.Errorf("an edit after all echoes: %+v", v)
		}
	})
}

// echoes has the CRM say what it was told, which must change nothing.
func (s *studio) echoes(n int64) {
	s.t.Helper()
	before := s.told.tries()
	if v := s.says(n); v.Outcome != string(conflicts.EditNoChange) || v.Reason != conflicts.Echo {
		s.t.Errorf("the echo of %d: %+v", n, v)
	}
	pass(5 * time.Second)
	if s.pending() != 0 {
		s.t.Errorf("%d conflicts after the echo of %d", s.pending(), n)
	}
	if after := s.told.tries(); len(after) != len(before) {
		s.t.Errorf("the CRM is told of its own echo: %s", after[len(after)-1].body)
	}
}

func TestEchoIsKnownAlthoughItComesBeforeTheAnswer(t *testing.T) {
	withCRM(t, func(t *testing.T, s *studio) {
		s.told.set(10*time.Second, status(500)) // it takes the value, and then fails
		if _, err := s.hub.Edit(t.Context(), s.client, conflicts.Edit{From: olga, Fields: budget(14000)}, nil); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if v := s.says(14000); v.Reason != conflicts.Echo {
			t.Errorf("while the request is under way: %+v", v)
		}
		s.told.set(0, status(200))
		pass(time.Hour)
		if v := s.says(14000); v.Reason != conflicts.Echo {
			t.Errorf("after the event came again: %+v", v)
		}
	})
}

func TestEventCarriesWhatCountsAndNoProposal(t *testing.T) {
	withCRM(t, func(t *testing.T, s *studio) {
		o := s.sets(mia, 666)
		var kinds []string
		for _, try := range s.told.tries() {
			e := try.event()
			kinds = append(kinds, e.Type)
			if e.Subject != s.client.ClientID() || e.Data.ClientID != e.Subject || e.Source != "/suppliers/rose" {
				t.Errorf("%s", try.body)
			}
			if c := e.Data.Client; c != nil && fmt.Sprint(c.Fields["budget"]) != "12500" {
				t.Errorf("%s", try.body)
			}
			if e.Type == activity.ConflictOpened && (e.Data.Conflict.Status != conflicts.Pending || e.Data.Client.Pending["budget"] != o.Verdicts[0].Conflict) {
				t.Errorf("%s", try.body)
			}
		}
		want := []string{activity.ClientCreated, activity.VerdictAccepted, activity.VerdictDiverted, activity.ConflictOpened, activity.ProposalOpened}
		if got, _ := json.Marshal(kinds); string(got) != string(must(json.Marshal(want))) {
			t.Errorf("told %s", got)
		}
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestEventWaitsUntilItsEchoIsExpected(t *testing.T) {
	inTime(t, func(t *testing.T, s *scene) {
		s.busy = hub.ErrUnavailable
		d := store.Delivery{
			Supplier: "rose", ID: "1", Type: activity.ClientChanged, Record: record(1), State: store.DeliveryPending, Due: time.Now(), Created: time.Now(),
			Body: []byte(`{"data":{"client":{"revisions":{"budget":2,"venue":0}}}}`),
		}
		s.edit(1) // so that there is the record
		e, r := s.endpoint("crm.example", "wedsync.conflict.*")
		d.Endpoint = e.ID
		if _, err := s.sender.change(t.Context(), "rose", e.ID, func(set *Settings) error { set.Connection = "crm1"; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.store.AddDeliveries(t.Context(), "rose", e.ID, []store.Delivery{d}); err != nil {
			t.Fatal(err)
		}
		pass(3 * sweep)
		if got := s.now(e); len(r.tries()) != 0 || got.Settings.Trouble != nil || got.Counts[store.DeliveryPending] != 1 {
			t.Fatalf("%d requests while the hub is not ready, %+v", len(r.tries()), got)
		}
		s.mu.Lock()
		s.busy, s.notes = nil, nil
		s.mu.Unlock()
		pass(2 * sweep)
		if want := []string{"sent map[budget:2]", "acknowledged map[budget:2]"}; !slices.Equal(s.notes, want) || len(r.tries()) != 1 {
			t.Errorf("noted %q, %d requests", s.notes, len(r.tries()))
		}
	})
}

func TestErasedClientIsToldOfAndNothingOfItsContent(t *testing.T) {
	withCRM(t, func(t *testing.T, s *studio) {
		s.told.set(0, down)
		s.sets(olga, 4711)
		if err := s.hub.Erase(t.Context(), s.client, olga); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		s.told.set(0, status(200))
		pass(time.Hour)
		last := s.told.accepted[len(s.told.accepted)-1]
		if e := last.event(); e.Type != activity.ClientErased || e.Subject != s.client.ClientID() || e.Data.Client != nil {
			t.Errorf("told last: %s", last.body)
		}
		for _, try := range s.told.accepted {
			if strings.Contains(string(try.body), "4711") {
				t.Errorf("told after the erasure: %s", try.body)
			}
		}
		if counts, err := s.store.DeliveryCounts(t.Context(), "rose"); err != nil {
			t.Error(err)
		} else {
			for endpoint, states := range counts {
				if states[store.DeliveryPending] != 0 {
					t.Errorf("%s waits with %v", endpoint, states)
				}
			}
		}
	})
}

func TestDisabledEndpointIsAnActivityThatOthersAreTold(t *testing.T) {
	withCRM(t, func(t *testing.T, s *studio) {
		_, other := s.endpoint("app.example", activity.ActivityPosted)
		s.told.set(0, status(410))
		s.sets(olga, 13000)
		pass(time.Minute)
		if len(other.accepted) != 1 {
			t.Fatalf("told %d times", len(other.accepted))
		}
		if e := other.accepted[0].event(); !strings.HasPrefix(e.Data.Text, "the hub: The webhook endpoint ") || e.Subject != s.client.ClientID() || e.Data.Activity.Kind != "webhook-endpoint-disabled" {
			t.Errorf("told %s", other.accepted[0].body)
		}
	})
}
