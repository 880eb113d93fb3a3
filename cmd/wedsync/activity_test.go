package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A streamHub serves events: one answer for each request, of which it notes the query.
type streamHub struct {
	mu      sync.Mutex
	answers [][]string // the data of events
	asked   []string
	all     func() // called when there is no answer left
}

func (h *streamHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.asked = append(h.asked, r.URL.Path+" "+r.URL.Query().Get("position")+" "+r.URL.Query().Get("clients"))
	var events []string
	if len(h.answers) > 0 {
		events, h.answers = h.answers[0], h.answers[1:]
	} else if h.all != nil {
		defer h.all()
	}
	h.mu.Unlock()
	fmt.Fprint(w, "retry: 2000\n\n: here\n\n")
	for _, e := range events {
		fmt.Fprintf(w, "id: x\ndata: %s\n\n", e)
	}
}

func streamed(kind, position, text string) string {
	return fmt.Sprintf(`{"type":"wedsync.%s","subject":"01J","time":"2026-11-29T12:00:00Z","position":"%s","data":{"text":"%s"}}`, kind, position, text)
}

// activity runs the command against the hub.
func (h *streamHub) activity(t *testing.T, flags ...string) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.all = cancel
	server := httptest.NewServer(h)
	defer server.Close()
	var stdout, stderr bytes.Buffer
	err = run(ctx, append([]string{"activity", "--url", server.URL, "--token", "t"}, flags...), terminal{Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), err
}

func TestActivityTellsWhatHappenedAndEnds(t *testing.T) {
	t.Parallel()
	h := &streamHub{answers: [][]string{{
		streamed("client.changed", "e:1", "ada changed notes."), streamed("position", "e:1", "Everything."), streamed("client.changed", "e:2", "too late"),
	}}}
	out, _, err := h.activity(t, "--client", "01J", "--client", "01K", "--last", "7")
	if err != nil || !strings.HasSuffix(out, "  01J  ada changed notes.\n") || strings.Count(out, "\n") != 1 {
		t.Errorf("printed %q, %v", out, err)
	}
	if want := "/api/realtime/clients/events -7 01J,01K"; len(h.asked) != 1 || h.asked[0] != want {
		t.Errorf("asked %q, want %q", h.asked, want)
	}
}

func TestActivityGoesOnByItselfAfterABreak(t *testing.T) {
	t.Parallel()
	h := &streamHub{answers: [][]string{
		{streamed("position", "e:1", ""), streamed("client.changed", "e:2", `one\u001b[2J`)},
		{},
		{streamed("reset", "e:9", "Some were dropped."), streamed("client.changed", "e:10", "two")},
	}}
	out, log, err := h.activity(t, "--follow", "--since", "e:1")
	if err != nil || strings.Count(out, "\n") != 2 || !strings.Contains(out, "two") || strings.Contains(out, "\x1b") {
		t.Errorf("printed %q, %v", out, err)
	}
	if !strings.Contains(log, "Some were dropped.") || strings.Count(log, "trying again") != 3 {
		t.Errorf("told %q", log)
	}
	var from []string
	for _, asked := range h.asked {
		from = append(from, strings.Fields(asked)[1])
	}
	if got := strings.Join(from, " "); got != "e:1 e:2 e:2 e:10" {
		t.Errorf("went on from %s", got)
	}
}

func TestActivityComesBackWhenTooManyAsk(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 2 {
			cancel()
		}
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"title":"Too many requests","status":429}`)
	}))
	defer server.Close()
	var out, log bytes.Buffer
	err := run(ctx, []string{"activity", "--follow", "--url", server.URL, "--token", "t"}, terminal{Out: &out, Err: &log})
	if err != nil || asked != 2 {
		t.Errorf("asked %d times, then %v", asked, err)
	}
}

func TestActivityPrintsEventsAsTheyAre(t *testing.T) {
	t.Parallel()
	told, end := streamed("client.changed", "e:1", "x"), streamed("position", "e:1", "")
	h := &streamHub{answers: [][]string{{told, end}}}
	if out, _, err := h.activity(t, "--json"); err != nil || out != told+"\n"+end+"\n" {
		t.Errorf("printed %q, %v", out, err)
	}
}

func TestActivityThatIsRefusedEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"title":"The token has expired","detail":"Get a new one."}`)
	}))
	defer server.Close()
	var out, log bytes.Buffer
	err := run(t.Context(), []string{"activity", "--follow", "--url", server.URL, "--token", "t"}, terminal{Out: &out, Err: &log})
	if err == nil || !strings.Contains(err.Error(), "The token has expired") {
		t.Errorf("got error %v", err)
	}
	if err := run(t.Context(), []string{"activity", "--last", "20000", "--token", "t"}, terminal{Out: &out, Err: &log}); err == nil {
		t.Error("it looks back further than it can")
	}
}
