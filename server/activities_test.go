package server_test

import (
	"fmt"
	"strings"
	"testing"
)

// told are the types of a page's events.
func (r reply) told() (types []string) {
	for i := range r.body["items"].([]any) {
		types = append(types, strings.TrimPrefix(r.text("items", i, "type"), "wedsync."))
	}
	return types
}

func TestARecordsActivitiesComeNewestFirst(t *testing.T) {
	s := newRealSite(t)
	client := s.diverted(`{"name":"Ada & Ben","budget":12500}`, `{"budget":13000}`, mia)
	s.at.Add(2)
	s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"ivy"}}`))
	s.want(201, s.do(mia, "POST", "/api/clients/"+client+"/activities", `{"kind":"call","text":"Called Ada","data":{"minutes":3}}`))
	got := s.want(200, s.do(vera, "GET", "/api/clients/"+client+"/activities", ""))
	want := "activity.posted client.changed proposal.opened conflict.opened verdict.diverted verdict.accepted client.created"
	if told := strings.Join(got.told(), " "); told != want {
		t.Errorf("told %s\nwant %s", told, want)
	}
	if got.text("items", 0, "data", "activity", "text") != "Called Ada" || got.text("items", 0, "data", "user") != "mia" || got.text("items", 1, "data", "fields", 0) != "notes" {
		t.Errorf("events: %s", got.raw)
	}
	var paged []string
	for cursor := ""; ; {
		page := s.want(200, s.do(vera, "GET", "/api/clients/"+client+"/activities?limit=2"+cursor, ""))
		paged = append(paged, page.told()...)
		if page.at("next") == nil {
			break
		}
		cursor = "&cursor=" + page.text("next")
	}
	if told := strings.Join(paged, " "); told != want {
		t.Errorf("page by page: %s", told)
	}
	s.want(404, s.do(rival, "GET", "/api/clients/"+client+"/activities", ""))
	s.want(400, s.do(vera, "GET", "/api/clients/"+client+"/activities?cursor=x", ""))
}

func TestAnActivityIsPostedOnceForItsKey(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	url := "/api/clients/" + client + "/activities"
	for range 2 {
		got := s.want(201, s.do(mia, "POST", url, `{"kind":"call","text":"Called"}`, "Idempotency-Key", "k"))
		if got.text("kind") != "call" || got.text("text") != "Called" || got.text("client_id") != client {
			t.Errorf("answered %s", got.raw)
		}
	}
	s.want(422, s.do(mia, "POST", url, `{"kind":"call","text":"Called again"}`, "Idempotency-Key", "k"))
	got := s.want(200, s.do(mia, "GET", url, ""))
	if told := fmt.Sprint(got.told()); told != "[activity.posted client.created]" {
		t.Errorf("told %s", told)
	}
}

// Readers of JSON differ in what they stumble over.
func TestWhatIsPostedWithAnActivityIsWrittenAnew(t *testing.T) {
	s := newRealSite(t)
	url := "/api/clients/" + s.create(`{"name":"Ada & Ben"}`) + "/activities"
	got := s.want(201, s.do(mia, "POST", url, `{"kind":"call","text":"x","data": {"b": "\ud800<", "a": [1, 2.5, null], "a": [3]}}`))
	if !strings.Contains(got.raw, `"data":{"a":[3],"b":"\ufffd<"}`) && !strings.Contains(got.raw, `"data":{"a":[3],"b":"�<"}`) {
		t.Errorf("posted %s", got.raw)
	}
	if got := s.want(201, s.do(mia, "POST", url, `{"kind":"call","text":"x","data":null}`)); got.at("data") != nil {
		t.Errorf("posted %s", got.raw)
	}
}

func TestActivitiesThatCannotBePostedAreRefused(t *testing.T) {
	s := newRealSite(t)
	client := s.create(`{"name":"Ada & Ben"}`)
	url := "/api/clients/" + client + "/activities"
	for body, field := range map[string]string{
		`{"text":"x"}`:                        "kind",
		`{"kind":"a b","text":"x"}`:           "kind",
		`{"kind":"call"}`:                     "text",
		`{"kind":"call","text":"x","more":1}`: "more",
		`{"kind":"call","text":"x","data":"` + strings.Repeat("x", 17<<10) + `"}`:                       "data",
		`{"kind":"call","text":"x","data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: "data",
		`{"kind":"call","text":"x","data":{"n":1e999}}`:                                                 "data",
	} {
		got := s.want(422, s.do(mia, "POST", url, body))
		if got.text("errors", 0, "field") != field {
			t.Errorf("%.40s: %s", body, got.raw)
		}
	}
	s.want(403, s.do(vera, "POST", url, `{"kind":"call","text":"x"}`))
	s.want(404, s.do(rival, "POST", url, `{"kind":"call","text":"x"}`))
	s.want(204, s.do(olga, "DELETE", "/api/clients/"+client, ""))
	s.want(404, s.do(mia, "POST", url, `{"kind":"call","text":"x"}`))
	s.want(404, s.do(mia, "GET", url, ""))
}

func TestAStreamIsRefusedWithAProblem(t *testing.T) {
	s := newRealSite(t)
	s.want(426, s.do(olga, "GET", "/api/realtime/clients", ""))
	s.want(400, s.do(olga, "GET", "/api/realtime/clients/events?position=x", ""))
	s.want(401, s.send("GET", "/api/realtime/clients/events", ""))
}
