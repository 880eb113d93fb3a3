package server_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server"
	"wedsync/server/activity"
	"wedsync/server/api"
	"wedsync/server/auth"
	"wedsync/server/metrics"
	"wedsync/server/webhooks/inbound"
)

// logged is what a hub logs, while it serves.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A site is a hub's URLs with a fake hub behind them.
type site struct {
	t       *testing.T
	hub     *fakeHub
	tokens  *auth.Tokens
	tickets *auth.Tickets
	limits  *auth.Limits
	handler http.Handler
	log     logged
	unready string                                        // why not, empty if it is
	synced  int                                           // requests that reached the socket
	behind  api.Options                                   // what the API works with
	beside  server.Options                                // and what has URLs besides
	joins   func(who conflicts.Principal, storage string) // has a device known; none behind a fake hub
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, hub: newFakeHub(), tokens: auth.New([]byte("secret"), time.Now)}
	s.tickets = auth.NewTickets(fakeTickets{}, []byte("secret"), time.Now)
	s.behind = api.Options{Hub: s.hub, Store: s.hub, Door: auth.Door{Tokens: s.tokens, Tickets: s.tickets}, Log: slog.New(slog.NewTextHandler(&s.log, nil))}
	s.beside = server.Options{
		Sync: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			s.synced++
			http.Error(w, "no socket", http.StatusUpgradeRequired)
		}),
		Listen: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.options().API.Refuse(w, r, activity.ErrNoSocket) }),
		Events: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.options().API.Refuse(w, r, &activity.RequestError{Field: "position", Rule: "is wrong"})
		}),
		Hooks:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.options().API.Refuse(w, r, inbound.ErrUnsigned) }),
		Metrics: metrics.New(),
		Ready:   func(context.Context) string { return s.unready },
	}
	s.handler = server.New(s.options())
	return s
}

func (s *site) options() server.Options {
	o, behind := s.beside, s.behind
	behind.Door.Limits = s.limits
	o.API = api.New(behind)
	return o
}

// serve has other parts stand behind the URLs.
func (s *site) serve(change func(*api.Options)) {
	s.behind.Log = slog.New(slog.DiscardHandler)
	change(&s.behind)
	s.handler = server.New(s.options())
}

func (s *site) token(p conflicts.Principal) string {
	s.t.Helper()
	token, err := s.tokens.Mint(p, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

var (
	olga  = conflicts.Principal{Supplier: "barn", User: "olga", Role: conflicts.Owner}
	mia   = conflicts.Principal{Supplier: "barn", User: "mia", Role: conflicts.Member}
	vera  = conflicts.Principal{Supplier: "barn", User: "vera", Role: conflicts.Viewer}
	rival = conflicts.Principal{Supplier: "mill", User: "olga", Role: conflicts.Owner}
)

// A reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// do sends a request of a principal; headers come in pairs. A decision without
// a key of its own gets one.
func (s *site) do(who conflicts.Principal, method, path, body string, headers ...string) reply {
	s.t.Helper()
	if strings.HasSuffix(path, "/resolve") && !slices.Contains(headers, "Idempotency-Key") {
		headers = append(headers, "Idempotency-Key", rand.Text())
	}
	return s.send(method, path, body, append(headers, "Authorization", "Bearer "+s.token(who))...)
}

// send sends a request as it is, and checks what every answer keeps to.
func (s *site) send(method, path, body string, headers ...string) reply {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	got := reply{status: w.Code, header: w.Result().Header, raw: string(raw)}
	if strings.HasSuffix(got.header.Get("Content-Type"), "json") {
		dec := json.NewDecoder(strings.NewReader(got.raw))
		dec.UseNumber()
		if err := dec.Decode(&got.body); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, got.raw)
		}
	}
	if strings.HasPrefix(path, "/api/") && got.status >= 400 {
		s.checkProblem(method+" "+path, got)
	}
	for _, fault := range described().faults(method, path, body, got) {
		s.t.Errorf("%s %.200s: %d is not as described: %.500s", method, path, got.status, fault)
	}
	return got
}

func (s *site) checkProblem(what string, got reply) {
	s.t.Helper()
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		s.t.Errorf("%s: refused with %q", what, kind)
	}
	title, _ := got.body["title"].(string)
	kind, _ := got.body["type"].(string)
	status, _ := got.body["status"].(json.Number)
	if title == "" || !strings.HasPrefix(kind, "urn:wedsync:problem:") || status.String() != strconv.Itoa(got.status) {
		s.t.Errorf("%s: is no problem document: %s", what, got.raw)
	}
}

// faults are the errors of a problem document, "field: rule".
func (r reply) faults() []string {
	var all []string
	list, _ := r.body["errors"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		all = append(all, m["field"].(string)+": "+m["rule"].(string))
	}
	return all
}

// at reads a member of a member of the body; missing ones are nil.
func (r reply) at(path ...any) any {
	var v any = r.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return v
}

func (r reply) text(path ...any) string {
	s, _ := r.at(path...).(string)
	return s
}

// want fails the test unless the request was answered with that status.
func (s *site) want(status int, got reply) reply {
	s.t.Helper()
	if got.status != status {
		s.t.Fatalf("status %d, want %d: %s", got.status, status, got.raw)
	}
	return got
}

// create makes a record and returns its client id.
func (s *site) create(fields string) string {
	s.t.Helper()
	return s.want(201, s.do(olga, "POST", "/api/clients", `{"fields":`+fields+`}`)).text("client_id")
}

// divert makes a pending conflict about a record's budget.
func (s *site) divert() (client, conflict string) {
	s.t.Helper()
	client = s.create(`{"name":"Ada & Ben","budget":12500}`)
	got := s.want(200, s.do(mia, "PATCH", "/api/clients/"+client, `{"fields":{"budget":13000}}`))
	if conflict = got.text("verdicts", "budget", "conflict_id"); conflict == "" {
		s.t.Fatalf("a member's edit was not diverted: %s", got.raw)
	}
	return client, conflict
}

func TestTokenInAQueryIsForSocketsAlone(t *testing.T) {
	s := newSite(t)
	s.want(401, s.send("GET", "/api/clients?token="+s.token(olga), ""))
	s.want(401, s.send("GET", "/api/clients?token="+s.token(olga), "", "Authorization", "Bearer x.y.z"))
}

func TestUnknownURLIsAProblem(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/api/", "/api/nothing", "/api/clients/x/y/z"} {
		s.want(404, s.send("GET", path, ""))
	}
	s.want(404, s.send("POST", "/sync", ""))
}

func TestSyncReachesTheSocketUnmeasured(t *testing.T) {
	s := newSite(t)
	s.want(426, s.send("GET", "/sync?token=x", ""))
	if s.synced != 1 {
		t.Fatalf("%d requests reached the socket", s.synced)
	}
	if got := s.send("GET", "/metrics", ""); strings.Contains(got.raw, `route="GET /sync"`) {
		t.Error("the socket is among the measured requests")
	}
}

func TestMetricsCountByRouteNotByURL(t *testing.T) {
	s := newSite(t)
	client := s.create(`{"name":"x"}`)
	s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	s.send("BREW", "/api/clients/"+client, "")
	got := s.want(200, s.send("GET", "/metrics", ""))
	for _, want := range []string{
		`wedsync_http_request_seconds_count{method="GET",route="/api/clients/{id}",status="200"} 1`,
		`wedsync_http_request_seconds_count{method="POST",route="/api/clients",status="201"} 1`,
		`wedsync_http_request_seconds_count{method="other",route="/api/clients/{id}",status="405"} 1`,
		"go_goroutines",
	} {
		if !strings.Contains(got.raw, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(got.raw, client) {
		t.Error("a record's id became a metric")
	}
}

func TestReadinessFollowsTheStore(t *testing.T) {
	s := newSite(t)
	s.want(200, s.send("GET", "/healthz", ""))
	s.want(200, s.send("GET", "/readyz", ""))
	s.unready = "the disk is full"
	if got := s.want(503, s.send("GET", "/readyz", "")); !strings.Contains(got.raw, s.unready) {
		t.Errorf("does not say why: %s", got.raw)
	}
	s.want(200, s.send("GET", "/healthz", ""))
}

func TestProfilesAreServedOnlyWhenAskedFor(t *testing.T) {
	s := newSite(t)
	s.want(404, s.send("GET", "/debug/pprof/", ""))
	o := s.options()
	o.Pprof = true
	s.handler = server.New(o)
	s.want(200, s.send("GET", "/debug/pprof/", ""))
}
