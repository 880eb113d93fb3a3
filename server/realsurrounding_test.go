package server_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestConflictShowsWhatElseItsAuthorEditedInTheSameMinutes(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben","budget":1,"wedding_date":"2027-06-12","notes":"old"}`)
	patch := func(who string, fields string) {
		t.Helper()
		by := mia
		by.User = who
		s.want(200, s.do(by, "PATCH", "/api/clients/"+client, `{"fields":`+fields+`}`))
	}
	patch("mia", `{"notes":"too early"}`)
	s.at.Add(301)
	patch("mia", `{"notes":"postponed","wedding_date":"2027-07-03"}`)
	s.at.Add(299)
	patch("ben", `{"notes":"somebody else's"}`)
	patch("mia", `{"budget":2}`)
	s.at.Add(299)
	patch("mia", `{"guests":120}`)
	s.at.Add(2)
	patch("mia", `{"guests":7}`)

	pending := s.do(vera, "GET", "/api/clients/"+client, "").text("pending", "budget")
	got := s.want(200, s.do(vera, "GET", "/api/conflicts/"+pending, ""))
	if got.text("client_name") != "Ada & Ben" {
		t.Errorf("client %v", got.at("client_name"))
	}
	var told []string
	for i := range got.at("proposals", 0, "surrounding").([]any) {
		at := func(member string) any { return got.at("proposals", 0, "surrounding", i, member) }
		told = append(told, fmt.Sprint(at("field"), ": ", at("before"), " to ", at("after"), " ", at("outcome")))
	}
	want := "notes: too early to postponed <nil>, wedding_date: 2027-06-12 to 2027-07-03 diverted, guests: <nil> to 120 <nil>"
	if strings.Join(told, ", ") != want {
		t.Errorf("surrounding %q, want %s", told, want)
	}
	list := s.do(vera, "GET", "/api/conflicts", "")
	if list.at("items", 0, "proposals", 0, "surrounding") != nil || strings.Contains(list.raw, "surrounding") {
		t.Errorf("lists tell it: %s", list.raw)
	}
	s.want(204, s.do(olga, "DELETE", "/api/clients/"+client, ""))
	if gone := s.want(200, s.do(vera, "GET", "/api/conflicts/"+pending, "")); strings.Contains(gone.raw, "postponed") {
		t.Errorf("a deleted record is told of: %s", gone.raw)
	}
}

func TestSurroundingIsBounded(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"budget":1}`)
	for n := range 30 {
		s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, fmt.Sprintf(`{"fields":{"f%d":%d}}`, n, n)))
	}
	s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"budget":2}}`))
	pending := s.do(vera, "GET", "/api/clients/"+client, "").text("pending", "budget")
	got := s.want(200, s.do(vera, "GET", "/api/conflicts/"+pending, ""))
	if n := len(got.at("proposals", 0, "surrounding").([]any)); n != 20 {
		t.Errorf("%d surrounding edits are told", n)
	}
}
