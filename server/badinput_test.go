package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

func TestBadEditIsRefusedByFieldAndRule(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for _, c := range []struct {
		body   string
		status int
		fault  string
	}{
		{``, 400, "body: must be JSON"},
		{`{`, 400, "body: must be JSON; at byte 1"},
		{`{"fields":{"a":1}} x`, 400, "body: must be JSON; at byte 20"},
		{`{"fields":{"a":NaN}}`, 400, "body: must be JSON"},
		{`null`, 400, "body: must be a JSON object"},
		{`[]`, 400, "body: must be a JSON object"},
		{`"fields"`, 400, "body: must be a JSON object"},
		{"{\"fields\":{\"a\":\"\xff\"}}", 400, "body: must be UTF-8"},
		{strings.Repeat("[", 20000), 400, "body: must be JSON"},
		{`{}`, 422, "fields: is needed"},
		{`{"fields":null}`, 422, "fields: must be an object"},
		{`{"fields":[1]}`, 422, "fields: must be an object"},
		{`{"fields":{}}`, 422, "fields: needs at least one field"},
		{`{"fields":{"a":1},"filds":{}}`, 422, "filds: is unknown; known are fields"},
		{`{"fields":{"":1}}`, 422, `fields."": a field needs a name`},
		{`{"fields":{"a":1},"":0}`, 422, `"": is unknown`},
		{`{"fields":{"a.b":1}}`, 422, "fields.a.b: a field's name must not contain a dot"},
		{`{"fields":{"` + strings.Repeat("k", 300) + `":1}}`, 422, "a field's name must not be longer than 256 bytes"},
		{`{"fields":{"sync_conflicts":{}}}`, 422, "fields.sync_conflicts: is kept by the hub"},
		{`{"fields":{"venue":{"city":"x"}}}`, 422, `fields.venue: contains the critical field "venue.city"`},
		{`{"fields":{"a":` + deep + `}}`, 422, "fields.a: "},
	} {
		for _, request := range [][2]string{{"POST", "/api/clients"}, {"PATCH", "/api/clients/" + client}} {
			before := s.hub.commands
			got := s.do(olga, request[0], request[1], c.body)
			if got.status != c.status || !strings.Contains(strings.Join(got.faults(), "\n"), c.fault) {
				t.Errorf("%s %.80s: %d, faults %q, want %d, %q", request[0], c.body, got.status, got.faults(), c.status, c.fault)
			}
			if s.hub.commands != before {
				t.Errorf("%s %.80s: something was changed", request[0], c.body)
			}
		}
	}
}

func TestTooLargeBodyIsRefusedWithTheLimit(t *testing.T) {
	s := newSite(t)
	got := s.want(413, s.do(olga, "POST", "/api/clients", `{"fields":{"notes":"`+strings.Repeat("x", 1<<20)+`"}}`))
	if !strings.Contains(got.text("detail"), "1048576 bytes") {
		t.Errorf("%s", got.raw)
	}
}

func TestBadQueryIsRefusedByName(t *testing.T) {
	s := newSite(t)
	for path, field := range map[string]string{
		"/api/clients?limit=0":                                        "limit",
		"/api/clients?limit=201":                                      "limit",
		"/api/clients?limit=ten":                                      "limit",
		"/api/clients?limit=99999999999999999":                        "limit",
		"/api/clients?cursor=x":                                       "cursor",
		"/api/clients/sync-status?limit=-1":                           "limit",
		"/api/clients/sync-status?cursor=x":                           "cursor",
		"/api/clients/sync-status?client_id=x":                        "client_id",
		"/api/clients/sync-status?state=broken":                       "state",
		"/api/clients/sync-status?device=" + strings.Repeat("x", 600): "device",
		"/api/conflicts?status=open":                                  "status",
		"/api/conflicts?client_id=x":                                  "client_id",
		"/api/conflicts?limit=x":                                      "limit",
		"/api/conflicts?cursor=" + strings.Repeat("x", 5000):          "cursor",
	} {
		got := s.want(400, s.do(olga, "GET", path, ""))
		if got.text("errors", 0, "field") != field || got.text("errors", 0, "rule") == "" {
			t.Errorf("%.60s: %s", path, got.raw)
		}
	}
}

func TestFailureBehindTheAPIKeepsItsTextInside(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{hub.ErrUnavailable, 503},
		{fmt.Errorf("append: %w", store.ErrUnavailable), 503},
		{context.DeadlineExceeded, 503},
		{fmt.Errorf("edit: %w", crdt.ErrLimit), 422},
		{hub.ErrForbidden, 403},
		{errors.New("open /srv/secret/wedsync.db: broken"), 500},
	} {
		s := newSite(t)
		client := s.create(`{"name":"x"}`)
		s.hub.fail = fmt.Errorf("hidden detail: %w", c.err)
		got := s.want(c.status, s.do(olga, "PATCH", "/api/clients/"+client, `{"fields":{"notes":"x"}}`))
		if strings.Contains(got.raw, "hidden") || strings.Contains(got.raw, "/srv") {
			t.Errorf("internal text leaves the hub: %s", got.raw)
		}
		if c.status >= 500 && !strings.Contains(s.log.String(), "hidden detail") {
			t.Errorf("%v is in no log", c.err)
		}
		if c.status == 503 && got.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
}

func TestNoTokenIsLogged(t *testing.T) {
	s := newSite(t)
	s.hub.fail = errors.New("broken")
	token := s.token(olga)
	s.want(500, s.send("GET", "/api/clients?limit=5&token="+token, "", "Authorization", "Bearer "+token))
	if log := s.log.String(); strings.Contains(log, token) || !strings.Contains(log, "limit=5") {
		t.Errorf("log: %s", log)
	}
}
