package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server"
	"wedsync/server/api"
	"wedsync/server/auth"
	"wedsync/store"
)

// fakeTickets are a store of tickets, for one goroutine.
type fakeTickets map[[32]byte]store.Ticket

func (f fakeTickets) PutTicket(_ context.Context, t store.Ticket, _ time.Time) error {
	if len(f) >= store.MaxTickets {
		return store.ErrTooMany
	}
	f[t.Hash] = t
	return nil
}

func (f fakeTickets) TakeTicket(_ context.Context, hash [32]byte, _ time.Time) (store.Ticket, error) {
	t, ok := f[hash]
	delete(f, hash)
	if !ok {
		return store.Ticket{}, store.ErrNotFound
	}
	return t, nil
}

// enter is who a socket with that query would act for.
func (s *site) enter(query string) (auth.Session, error) {
	r := httptest.NewRequest("GET", "/sync?"+query, nil)
	r.Header.Set("Upgrade", "websocket")
	door := auth.Door{Tokens: s.tokens, Tickets: s.tickets, Limits: s.limits}
	return door.Session(r)
}

func TestTicketOpensASocketForWhoAskedForIt(t *testing.T) {
	s := newSite(t)
	who := conflicts.Principal{Supplier: "barn", User: "mia", Device: "tab", Role: conflicts.Member}
	got := s.want(201, s.do(who, "POST", "/api/realtime/ticket", ""))
	until, err := time.Parse(time.RFC3339, got.text("expires_at"))
	if left := time.Until(until); err != nil || left <= 0 || left > 30*time.Second {
		t.Errorf("expires_at %q: %v", got.text("expires_at"), err)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a ticket may be kept by %q", got.header.Get("Cache-Control"))
	}
	session, err := s.enter("ticket=" + got.text("ticket"))
	if err != nil || session.Principal != who || time.Until(session.Expires) < 59*time.Minute {
		t.Errorf("%+v, %v, want %+v for as long as the token", session, err, who)
	}
	if session, err := s.enter("ticket=" + got.text("ticket")); !errors.Is(err, auth.ErrBadToken) {
		t.Errorf("again: %+v, %v", session, err)
	}
}

func TestTicketIsNoTokenOfTheAPI(t *testing.T) {
	s := newSite(t)
	ticket := s.want(201, s.do(olga, "POST", "/api/realtime/ticket", "")).text("ticket")
	s.want(401, s.send("GET", "/api/clients?ticket="+ticket, ""))
	s.want(401, s.send("GET", "/api/clients", "", "Authorization", "Bearer "+ticket))
	s.want(401, s.send("POST", "/api/realtime/ticket?ticket="+ticket, ""))
	if _, err := s.enter("ticket=" + ticket); err != nil {
		t.Errorf("the ticket was used up: %v", err)
	}
}

func TestTicketsThatWaitAreLimited(t *testing.T) {
	s := newSite(t)
	for range store.MaxTickets {
		s.want(201, s.do(olga, "POST", "/api/realtime/ticket", ""))
	}
	got := s.want(429, s.do(olga, "POST", "/api/realtime/ticket", ""))
	if got.header.Get("Retry-After") != "30" || !strings.HasSuffix(got.text("type"), ":rate-limited") {
		t.Errorf("Retry-After %q: %s", got.header.Get("Retry-After"), got.raw)
	}
}

// limit makes the site go by limits on a clock that stands still.
func (s *site) limit(o auth.LimitOptions) (clock *time.Time) {
	clock = new(time.Time)
	*clock = time.Date(2027, 6, 12, 10, 0, 0, 0, time.UTC)
	s.limits = auth.NewLimits(o, func() time.Time { return *clock })
	s.handler = server.New(s.options())
	return clock
}

func TestTooManyRequestsAreToldWhenToTryAgain(t *testing.T) {
	s := newSite(t)
	clock := s.limit(auth.LimitOptions{Requests: 0.1, Burst: 20})
	s.want(200, s.do(olga, "GET", "/api/clients", ""))
	s.want(200, s.do(olga, "GET", "/api/clients", ""))
	got := s.want(429, s.do(olga, "GET", "/api/clients", ""))
	if got.header.Get("Retry-After") != "10" || !strings.HasSuffix(got.text("type"), ":rate-limited") {
		t.Errorf("Retry-After %q: %s", got.header.Get("Retry-After"), got.raw)
	}
	s.want(200, s.do(mia, "GET", "/api/clients", ""))
	*clock = clock.Add(9999 * time.Millisecond)
	if got := s.want(429, s.do(olga, "GET", "/api/clients", "")); got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q, want a second at least", got.header.Get("Retry-After"))
	}
	*clock = clock.Add(time.Millisecond)
	s.want(200, s.do(olga, "GET", "/api/clients", ""))
}

func TestGuessingIsLimitedAndHarmsNobodyAtTheSameAddress(t *testing.T) {
	s := newSite(t)
	s.limit(auth.LimitOptions{Failures: 1, Burst: 3})
	for i := range 20 {
		want := 401
		if i >= 3 {
			want = 429
		}
		got := s.want(want, s.send("GET", "/api/clients", "", "Authorization", "Bearer guess"+strconv.Itoa(i)))
		if want == 429 && got.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
		}
	}
	s.want(200, s.do(olga, "GET", "/api/clients", ""))
	ticket := s.want(201, s.do(olga, "POST", "/api/realtime/ticket", "")).text("ticket")
	if _, err := s.enter("ticket=" + ticket); err != nil {
		t.Errorf("a good ticket from there: %v", err)
	}
}

func TestTokenThatCannotBeCheckedIsNotCalledBad(t *testing.T) {
	s := newSite(t)
	o := s.options()
	o.API = api.New(api.Options{Hub: s.hub, Store: s.hub, Door: auth.Door{Tokens: unavailable{}}, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	s.handler = server.New(o)
	got := s.want(503, s.send("GET", "/api/clients", "", "Authorization", "Bearer x.y.z"))
	if got.header.Get("Retry-After") == "" || !strings.HasSuffix(got.text("type"), ":keys-unavailable") {
		t.Errorf("Retry-After %q: %s", got.header.Get("Retry-After"), got.raw)
	}
	if s.log.String() != "" {
		t.Errorf("each such request is logged: %s", s.log.String())
	}
}

// unavailable are tokens that cannot be checked.
type unavailable struct{}

func (unavailable) Session(context.Context, string) (auth.Session, error) {
	return auth.Session{}, auth.ErrUnavailable
}
