package server_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestConflictHasItsShape(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	got := s.want(200, s.do(vera, "GET", "/api/conflicts/"+conflict, ""))
	for path, want := range map[string]string{
		"client_id": client, "field": "budget", "status": "pending", "version": "1", "reason": "needs_review",
	} {
		if got.text(path) != want {
			t.Errorf("%s is %v, want %s", path, got.at(path), want)
		}
	}
	if got.text("base", "revision") != "1" || got.text("base", "value") != "12500" || got.text("current", "value") != "12500" {
		t.Errorf("base %v, current %v", got.at("base"), got.at("current"))
	}
	p := got.at("proposals", 0).(map[string]any)
	for _, member := range []string{"id", "value", "state", "reason", "author", "edited_at", "received_at"} {
		if _, ok := p[member]; !ok {
			t.Errorf("a proposal has no %s", member)
		}
	}
	if got.text("proposals", 0, "author", "user") != "mia" || got.text("proposals", 0, "author", "role") != "member" {
		t.Errorf("author %v", p["author"])
	}
	if got.at("opened_at") == nil {
		t.Error("no opened_at")
	}
}

func TestJoiningAuthorsAreListedBesideTheFirst(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	ben := mia
	ben.User = "ben"
	s.want(200, s.do(ben, "PATCH", "/api/clients/"+client, `{"fields":{"budget":13000}}`))
	got := s.do(olga, "GET", "/api/conflicts/"+conflict, "")
	if got.text("proposals", 0, "author", "user") != "mia" || got.text("proposals", 0, "co_authors", 0, "user") != "ben" {
		t.Errorf("proposals %v", got.at("proposals"))
	}
}

func TestUnfitValueAppearsAsItWasWritten(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"wedding_date":"2027-06-12"}`)
	got := s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"wedding_date":"next  Summer"}}`))
	got = s.do(olga, "GET", "/api/conflicts/"+got.text("pending", "wedding_date"), "")
	if got.text("reason") != "invalid_value" || got.text("proposals", 0, "value") != "next  Summer" {
		t.Errorf("%s", got.raw)
	}
}

func TestConflictsAreFilteredAndPaged(t *testing.T) {
	s := newSite(t)
	var clients, all []string
	for range 3 {
		client, conflict := s.divert()
		clients, all = append(clients, client), append(all, conflict)
	}
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+all[0]+"/resolve", `{"version":1,"action":"keep"}`))
	for query, want := range map[string]int{
		"": 3, "status=pending": 2, "status=resolved": 1, "status=erased": 0,
		"field=budget": 3, "field=venue_name": 0, "client_id=" + clients[2]: 1,
		"status=pending&client_id=" + clients[0]: 0,
	} {
		got := s.want(200, s.do(olga, "GET", "/api/conflicts?"+query, ""))
		if n := len(got.at("items").([]any)); n != want {
			t.Errorf("%q selects %d conflicts, want %d", query, n, want)
		}
	}
	first := s.do(olga, "GET", "/api/conflicts?limit=2", "")
	second := s.do(olga, "GET", "/api/conflicts?limit=2&cursor="+first.text("next"), "")
	if len(first.at("items").([]any)) != 2 || len(second.at("items").([]any)) != 1 || second.at("next") != nil {
		t.Errorf("pages %s and %s", first.raw, second.raw)
	}
}

func TestResolvingDecidesTheField(t *testing.T) {
	for action, c := range map[string]struct{ body, value, state string }{
		"accept": {`{"version":1,"action":"accept","proposal_id":"%s","note":"agreed"}`, "13000", "accepted"},
		"keep":   {`{"version":1,"action":"keep","note":"agreed"}`, "12500", "rejected"},
		"custom": {`{"version":1,"action":"custom","value":12750.50,"note":"agreed"}`, "12750.5", "rejected"},
	} {
		t.Run(action, func(t *testing.T) {
			s := newSite(t)
			client, conflict := s.divert()
			proposal := s.do(olga, "GET", "/api/conflicts/"+conflict, "").text("proposals", 0, "id")
			body := strings.ReplaceAll(c.body, "%s", proposal)
			got := s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", body))
			if got.text("status") != "resolved" || got.text("proposals", 0, "state") != c.state {
				t.Errorf("%s", got.raw)
			}
			if got.text("decision", "value") != c.value || got.text("decision", "by", "user") != "olga" || got.text("decision", "note") != "agreed" {
				t.Errorf("decision %v", got.at("decision"))
			}
			item := s.do(olga, "GET", "/api/clients/"+client, "")
			if item.text("fields", "budget") != c.value || item.text("revisions", "budget") != "2" || item.at("pending", "budget") != nil {
				t.Errorf("item %s", item.raw)
			}
		})
	}
}

func TestClearingIsACustomValue(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"custom","value":null}`))
	got := s.do(olga, "GET", "/api/clients/"+client, "")
	if _, shown := got.at("fields").(map[string]any)["budget"]; shown {
		t.Errorf("budget %v is shown, want it cleared", got.at("fields", "budget"))
	}
}

func TestStaleResolutionShowsTheConflictAsItStands(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	ben := mia
	ben.User = "ben"
	s.want(200, s.do(ben, "PATCH", "/api/clients/"+client, `{"fields":{"budget":14000}}`))
	before := s.hub.commands
	got := s.want(409, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`))
	if got.text("conflict", "version") != "2" || got.text("conflict", "proposals", 1, "value") != "14000" {
		t.Errorf("%s", got.raw)
	}
	if s.hub.commands != before || s.do(olga, "GET", "/api/conflicts/"+conflict, "").text("status") != "pending" {
		t.Error("something was changed")
	}
}

func TestSecondResolverLearnsWhoWasFirst(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`))
	otto := olga
	otto.User = "otto"
	got := s.want(409, s.do(otto, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"custom","value":1}`))
	if got.text("conflict", "status") != "resolved" || got.text("conflict", "decision", "by", "user") != "olga" {
		t.Errorf("%s", got.raw)
	}
}

func TestResolutionThatCannotBeIsRefusedByName(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	for _, c := range []struct {
		body   string
		status int
		fault  string
	}{
		{`{"action":"keep"}`, 422, "version: is needed"},
		{`{"version":"1","action":"keep"}`, 422, "version: must be a whole number"},
		{`{"version":1.0,"action":"keep"}`, 422, "version: must be a whole number"},
		{`{"version":-1,"action":"keep"}`, 422, "version: must be a whole number"},
		{`{"version":null,"action":"keep"}`, 422, "version: must be a whole number"},
		{`{"version":1}`, 422, "action: must be accept, keep or custom"},
		{`{"version":1,"action":"recover"}`, 422, "action: must be accept, keep or custom"},
		{`{"version":1,"action":7}`, 422, "action: must be a string"},
		{`{"version":1,"action":"accept"}`, 422, "proposal_id: is needed by the action accept"},
		{`{"version":1,"action":"accept","proposal_id":["x"]}`, 422, "proposal_id: must be a string"},
		{`{"version":1,"action":"accept","proposal_id":"x"}`, 422, ""},
		{`{"version":1,"action":"accept","proposal_id":"x","value":1}`, 422, "value: is for the action custom alone"},
		{`{"version":1,"action":"keep","proposal_id":"x"}`, 422, "proposal_id: is for the action accept alone"},
		{`{"version":1,"action":"custom"}`, 422, "value: is needed by the action custom"},
		{`{"version":1,"action":"custom","value":"much"}`, 422, "value: the value does not fit budget"},
		{`{"version":1,"action":"keep","note":5}`, 422, "note: must be a string"},
		{`{"version":1,"action":"keep","note":"` + strings.Repeat("x", 5000) + `"}`, 422, "note: must not be longer"},
		{`{"version":1,"action":"keep","why":"x"}`, 422, "why: is unknown; known are version, action, proposal_id, note, value"},
	} {
		got := s.want(c.status, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", c.body))
		if !strings.Contains(strings.Join(got.faults(), "\n"), c.fault) {
			t.Errorf("%s: faults %q, want %q", c.body, got.faults(), c.fault)
		}
	}
	if n := len(s.do(olga, "GET", "/api/conflicts?status=pending", "").at("items").([]any)); n != 1 {
		t.Errorf("%d conflicts are pending, want 1", n)
	}
	s.want(404, s.do(olga, "POST", "/api/conflicts/nothing/resolve", `{"version":1,"action":"keep"}`))
}

func TestEachFaultOfARequestIsNamedAtOnce(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	got := s.want(422, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"action":"accept","x":1,"y":2}`))
	if want := "[version: is needed proposal_id: is needed by the action accept"; !strings.HasPrefix(fmt.Sprint(got.faults()), want) || len(got.faults()) != 4 {
		t.Errorf("faults %q", got.faults())
	}
}
