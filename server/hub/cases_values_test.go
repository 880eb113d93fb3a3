package hub_test

import (
	"runtime"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
)

const noonOfJune12 = 1_812_801_600_000 // 2027-06-12T12:00:00Z

var valueScenarios = []scenario{
	{14, "counter_and_text_that_mean_the_same_are_no_change", func(s *scene) {
		ada := s.person("ada")
		ada.edits("budget", crdt.Value{Kind: crdt.Counter, Int: 1})
		ada.edits("budget", s.form.s("1.0"))
		ada.edits("venue_name", crdt.Value{Kind: crdt.Text, Str: " Barn "})
		s.stands("budget")
		s.stands("venue_name")
	}, []row{
		{anyMode, writers, "ada: no change; ada: no change; ada: no change; budget 1@1; venue_name Barn@1"},
		{anyMode, viewers, "ada: -; ada: -; ada: -; budget 1@1; venue_name Barn@1"},
	}},
	{14, "date_object_where_nothing_was", func(s *scene) {
		s.person("ada").edits("wedding_date", crdt.Value{Kind: crdt.Timestamp, Int: noonOfJune12})
		s.stands("wedding_date")
	}, []row{
		{anyMode, owners, "ada: accepted; wedding_date 2027-06-12@1"},
		{reviewed, members, "ada: accepted; wedding_date 2027-06-12@1"},
		{reviewed, integrations, "ada: needs_review; wedding_date nothing@0 [pending v1 needs_review nothing@0→nothing@0: 2027-06-12 open]"},
		{locked, proposers, "ada: forbidden; wedding_date nothing@0"},
		{anyMode, viewers, "ada: -; wedding_date nothing@0"},
	}},
	{14, "value_that_does_not_fit_is_invalid_until_somebody_accepts_it", func(s *scene) {
		s.person("ada").edits("budget", s.form.s("12,500"))
		s.resolves("budget", conflicts.Resolution{Action: conflicts.Accept})
		s.stands("budget")
	}, diverted(
		"ada: invalid_value; olga: resolved; budget 12,500@2 [resolved v2 invalid_value 1@1→1@1: 12,500 accepted]",
		"ada: forbidden; olga: nothing pending; budget 1@1",
		"ada: -; olga: nothing pending; budget 1@1",
	)},
	{22, "webhook_value_that_differs_from_its_shadow", func(s *scene) {
		to := conflicts.Sending{To: s.author("crm"), Revisions: map[crdt.Path]uint64{"budget": 1}}
		s.exchanged(s.hub.Sent(s.Context(), s.id, to))
		s.exchanged(s.hub.Acknowledged(s.Context(), s.id, to))
		s.webhook("e1", "budget", crdt.Value{Kind: crdt.Int, Int: 7})
		s.webhook("e2", "wedding_date", crdt.Value{Kind: crdt.Str, Str: "2027-06-12"})
		s.stands("budget")
		s.stands("wedding_date")
	}, []row{
		{reviewed, integrations, "crm: needs_review; crm: needs_review; budget 1@1 [pending v1 needs_review 1@1→1@1: 7 open]; " +
			"wedding_date nothing@0 [pending v1 needs_review nothing@0→nothing@0: 2027-06-12 open]"},
		{locked, integrations, "crm: forbidden; crm: forbidden; budget 1@1; wedding_date nothing@0"},
		{anyMode, []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Viewer}, "crm is no connection; crm is no connection; crm is no connection; crm is no connection; budget 1@1; wedding_date nothing@0"},
	}},
	{23, "own_value_comes_back_late", func(s *scene) {
		for n, value := range []int64{10, 30} {
			s.olga.set("budget", s.form.n(value))
			s.olga.send()
			s.expect("accepted", s.news()[0])
			s.exchanged(s.hub.Sent(s.Context(), s.id, conflicts.Sending{To: s.author("crm"), Revisions: map[crdt.Path]uint64{"budget": uint64(n) + 2}}))
		}
		s.webhook("e1", "budget", crdt.Value{Kind: crdt.Int, Int: 10})
		s.webhook("e2", "budget", crdt.Value{Kind: crdt.Str, Str: "30"})
		s.webhook("e1", "budget", crdt.Value{Kind: crdt.Int, Int: 10}) // delivered again
		s.stands("budget")
	}, []row{
		{anyMode, integrations, "crm: no change; crm: no change; crm: no change; budget 30@3"},
		{anyMode, []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Viewer}, "crm is no connection; crm is no connection; crm is no connection; crm is no connection; crm is no connection; budget 30@3"},
	}},
	{24, "policy_turns_critical_while_values_conflict_and_back", func(s *scene) {
		ada, ben, cory := s.person("ada"), s.person("ben"), s.person("cory")
		ben.rambles() // so that ben's value is the shown one
		ada.set("guests", s.form.n(80))
		ben.set("guests", s.form.n(90))
		ada.send()
		ben.send()
		s.convert(casePolicy(s.mode, "guests"))
		s.stands("guests")
		s.convert(casePolicy(s.mode))
		cory.pull()
		cory.edits("guests", s.form.n(100))
		s.resolves("guests", conflicts.Resolution{Action: conflicts.Keep})
		s.stands("guests")
		cory.edits("guests", s.form.n(120))
	}, []row{
		{anyMode, owners, turned},
		{reviewed, proposers, turned},
		{locked, proposers, "guests 90@1 [pending v1 stale_base nothing@0→90@1: 80 open]; cory: forbidden; olga: resolved; guests ordinary [resolved v2 stale_base nothing@0→90@1: 80 rejected]; cory: -"},
		{anyMode, viewers, "guests nothing@0; cory: -; olga: nothing pending; guests ordinary; cory: -"},
	}},
	{27, "whole_object_above_a_nested_field_is_replaced", func(s *scene) {
		ada := s.person("ada")
		ada.edits("venue", s.venue("Mill", 80))
		s.stands("venue.name")
		s.olga.pull()
		s.tell("%d seats", s.olga.value("venue.seats").Int)
	}, decided(
		"ada: accepted; venue.name Mill@2; 80 seats",
		"ada: needs_review; venue.name Hall@1 [pending v1 needs_review Hall@1→Hall@1: Mill open]; 80 seats",
		"ada: forbidden; venue.name Hall@1; 80 seats",
		"ada: -; venue.name Hall@1; 40 seats",
	)},
	{27, "object_replaced_with_the_same_nested_value_is_no_change", func(s *scene) {
		ada := s.person("ada")
		ada.edits("venue", s.venue("Hall", 90))
		s.stands("venue.name")
		s.olga.pull()
		s.tell("%d seats", s.olga.value("venue.seats").Int)
	}, []row{
		{anyMode, writers, "ada: no change; venue.name Hall@1; 90 seats"},
		{anyMode, viewers, "ada: -; venue.name Hall@1; 40 seats"},
	}},
}

const turned = "guests 90@1 [pending v1 stale_base nothing@0→90@1: 80 open]; cory: concurrent_pending; olga: resolved; " +
	"guests ordinary [resolved v3 stale_base nothing@0→90@1: 80 rejected, 100 rejected]; cory: -"

func (s *scene) venue(name string, seats int64) crdt.Value {
	return crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"name": s.form.s(name), "seats": {Kind: crdt.Int, Int: seats}}}
}

// exchanged tells if the hub does not take somebody for a connection.
func (s *scene) exchanged(err error) {
	s.Helper()
	switch {
	case err == hub.ErrForbidden || err == conflicts.ErrForbidden:
		s.tell("crm is no connection")
	case err != nil:
		s.Fatal(err)
	}
}

// webhook delivers one value of one field and tells what the hub said.
func (s *scene) webhook(event string, path crdt.Path, v crdt.Value) {
	s.Helper()
	_, err := s.hub.Webhook(s.Context(), s.id, conflicts.WebhookEdit{
		From: s.author("crm"), Event: event, Fields: map[crdt.Path]crdt.Value{path: v},
	}, nil)
	s.exchanged(err)
	if err == nil {
		s.judged("crm")
	}
}

// convert puts a policy into force and waits until the record is judged by it.
func (s *scene) convert(p conflicts.Policy) {
	s.Helper()
	s.set(p)
	for begun := time.Now(); !s.hub.PolicyJob(s.supplier).Finished; runtime.Gosched() {
		if time.Since(begun) > time.Minute {
			s.Fatalf("the job does not end: %+v", s.hub.PolicyJob(s.supplier))
		}
	}
	s.news()
}
