package server_test

import (
	"slices"
	"strings"
	"testing"
)

func TestPolicyThatCannotBeKeptIsRefusedWithItsEntryNamed(t *testing.T) {
	s := newRealSite(t)
	client := s.diverted(`{"guests":[{"name":"Ada"}],"venue":{"rooms":["a"],"name":"Barn"},"budget":1}`, `{"budget":2}`, mia)
	for body, want := range map[string]string{
		`{"fields":[{"path":"guests.name"}]}`:       `fields.guests.name: leads into a list, where no field keeps its place: client ` + client + ` has one at "guests"`,
		`{"fields":[{"path":"venue.rooms.first"}]}`: `fields.venue.rooms.first: leads into a list, where no field keeps its place: client ` + client + ` has one at "venue.rooms"`,
		`{"fields":[{"path":"guests.0.name"}]}`:     `fields.guests.0.name: leads into a list, where no field keeps its place`,
		`{"fields":[{"path":"b","kind":"colour"}]}`: `fields.b: has the unknown kind "colour"`,
		`{"fields":[],"zone":"Mars/Olympus"}`:       `zone: "Mars/Olympus" is no time zone of the IANA list, such as Europe/Berlin`,
		`{"fields":[],"remind_after":"1m"}`:         `remind_after: must be from 1h to 8784h, or 0 for never`,
	} {
		if got := s.want(422, s.do(olga, "PUT", "/api/policy", body)).faults(); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	s.want(403, s.do(mia, "PUT", "/api/policy", `{"fields":[]}`))
	if got := s.do(olga, "GET", "/api/policy", ""); got.at("version") != "1" || got.text("remind_after") != "72h" {
		t.Errorf("in force is %s", got.raw)
	}
	s.want(200, s.do(olga, "PUT", "/api/policy", `{"fields":[{"path":"venue.name"},{"path":"guests"}],"remind_after":"0"}`))
	if got := s.do(olga, "GET", "/api/policy", ""); got.at("version") != "2" || got.text("remind_after") != "0s" {
		t.Errorf("in force is %s", got.raw)
	}
}

func TestUnfitDecisionIsRefusedWithWhatWouldFit(t *testing.T) {
	s := newRealSite(t)
	client := s.diverted(`{"budget":1,"wedding_date":"2027-06-12","venue_name":"Barn"}`, `{"budget":2,"wedding_date":"2027-06-19","venue_name":"Mill"}`, mia)
	item := s.do(olga, "GET", "/api/clients/"+client, "")
	for field, c := range map[string][2]string{
		"wedding_date": {`"next Summer"`, `a date as "2027-06-12" would`},
		"budget":       {`"1,000 €"`, `a number as 12500 or "12500.50"`},
		"venue_name":   {`7`, "a text would"},
	} {
		path := "/api/conflicts/" + item.text("pending", field) + "/resolve"
		body := `{"version":1,"action":"custom","value":` + c[0] + `}`
		got := s.want(422, s.do(olga, "POST", path, body))
		if faults := got.faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "value: ") || !strings.Contains(faults[0], c[1]) {
			t.Errorf("%s: %q, want one that says %q", field, faults, c[1])
		}
		s.want(403, s.do(mia, "POST", path, `{"version":1,"action":"keep"}`))
	}
	if now := s.do(olga, "GET", "/api/clients/"+client, ""); now.raw != item.raw {
		t.Errorf("something changed: %s", now.raw)
	}
}
