package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"wedsync/store/postgres/pgtest"
)

const (
	appEndpoint = `{"id":"01EP","url":"https://app.example/\u001b[2J","description":"","events":["wedsync.client.*"],"connection":"","status":"active",
		"disabled_reason":"","disabled_at":null,"health":{"breaker":"open","failures":7,"failing_since":"2027-01-01T00:00:00Z","error":"answered 503","retry_at":"2027-01-01T00:10:00Z"},
		"pending":12,"failed":3,"secrets":[{"until":null}],"created_at":"2027-01-01T00:00:00Z"}`
	delivered = `{"id":"e-1-0","type":"wedsync.client.changed","client_id":"01J","state":"delivered","attempts":2,"created_at":"2027-01-01T00:00:00Z","due_at":null,
		"body":{"id":"e-1-0"},"log":[{"at":"2027-01-01T00:00:01Z","took_ms":7,"url":"https://app.example/","headers":{},"error":"no answer in time"},
		{"at":"2027-01-01T00:00:06Z","took_ms":9,"url":"https://app.example/","headers":{},"status":200,"response":"thanks\u001b"}]}`
)

func TestEndpointsAreListedWithHowTheyDo(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/webhooks/endpoints": `{"items":[` + appEndpoint + `],"next":null}`})
	out := mustRun(t, "webhooks", "endpoints")
	wantParts(t, out, "01EP", "wedsync.client.*", "12", "3", "failing since", "503")
	if strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	s.answers["GET /api/webhooks/endpoints"] = `{"items":[],"next":null}`
	wantParts(t, mustRun(t, "webhooks", "endpoints"), "wedsync webhooks endpoints add")
}

func TestEndpointCommandsSendWhatTheyAreTold(t *testing.T) {
	secret := strings.Replace(appEndpoint, `"pending"`, `"secret":"whsec_x","pending"`, 1)
	s := newStubHub(t, map[string]string{
		"POST /api/webhooks/endpoints": secret, "PATCH /api/webhooks/endpoints/01EP": appEndpoint, "POST /api/webhooks/endpoints/01EP/rotate": secret,
		"POST /api/webhooks/endpoints/01EP/test": delivered, "DELETE /api/webhooks/endpoints/01EP": "",
	})
	wantParts(t, mustRun(t, "webhooks", "endpoints", "add", "https://app.example/", "--event", "wedsync.client.*", "--description", "app"), "01EP", "whsec_x", "not shown again")
	wantParts(t, mustRun(t, "webhooks", "endpoints", "set", "01EP", "--status", "active", "--all-events"), "01EP is failing since")
	wantParts(t, mustRun(t, "webhooks", "endpoints", "rotate", "01EP"), "whsec_x")
	wantParts(t, mustRun(t, "webhooks", "endpoints", "test", "01EP"), "answered 200 in 9 ms")
	wantParts(t, mustRun(t, "webhooks", "endpoints", "delete", "01EP"), "01EP is deleted.")
	for n, want := range map[int]string{
		0: `POST /api/webhooks/endpoints {"description":"app","events":["wedsync.client.*"],"url":"https://app.example/"}`,
		1: `PATCH /api/webhooks/endpoints/01EP {"events":[],"status":"active"}`,
	} {
		if got := s.requests[n]; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
	s.answers["POST /api/webhooks/endpoints/01EP/test"] = strings.Replace(delivered, `"delivered"`, `"failed"`, 1)
	if out, err := wedsync(t, "webhooks", "endpoints", "test", "01EP"); err == nil {
		t.Errorf("a test that failed: %s", out)
	}
	if out, err := wedsync(t, "webhooks", "endpoints", "set", "01EP"); err == nil {
		t.Errorf("nothing set: %s", out)
	}
}

func TestDeliveriesAreShownAndSentAgain(t *testing.T) {
	again := "POST /api/webhooks/endpoints/01EP/deliveries/%s/redeliver"
	second := strings.ReplaceAll(delivered, "e-1-0", "e-2-0")
	s := newStubHub(t, map[string]string{
		"GET /api/webhooks/endpoints/01EP/deliveries":       `{"items":[` + second + `,` + delivered + `],"next":null}`,
		"GET /api/webhooks/endpoints/01EP/deliveries/e-1-0": delivered,
		fmt.Sprintf(again, "e-1-0"):                         delivered, fmt.Sprintf(again, "e-2-0"): second,
	})
	wantParts(t, mustRun(t, "webhooks", "deliveries", "01EP", "--state", "failed"), "e-1-0", "e-2-0", "wedsync.client.changed", "01J")
	out := mustRun(t, "webhooks", "deliveries", "01EP", "e-1-0")
	wantParts(t, out, "no answer in time in 7 ms", "answered 200 in 9 ms", "thanks")
	if strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
	before := len(s.requests)
	wantParts(t, mustRun(t, "webhooks", "redeliver", "01EP", "--failed"), "Sent again: 2.")
	if got := s.requests[before+1:]; len(got) != 2 || !strings.HasPrefix(got[0], fmt.Sprintf(again, "e-1-0")) {
		t.Errorf("sent %q, want the oldest first", got)
	}
	for _, args := range [][]string{{}, {"e-1-0", "--failed"}} {
		if out, err := wedsync(t, append([]string{"webhooks", "redeliver", "01EP"}, args...)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}

func TestListenerShowsEventsAsAnEndpointGetsThemAndPassesThemOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	var passed []string
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		hook, _ := standardwebhooks.NewWebhook(secret)
		if err != nil || hook.Verify(body, r.Header) != nil {
			t.Errorf("%s is signed %s", body, r.Header)
		}
		passed = append(passed, r.Header.Get("webhook-id"))
		w.WriteHeader(http.StatusTeapot)
	}))
	defer app.Close()
	hub := http.NewServeMux()
	streamed := false
	hub.HandleFunc("GET /api/realtime/clients/events", func(w http.ResponseWriter, _ *http.Request) {
		if streamed {
			cancel()
			return
		}
		streamed = true
		for _, kind := range []string{"position", "presence", "client.changed", "conflict.opened", "client.deleted"} {
			fmt.Fprintf(w, "data: {\"type\":\"wedsync.%s\",\"id\":\"e:7/%d\",\"subject\":\"01J\",\"position\":\"e:7\",\"data\":{\"client_id\":\"01J\",\"fields\":[\"budget\"],\"text\":\"x\"}}\n\n", kind, len(kind))
		}
	})
	hub.HandleFunc("GET /api/clients/01J", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"client_id":"01J","fields":{"budget":12500.10,"notes":"x"},"pending":{},"revision":3,"revisions":{"budget":2}}`)
	})
	server := httptest.NewServer(hub)
	defer server.Close()
	var out, log bytes.Buffer
	err := run(ctx, []string{
		"webhooks", "listen", "--url", server.URL, "--token", "t", "--event", "wedsync.client.*", "--json", "--forward", app.URL, "--secret", secret,
	}, terminal{Out: &out, Err: &log})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || strings.Join(passed, " ") != "e-7-14 e-7-14" || !strings.Contains(log.String(), "418") {
		t.Fatalf("shown %q, passed on %q, told %s", lines, passed, log.String())
	}
	var e struct {
		ID   string
		Data struct {
			Client struct {
				Fields    map[string]json.RawMessage
				Revisions map[string]int
			}
		}
	}
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || e.ID != passed[0] || len(e.Data.Client.Fields) != 1 || string(e.Data.Client.Fields["budget"]) != "12500.10" || e.Data.Client.Revisions["budget"] != 2 {
		t.Errorf("%s, %v", lines[0], err)
	}
	for _, args := range [][]string{{"--event", "wedsync.presence"}, {"--secret", "hush!"}} {
		if out, err := wedsync(t, append([]string{"webhooks", "listen"}, args...)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}

func TestServedHubSendsWhatHappenedBeforeItsCrash(t *testing.T) {
	t.Parallel()
	type got struct {
		id, kind string
		fields   map[string]any
	}
	events := make(chan got, 100)
	var hook *standardwebhooks.Webhook
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || hook.Verify(body, r.Header) != nil {
			t.Errorf("%s is signed %s", body, r.Header)
		}
		var e struct {
			Type string
			Data struct {
				Client struct{ Fields map[string]any }
			}
		}
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		events <- got{r.Header.Get("webhook-id"), e.Type, e.Data.Client.Fields}
	}))
	defer app.Close()
	hub := startHubFlags(t, "--allow-private-targets")
	a := hub.api(owner("olga"))
	var made struct{ ID, Secret string }
	a.must("POST", "/api/webhooks/endpoints", map[string]any{"url": app.URL, "events": []string{"wedsync.client.*"}}, &made)
	var err error
	if hook, err = standardwebhooks.NewWebhook(made.Secret); err != nil {
		t.Fatal(err)
	}
	client := a.create(map[string]any{"name": "Ada", "budget": 12500})
	if e := <-events; e.kind != "wedsync.client.created" || e.fields["name"] != "Ada" || e.fields["budget"] != 12500.0 {
		t.Errorf("%+v", e)
	}
	// What a hub was sending as it died waits for a minute, so nothing is sent then.
	endpoint := "/api/webhooks/endpoints/" + made.ID
	a.must("PATCH", endpoint, map[string]any{"status": "paused"}, nil)
	a.must("PATCH", "/api/clients/"+client.ClientID, map[string]any{"fields": map[string]any{"name": "Ada & Ben"}}, nil)
	hub.kill()
	hub.start()
	hub.api(owner("olga")).must("PATCH", endpoint, map[string]any{"status": "active"}, nil)
	e := <-events
	for e.kind == "wedsync.client.created" { // its answer was not stored
		e = <-events
	}
	if e.kind != "wedsync.client.changed" || e.fields["name"] != "Ada & Ben" || len(e.fields) != 1 {
		t.Errorf("%+v", e)
	}
}

func TestHubsOnOneDatabaseSendEachEventOnce(t *testing.T) {
	t.Parallel()
	db, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Run(t.Context(), "postgres", "CREATE DATABASE hooks"); err != nil {
		t.Fatal(err)
	}
	address := db.Address("hooks")
	const clients = 15
	ids := make(chan string, 100*clients)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ids <- r.Header.Get("webhook-id") }))
	defer app.Close()
	var apis []*api
	for range 2 {
		h := newHub(t, "", "--store", address)
		h.flags = []string{"--allow-private-targets"}
		h.begin()
		apis = append(apis, h.api(owner("olga")))
	}
	var made struct{ ID string }
	apis[0].must("POST", "/api/webhooks/endpoints", map[string]any{"url": app.URL, "events": []string{"wedsync.client.*"}}, &made)
	// Each node watches the journal once it was asked to: by a change of the endpoint here, by its sweep else.
	apis[1].must("PATCH", "/api/webhooks/endpoints/"+made.ID, map[string]any{"description": "app"}, nil)
	for n := range clients {
		apis[n%2].create(map[string]any{"name": "Ada", "budget": n})
	}
	seen := make(map[string]bool)
	for len(seen) < clients {
		id := <-ids
		if seen[id] {
			t.Errorf("%s came twice", id)
		}
		seen[id] = true
	}
	if len(ids) > 0 {
		t.Errorf("%s came besides", <-ids)
	}
}
