package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const waitingEvent = `{"id":"e","connection_id":"k","external_id":"x","object_id":"c-1","type":"client.updated","state":"waiting","version":2,"attempts":1,
	"received_at":"2027-01-01T00:00:00Z","due_at":null,"client_id":null,"body":"{\"client_data\":{\"id\":\"c-1\"}}","outcome":{"result":"waiting","note":"say which","fields":[],
	"candidates":[{"client_id":"cl","client_name":"Ada","matches":[{"kind":"email","value":"ada@example.com","same":true},{"kind":"phone","value":"+49171","same":false}]}]}}`

func TestEventsAreListedWithWhatTheyNeed(t *testing.T) {
	dead := `{"id":"d","connection_id":null,"object_id":"c-2","type":"x","state":"dead","attempts":11,"received_at":"2027-01-01T00:00:00Z","client_id":null,"error":"it failed: replay it"}`
	s := newStubHub(t, map[string]string{"GET /api/webhooks/events": `{"items":[` + waitingEvent + `,` + dead + `],"next":null}`})
	wantParts(t, mustRun(t, "webhooks", "events", "--state", "dead", "--connection", "k", "--from", "2027-01-01T00:00:00Z"),
		"client.updated", "c-1", "of connection k", "waiting", "of no connection", "it failed: replay it")
	if want := "GET /api/webhooks/events?connection_id=k&from=2027-01-01T00%3A00%3A00Z&limit=200&state=dead"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	newStubHub(t, map[string]string{"GET /api/webhooks/events": `{"items":[],"next":null}`})
	wantParts(t, mustRun(t, "webhooks", "events"), "No events.")
}

func TestEventIsShownWithWhoItMayBeAboutAndWhatToDo(t *testing.T) {
	newStubHub(t, map[string]string{"GET /api/webhooks/events/e": waitingEvent})
	wantParts(t, mustRun(t, "webhooks", "show", "e"),
		"say which", "Ada", "email ada@example.com", "phone +49171 (but for the country)", `"client_data"`, "wedsync webhooks assign e --create")
	done := strings.Replace(waitingEvent, `"fields":[]`, `"fields":[{"field":"budget","value":5,"outcome":"diverted","reason":"needs_review","conflict_id":"co"}]`, 1)
	newStubHub(t, map[string]string{"GET /api/webhooks/events/e": strings.Replace(done, `"waiting"`, `"done"`, 1)})
	wantParts(t, mustRun(t, "webhooks", "show", "e"), "budget", "diverted", "needs_review", "co")
}

func TestEventsAreReplayedOneByOneOrAllOfARange(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"POST /api/webhooks/events/e/replay": waitingEvent, "POST /api/webhooks/events/replay": `{"replayed":3,"next":null}`,
	})
	wantParts(t, mustRun(t, "webhooks", "replay", "e"), "e is worked on again.")
	wantParts(t, mustRun(t, "webhooks", "replay", "--state", "dead", "--to", "2027-01-02T00:00:00Z"), "worked on again: 3")
	if want := `POST /api/webhooks/events/replay {"state":"dead","to":"2027-01-02T00:00:00Z"}`; s.requests[1] != want {
		t.Errorf("sent %s, want %s", s.requests[1], want)
	}
	for _, args := range [][]string{{}, {"e", "--state", "dead"}, {"e", "--from", "x"}} {
		if _, err := wedsync(t, append([]string{"webhooks", "replay"}, args...)...); err == nil {
			t.Errorf("replay %q was taken", args)
		}
	}
}

func TestEventIsEditedFromAFileOrStandardInput(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"GET /api/webhooks/events/e": waitingEvent, "PATCH /api/webhooks/events/e": waitingEvent, "POST /api/webhooks/events/e/replay": waitingEvent,
	})
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte(`{"id":"c-1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wantParts(t, mustRun(t, "webhooks", "edit", "e", body), "e is edited.", "wedsync webhooks replay e")
	wantParts(t, mustRun(t, "webhooks", "edit", "e", body, "--replay"), "worked on again")
	sent := `PATCH /api/webhooks/events/e {"version":2,"body":"{\"id\":\"c-1\"}"}`
	if want := []string{"GET /api/webhooks/events/e", sent, "GET /api/webhooks/events/e", sent, "POST /api/webhooks/events/e/replay"}; !slices.Equal(s.requests, want) {
		t.Errorf("sent %q, want %q", s.requests, want)
	}
	for content, want := range map[string]string{strings.Repeat("x", 256<<10+1): "more than an event may say", "a\xff": "not UTF-8"} {
		if err := os.WriteFile(body, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := wedsync(t, "webhooks", "edit", "e", body)
		wantParts(t, fmt.Sprint(err), want)
	}
}

func TestEventIsAssignedInOneOfThreeWays(t *testing.T) {
	s := newStubHub(t, map[string]string{"POST /api/webhooks/events/e/assign": strings.Replace(waitingEvent, `"waiting"`, `"received"`, 1)})
	for flag, want := range map[string]string{
		"--client=cl": `{"client_id":"cl"}`, "--create": `{"create":true}`, "--connection=k": `{"connection_id":"k"}`,
	} {
		wantParts(t, mustRun(t, "webhooks", "assign", "e", flag), "e is assigned, and received.")
		if got := s.requests[len(s.requests)-1]; got != "POST /api/webhooks/events/e/assign "+want {
			t.Errorf("%s: sent %s", flag, got)
		}
	}
	if _, err := wedsync(t, "webhooks", "assign", "e"); err == nil {
		t.Error("assigned to nobody")
	}
}

func TestPayloadIsTriedWithAMapping(t *testing.T) {
	s := newStubHub(t, map[string]string{"POST /api/webhooks/connections/k/try": `{"would":"create","object_id":"c-1","client_id":null,"candidates":[],"edits":{"name":"Ada"},
		"rules":[{"rule":0,"to":"name","from":"n","found":" Ada","steps":[{"do":"trim","value":"Ada"}]},{"rule":1,"to":"budget","found":null,"steps":[],"left":"absent"}]}`})
	dir := t.TempDir()
	payload, mapping := filepath.Join(dir, "p"), filepath.Join(dir, "m")
	for name, text := range map[string]string{payload: `{"n":" Ada"}`, mapping: `{"rules":[]}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantParts(t, mustRun(t, "webhooks", "try", "k", payload, "--mapping", mapping), "trim: Ada", "left alone: absent", "It would make a new client.")
	if want := `POST /api/webhooks/connections/k/try {"mapping":{"rules":[]},"payload":{"n":" Ada"}}`; s.requests[0] != want {
		t.Errorf("sent %s, want %s", s.requests[0], want)
	}
	if err := os.WriteFile(payload, []byte("From=%2B49171"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "webhooks", "try", "k", payload)
	if want := `POST /api/webhooks/connections/k/try {"payload":"From=%2B49171"}`; s.requests[1] != want {
		t.Errorf("sent %s, want %s", s.requests[1], want)
	}
	_, err := wedsync(t, "webhooks", "try", "k", payload, "--mapping", payload)
	wantParts(t, fmt.Sprint(err), "is not JSON")
}
