package server_test

import (
	"slices"
	"strings"
	"testing"
)

func TestPolicyIsShownWithItsJobAndReplacedAsItWasShown(t *testing.T) {
	s := newSite(t)
	got := s.want(200, s.do(mia, "GET", "/api/policy", ""))
	if got.at("version") != "1" || got.at("zone") != "UTC" || got.at("fields", 0, "path") != "wedding_date" ||
		got.at("job", "done") != "2" || got.at("job", "total") != "3" {
		t.Fatalf("policy %s", got.raw)
	}
	put := s.want(200, s.do(olga, "PUT", "/api/policy", strings.Replace(got.raw, "every_edit", "locked", 1)))
	if put.at("version") != "2" || put.at("fields", 0, "review") != "locked" {
		t.Errorf("policy %s", put.raw)
	}
	s.want(409, s.do(olga, "PUT", "/api/policy", got.raw))
	s.want(200, s.do(olga, "PUT", "/api/policy", `{"fields":[]}`))
	s.want(403, s.do(mia, "PUT", "/api/policy", `{"fields":[]}`))
}

func TestBadPolicyIsRefusedWithItsEntryNamed(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		`{"fields":[{"path":"a"},{"path":"b","kind":"colour"}]}`:   `fields.b: has the unknown kind "colour"`,
		`{"fields":[{"path":"b","review":"never"}]}`:               `fields.b: has the unknown review "never"`,
		`{"fields":[],"zone":"Mars/Olympus"}`:                      `zone: "Mars/Olympus" is no time zone of the IANA list, such as Europe/Berlin`,
		`{"fields":[],"zone":"Local"}`:                             `zone: "Local" is no time zone of the IANA list, such as Europe/Berlin`,
		`{"fields":[{"path":"venue.name"},{"path":"venue"}]}`:      `fields.venue: overlaps "venue.name"`,
		`{"fields":[{"path":"venue"},{"path":"venue"}]}`:           `fields.venue: overlaps "venue"`,
		`{"fields":[{"path":"guests.0.name"}]}`:                    `fields.guests.0.name: leads into a list, where no field keeps its place`,
		`{"fields":[{"path":"guests[0]"}]}`:                        `fields.guests[0]: leads into a list, where no field keeps its place`,
		`{"fields":[{"path":"sync_conflicts"}]}`:                   `fields.sync_conflicts: belongs to the hub`,
		`{"fields":[{"path":"sync_conflicts.budget"}]}`:            `fields.sync_conflicts.budget: belongs to the hub`,
		`{"fields":[{"path":""}]}`:                                 `fields.: has an empty key`,
		`{"fields":[{"path":"a","mode":"locked"}]}`:                `fields[0].mode: is unknown; known are path, kind, review`,
		`{"fields":["a"]}`:                                         `fields[0]: must be an object`,
		`{"fields":{}}`:                                            `fields: must be a list of objects`,
		`{}`:                                                       `fields: is needed`,
		`{"fields":[],"remind_after":"soon"}`:                      `remind_after: must be a time such as 72h or 90m, or 0 for never`,
		`{"fields":[],"remind_after":"-1h"}`:                       `remind_after: must be a time such as 72h or 90m, or 0 for never`,
		`{"fields":[],"remind_after":"1m"}`:                        `remind_after: must be from 1h to 8784h, or 0 for never`,
		`{"fields":[],"remind_after":"9000h"}`:                     `remind_after: must be from 1h to 8784h, or 0 for never`,
		`{"fields":[],"remind_after":72}`:                          `remind_after: must be a string`,
		`{"fields":[],"version":"x"}`:                              `version: must be a whole number, 0 or more`,
		`{"fields":[{"path":"` + strings.Repeat("a", 300) + `"}]}`: `fields[0].path: must not be longer than 256 bytes`,
	} {
		got := s.want(422, s.do(olga, "PUT", "/api/policy", body))
		if faults := got.faults(); !slices.Equal(faults, []string{want}) {
			t.Errorf("%s: %q, want %q", body, faults, want)
		}
	}
	if got := s.do(olga, "GET", "/api/policy", ""); got.at("version") != "1" {
		t.Errorf("a refused policy is in force: %s", got.raw)
	}
}
