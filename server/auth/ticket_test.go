package auth

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wedsync/store"
)

// memory is a store of tickets alone; it keeps those that are too old, as a store
// may for a while.
type memory struct {
	mu      sync.Mutex
	tickets map[[32]byte]store.Ticket
	asked   int
	err     error
}

func (m *memory) PutTicket(_ context.Context, t store.Ticket, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tickets == nil {
		m.tickets = make(map[[32]byte]store.Ticket)
	}
	m.tickets[t.Hash] = t
	return m.err
}

func (m *memory) TakeTicket(_ context.Context, hash [32]byte, now time.Time) (store.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	t, ok := m.tickets[hash]
	delete(m.tickets, hash)
	if m.err != nil {
		return store.Ticket{}, m.err
	}
	if !ok || !now.Before(t.Until) {
		return store.Ticket{}, store.ErrNotFound
	}
	return t, nil
}

func newTickets() (*Tickets, *memory, *clock) {
	c := &clock{time.Date(2027, 6, 12, 10, 0, 0, 0, time.UTC)}
	m := &memory{}
	return NewTickets(m, secret, c.now), m, c
}

func issue(t *testing.T, tickets *Tickets, s Session) (string, time.Time) {
	t.Helper()
	ticket, until, err := tickets.Issue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return ticket, until
}

func TestTicketGivesItsSessionOnce(t *testing.T) {
	tickets, _, clock := newTickets()
	s := Session{olga, clock.at.Add(time.Hour)}
	ticket, until := issue(t, tickets, s)
	if want := clock.at.Add(30 * time.Second); !until.Equal(want) || !strings.HasPrefix(ticket, "wst_") {
		t.Errorf("%s until %v, want wst_… until %v", ticket, until, want)
	}
	if got, err := tickets.Redeem(t.Context(), ticket); err != nil || got != s {
		t.Errorf("%+v, %v, want %+v", got, err, s)
	}
	if got, err := tickets.Redeem(t.Context(), ticket); !errors.Is(err, ErrBadToken) {
		t.Errorf("a second time: %+v, %v, want ErrBadToken", got, err)
	}
}

func TestTicketIsRedeemedByAnyHubOfTheSameSecret(t *testing.T) {
	tickets, m, clock := newTickets()
	ticket, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	if _, err := NewTickets(m, []byte("another secret"), clock.now).Redeem(t.Context(), ticket); !errors.Is(err, ErrBadToken) {
		t.Errorf("a hub of another secret: %v, want ErrBadToken", err)
	}
	if _, err := NewTickets(m, secret, clock.now).Redeem(t.Context(), ticket); err != nil {
		t.Errorf("another hub of this secret: %v", err)
	}
}

func TestTicketEndsAfterHalfAMinute(t *testing.T) {
	tickets, _, clock := newTickets()
	ticket, until := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	clock.at = until
	if got, err := tickets.Redeem(t.Context(), ticket); !errors.Is(err, ErrBadToken) {
		t.Errorf("%+v, %v, want ErrBadToken", got, err)
	}
}

func TestTicketDoesNotOutliveItsToken(t *testing.T) {
	tickets, _, clock := newTickets()
	ends := clock.at.Add(10 * time.Second)
	ticket, until := issue(t, tickets, Session{olga, ends})
	if !until.Equal(ends) {
		t.Errorf("a ticket until %v, want %v", until, ends)
	}
	clock.at = ends.Add(-time.Second)
	if got, err := tickets.Redeem(t.Context(), ticket); err != nil || !got.Expires.Equal(ends) {
		t.Errorf("%+v, %v, want a session until %v", got, err, ends)
	}
}

func TestForgedTicketsAreRefusedWithoutAskingTheStore(t *testing.T) {
	tickets, m, clock := newTickets()
	good, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	for name, ticket := range map[string]string{
		"empty":           "",
		"prefix alone":    "wst_",
		"without prefix":  strings.TrimPrefix(good, "wst_"),
		"cut off":         good[:len(good)-1],
		"longer":          good + "A",
		"padded":          good + "=",
		"another chance":  good[:10] + flip(good[10]) + good[11:],
		"another seal":    good[:len(good)-3] + flip(good[len(good)-3]) + good[len(good)-2:],
		"of no alphabet":  good[:10] + "*" + good[11:],
		"a token":         mint(t, New(secret, clock.now), olga),
		"very long":       "wst_" + strings.Repeat("A", 1<<20),
		"another hub's":   first(NewTickets(&memory{}, []byte("another"), clock.now).Issue(t.Context(), Session{olga, clock.at.Add(time.Hour)})),
		"small in prefix": strings.Replace(good, "wst_", "WST_", 1),
	} {
		if got, err := tickets.Redeem(t.Context(), ticket); !errors.Is(err, ErrBadToken) {
			t.Errorf("%s: %+v, %v, want ErrBadToken", name, got, err)
		}
	}
	if m.asked != 0 {
		t.Errorf("the store was asked %d times", m.asked)
	}
}

func flip(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}

func first(ticket string, _ time.Time, _ error) string { return ticket }

func TestOneOfManyRedeemsATicket(t *testing.T) {
	tickets, _, clock := newTickets()
	ticket, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	got := make(chan error, 20)
	for range cap(got) {
		go func() { // ends at once
			_, err := tickets.Redeem(context.Background(), ticket)
			got <- err
		}()
	}
	redeemed := 0
	for range cap(got) {
		if err := <-got; err == nil {
			redeemed++
		}
	}
	if redeemed != 1 {
		t.Errorf("redeemed %d times", redeemed)
	}
}

func TestFaultsOfTheStoreAreNoFaultsOfTheTicket(t *testing.T) {
	tickets, m, clock := newTickets()
	ticket, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	m.err = store.ErrUnavailable
	if _, err := tickets.Redeem(t.Context(), ticket); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, ErrBadToken) {
		t.Errorf("redeem: %v", err)
	}
	if _, _, err := tickets.Issue(t.Context(), Session{olga, clock.at.Add(time.Hour)}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("issue: %v", err)
	}
	m.err = store.ErrTooMany
	if _, _, err := tickets.Issue(t.Context(), Session{olga, clock.at.Add(time.Hour)}); limited(t, err) == 0 {
		t.Error("too many tickets are no limit")
	}
}

func TestDoorTakesTicketsOfSocketsAndStreamsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		method, target, upgrade, accept string
		opens                           bool
	}{
		"socket":                       {"GET", SyncPath, "websocket", "", true},
		"listener":                     {"GET", ListenPath, "websocket", "", true},
		"events":                       {"GET", EventsPath, "", "text/event-stream", true},
		"events among others":          {"GET", EventsPath, "", "text/event-stream, */*", true},
		"API":                          {"GET", "/api/clients", "", "", false},
		"API that looks like events":   {"GET", "/api/clients", "", "text/event-stream", false},
		"API that looks like a socket": {"GET", "/api/clients", "websocket", "", false},
		"command as a socket":          {"DELETE", "/api/clients/x", "websocket", "", false},
		"command to a socket":          {"POST", SyncPath, "websocket", "", false},
		"the stream as JSON":           {"GET", EventsPath, "", "application/json", false},
	} {
		t.Run(name, func(t *testing.T) {
			tickets, _, clock := newTickets()
			tokens := New(secret, clock.now)
			door := Door{Tokens: tokens, Tickets: tickets}
			ticket, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
			for _, query := range []string{"?ticket=" + ticket, "?token=" + mint(t, tokens, olga)} {
				r := httptest.NewRequest(c.method, c.target+query, nil)
				r.Header.Set("Upgrade", c.upgrade)
				r.Header.Set("Accept", c.accept)
				got, err := door.Session(r)
				if c.opens && (err != nil || got.Principal != olga) || !c.opens && !errors.Is(err, ErrNoToken) {
					t.Errorf("%.10s: %+v, %v", query, got, err)
				}
			}
		})
	}
}

func TestTokenBesideATicketCountsAndLeavesTheTicket(t *testing.T) {
	tickets, m, clock := newTickets()
	tokens := New(secret, clock.now)
	door := Door{Tokens: tokens, Tickets: tickets}
	ticket, _ := issue(t, tickets, Session{olga, clock.at.Add(time.Hour)})
	r := httptest.NewRequest("GET", "/sync?ticket="+ticket, nil)
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Authorization", "Bearer wrong")
	if got, err := door.Session(r); !errors.Is(err, ErrBadToken) || m.asked != 0 {
		t.Errorf("%+v, %v, and the store was asked %d times", got, err, m.asked)
	}
}
