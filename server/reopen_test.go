package server_test

import (
	"fmt"
	"testing"
)

func TestDecidedConflictIsReopenedOnce(t *testing.T) {
	s := newSite(t)
	_, conflict := s.divert()
	path := "/api/conflicts/" + conflict + "/reopen"
	s.want(409, s.do(olga, "POST", path, ""))
	s.want(200, s.do(olga, "POST", "/api/conflicts/"+conflict+"/resolve", `{"version":1,"action":"keep"}`))
	s.want(403, s.do(mia, "POST", path, ""))
	s.want(404, s.do(rival, "POST", path, ""))
	got := s.want(201, s.do(olga, "POST", path, ""))
	if got.text("reopens") != conflict || got.text("status") != "pending" || got.at("proposals", 0, "value") != "13000" {
		t.Errorf("reopened as %s", got.raw)
	}
	s.want(409, s.do(olga, "POST", path, ""))
	if former := s.do(olga, "GET", "/api/conflicts/"+conflict, ""); former.text("reopened_as") != got.text("id") {
		t.Errorf("former %s", former.raw)
	}
}

func TestManyConflictsAreDecidedEachOnItsOwn(t *testing.T) {
	s := newSite(t)
	_, first := s.divert()
	_, second := s.divert()
	body := fmt.Sprintf(`{"decisions":[{"conflict_id":%q,"version":1,"action":"keep"},{"conflict_id":%q,"version":9,"action":"keep"},
		{"conflict_id":"x","version":1,"action":"keep"},{"version":1,"action":"guess"},{"conflict_id":%q,"version":1,"action":"custom","value":7}]}`, first, second, second)
	got := s.want(200, s.do(olga, "POST", "/api/conflicts/resolve", body, "Idempotency-Key", "k"))
	for i, want := range []string{"200", "409", "404", "422", "200"} {
		if got.at("results", i, "status") != want {
			t.Errorf("decision %d: %v, want %s: %s", i, got.at("results", i), want, got.raw)
		}
	}
	if got.text("results", 0, "conflict", "status") != "resolved" || got.at("results", 1, "problem", "conflict", "version") != "1" ||
		got.at("results", 4, "conflict", "decision", "value") != "7" {
		t.Errorf("results %s", got.raw)
	}
	again := s.want(200, s.do(olga, "POST", "/api/conflicts/resolve", body, "Idempotency-Key", "k"))
	if again.at("results", 0, "status") != "200" || again.at("results", 4, "status") != "200" {
		t.Errorf("the same command again: %s", again.raw)
	}
	s.want(403, s.do(mia, "POST", "/api/conflicts/resolve", body))
	for _, bad := range []string{`{}`, `{"decisions":[]}`, `{"decisions":{}}`, `{"decisions":[1],"x":1}`} {
		s.want(422, s.do(olga, "POST", "/api/conflicts/resolve", bad))
	}
}
