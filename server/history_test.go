package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wedsync/conflicts"
)

// timeline are the lines of a record's history as texts, "kind field before → after user".
func (s *site) timeline(client, query string) []string {
	s.t.Helper()
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/history"+query, ""))
	var lines []string
	for i := range got.body["items"].([]any) {
		line := fmt.Sprint(got.at("items", i, "kind"), " ", got.at("items", i, "field"), " ",
			got.at("items", i, "before"), " → ", got.at("items", i, "after"), " ", got.at("items", i, "author", "user"))
		for _, more := range []string{"outcome", "reason"} {
			if text := got.text("items", i, more); text != "" {
				line += " " + text
			}
		}
		if n := got.at("items", i, "decision", "number"); n != nil {
			line += fmt.Sprint(" #", n)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestHistoryIsAReadableTimeline(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"custom","value":"14000.00","note":"met halfway"}`))
	s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"name":"Ada & Bo"}}`))
	want := []string{
		"api name Ada & Ben → Ada & Bo mia",
		"resolve budget 12500 → 14000 olga #2",
		"api budget 12500 → 13000 mia diverted needs_review",
		"api budget <nil> → 12500 olga accepted #1",
		"api name <nil> → Ada & Ben olga",
	}
	if got := s.timeline(client, ""); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := s.timeline(client, "?field=budget&author=mia"); len(got) != 1 || got[0] != want[2] {
		t.Errorf("mia's budget: %q", got)
	}
	if got := s.timeline(client, "?sort=oldest&limit=1"); len(got) != 1 || got[0] != want[4] {
		t.Errorf("oldest: %q", got)
	}
}

func TestDecisionsOfTheHistoryNameOneAnother(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep","note":"no money"}`))
	got := s.want(200, s.do(vera, "GET", "/api/clients/"+client+"/history?field=budget&sort=oldest", ""))
	first, second := got.text("items", 0, "decision", "hash"), got.text("items", 2, "decision", "hash")
	if len(first) != 64 || got.text("items", 2, "decision", "previous") != first || got.text("items", 0, "decision", "previous") != "" {
		t.Errorf("chain: %s", got.raw)
	}
	if got.text("log", "hash") != second || got.at("log", "count") != "2" {
		t.Errorf("log: %v, last decision %s", got.at("log"), second)
	}
	for _, want := range []struct{ member, value string }{
		{"act", "decided"}, {"cause", "resolution"}, {"action", "keep"}, {"note", "no money"}, {"revision", "2"},
	} {
		if v := got.at("items", 2, "decision", want.member); v != want.value {
			t.Errorf("%s of the decision is %v, want %s", want.member, v, want.value)
		}
	}
	if got.at("items", 1, "base") != "1" || got.text("items", 1, "conflict_id") != conflict || got.text("items", 2, "conflict_id") != conflict {
		t.Errorf("items: %s", got.raw)
	}
}

func TestHistoryComesInPages(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"a"}`)
	for i := range 6 {
		s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, fmt.Sprintf(`{"fields":{"name":"n%d"}}`, i)))
	}
	all := s.timeline(client, "")
	var paged []string
	query := "?limit=3"
	for {
		got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/history"+query, ""))
		paged = append(paged, s.timeline(client, query)...)
		next := got.text("next")
		if next == "" {
			break
		}
		query = "?limit=3&cursor=" + next
	}
	if len(all) != 7 || strings.Join(paged, "\n") != strings.Join(all, "\n") {
		t.Errorf("pages\n%s\nwant\n%s", strings.Join(paged, "\n"), strings.Join(all, "\n"))
	}
}

func TestHistoryOfOthersAndOfDeletedRecordsIsNotFound(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"a"}`)
	s.want(200, s.do(vera, "GET", "/api/clients/"+client+"/history", ""))
	s.want(404, s.do(rival, "GET", "/api/clients/"+client+"/history", ""))
	s.want(404, s.do(olga, "GET", "/api/clients/nobody/history", ""))
	s.want(405, s.do(olga, "POST", "/api/clients/"+client+"/history", `{}`))
	s.want(204, s.do(olga, "DELETE", "/api/clients/"+client, ""))
	s.want(404, s.do(olga, "GET", "/api/clients/"+client+"/history", ""))
}

func TestBadHistoryQueriesAreNamed(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"a"}`)
	for query, want := range map[string]string{
		"?limit=0":                            "limit: must be a whole number from 1 to 200",
		"?cursor=x":                           "cursor: must be the next of an earlier page",
		"?cursor=0.1":                         "cursor: must be the next of an earlier page",
		"?cursor=1.-1":                        "cursor: must be the next of an earlier page",
		"?sort=random":                        "sort: must be oldest or newest",
		"?field=a..b":                         "field: must be the name of a field, or names joined by dots",
		"?field=sync_conflicts.budget":        "field: must not be sync_conflicts, which is the hub's own",
		"?author=" + strings.Repeat("x", 257): "author: must not be longer than 256 bytes",
		"?field=" + strings.Repeat("x", (4<<10)+1): "field: must be the name of a field, or names joined by dots",
	} {
		got := s.want(400, s.do(olga, "GET", "/api/clients/"+client+"/history"+query, ""))
		if faults := got.faults(); len(faults) != 1 || faults[0] != want {
			t.Errorf("%.40s: %q, want %q", query, faults, want)
		}
	}
}

func TestHistoryThatIsTooLongIsAProblem(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"a"}`)
	s.hub.fail = fmt.Errorf("history: %w", &conflicts.HistoryLimitError{What: "events", Most: 5})
	got := s.want(422, s.do(olga, "GET", "/api/clients/"+client+"/history", ""))
	if !strings.Contains(got.text("detail"), "more than 5 events") {
		t.Errorf("detail %q", got.text("detail"))
	}
}

func TestItemSaysHowItsCriticalValuesCameToCount(t *testing.T) {
	s := newSite(t)
	client, conflict := s.divert()
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`))
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	p, err := json.Marshal(got.at("provenance"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"budget":{"cause":"resolution","decided_at":"2027-01-01T12:00:03Z","decided_by":{"device":"","role":"owner","user":"olga"},"revision":2}}`
	if string(p) != want {
		t.Errorf("provenance %s\nwant %s", p, want)
	}
}

func TestHistoryShowsValuesAsOtherReadsDo(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"notes":"","budget":"12500.00","guests":80}`)
	got := s.want(200, s.do(olga, "GET", "/api/clients/"+client+"/history?sort=oldest", ""))
	shown := map[string]any{}
	for i := range got.body["items"].([]any) {
		shown[got.text("items", i, "field")] = got.at("items", i, "after")
	}
	for field, want := range map[string]any{"notes": "", "budget": "12500", "guests": "80"} {
		if shown[field] != want {
			t.Errorf("%s is %#v, want %#v", field, shown[field], want)
		}
	}
}
