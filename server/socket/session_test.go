package socket_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/server/socket"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// pipes is a listener whose connections are in memory, so that time can be fake.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dial opens a socket to the listener's other end.
func (p pipes) dial(t *testing.T, query string) *client {
	t.Helper()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		p.conns <- theirs
		return ours, nil
	}}
	conn, _, err := websocket.Dial(t.Context(), "ws://hub/sync?"+query, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t, conn}
}

// onFakeTime serves a hub in memory with sessions that last an hour.
func onFakeTime(t *testing.T, story func(t *testing.T, p pipes)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		handler := socket.NewHandler(socket.Options{
			Hub: h, PeerID: "hub", Log: slog.New(slog.DiscardHandler),
			Session: func(r *http.Request) (auth.Session, error) {
				user := r.URL.Query().Get("token")
				who := conflicts.Principal{Supplier: "studio", User: user, Device: user, Role: conflicts.Member}
				return auth.Session{Principal: who, Expires: time.Now().Add(time.Hour)}, nil
			},
		})
		p := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: handler}
		go func() { _ = server.Serve(p) }() // ends with Close below
		t.Cleanup(func() {
			_ = server.Close()
			h.Close()
			if err := handler.Wait(context.Background()); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		story(t, p)
	})
}

func TestSocketClosesWhenItsSessionEnds(t *testing.T) {
	onFakeTime(t, func(t *testing.T, p pipes) {
		c := p.dial(t, "token=anna")
		c.hello("anna")
		began := time.Now()
		for {
			_, _, err := c.conn.Read(t.Context()) // answers pings all the while
			if err == nil {
				continue
			}
			if code, after := websocket.CloseStatus(err), time.Since(began); code != websocket.StatusCode(hub.Unauthorised) || after != time.Hour {
				t.Errorf("closed with %d after %v, want %d after an hour", code, after, hub.Unauthorised)
			}
			break
		}
		again := p.dial(t, "token=anna")
		again.hello("anna")
		again.ask("anna", 1)
	})
}

// newDoor serves tickets of one store, and the sockets that they open.
func newDoor(t *testing.T, limits *auth.Limits, origins ...string) (url string, tickets *auth.Tickets, taken *atomic.Int64) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	taken = new(atomic.Int64)
	tickets = auth.NewTickets(countedTickets{s, taken}, secret, time.Now)
	door := auth.Door{Tokens: auth.New(secret, time.Now), Tickets: tickets, Limits: limits}
	handler := socket.NewHandler(socket.Options{
		Hub: h, PeerID: "hub", Log: slog.New(slog.DiscardHandler), Session: door.Session, Limits: limits, Origins: origins,
	})
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		h.Close()
		if err := handler.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/sync", tickets, taken
}

// countedTickets counts how often tickets are redeemed.
type countedTickets struct {
	store.Tickets
	taken *atomic.Int64
}

func (c countedTickets) TakeTicket(ctx context.Context, hash [32]byte, now time.Time) (store.Ticket, error) {
	c.taken.Add(1)
	return c.Tickets.TakeTicket(ctx, hash, now)
}

func ticketFor(t *testing.T, tickets *auth.Tickets, user string) string {
	t.Helper()
	who := conflicts.Principal{Supplier: "studio", User: user, Device: user, Role: conflicts.Member}
	ticket, _, err := tickets.Issue(t.Context(), auth.Session{Principal: who, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func open(t *testing.T, url string, origin string) (*client, error) {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t, conn}, nil
}

func mustOpen(t *testing.T, url string) *client {
	t.Helper()
	c, err := open(t, url, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTicketOpensOneSocket(t *testing.T) {
	url, tickets, _ := newDoor(t, nil)
	url += "?ticket=" + ticketFor(t, tickets, "anna")
	c := mustOpen(t, url)
	c.hello("anna")
	c.ask("anna", 1)
	if code := mustOpen(t, url).closed(); code != websocket.StatusCode(hub.Unauthorised) {
		t.Errorf("the second socket is closed with %d", code)
	}
	c.ask("anna", 2)
}

func TestTicketFromAForeignOriginIsRefusedBeforeItIsRedeemed(t *testing.T) {
	url, tickets, taken := newDoor(t, nil, "https://app.example.com")
	url += "?ticket=" + ticketFor(t, tickets, "anna")
	if _, err := open(t, url, "https://evil.example.net"); err == nil {
		t.Error("a socket from a foreign origin is opened")
	}
	if n := taken.Load(); n != 0 {
		t.Errorf("the ticket was redeemed %d times", n)
	}
	c, err := open(t, url, "https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	c.hello("anna")
}

func TestSocketsBeyondALimitAreClosedWith4429(t *testing.T) {
	limits := auth.NewLimits(auth.LimitOptions{DeviceSockets: 1}, time.Now)
	url, tickets, _ := newDoor(t, limits)
	first := mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "anna"))
	first.hello("anna")
	second := mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "anna"))
	_, _, err := second.conn.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusCode(hub.TooMany) || !strings.Contains(err.Error(), "sockets of this device") {
		t.Errorf("got %v, want %d and the reason", err, hub.TooMany)
	}
	first.ask("anna", 1)
	mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "ben")).hello("ben")
}

func TestPlaceOfASocketIsFreeOnceItEnds(t *testing.T) {
	limits := auth.NewLimits(auth.LimitOptions{DeviceSockets: 1}, time.Now)
	url, tickets, _ := newDoor(t, limits)
	for _, end := range []func(c *client){
		func(c *client) { _ = c.conn.Close(websocket.StatusNormalClosure, "") },
		func(c *client) { _ = c.conn.CloseNow() },
		func(c *client) {
			c.send(map[string]any{"type": "leave", "senderId": "peer-anna"})
			c.closed()
		},
	} {
		c := awaitPlace(t, url, tickets)
		end(c)
	}
	c := mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "anna"))
	c.send(map[string]any{"type": "leave", "senderId": "peer-anna"}) // where a join is due
	c.closed()
	awaitPlace(t, url, tickets)
}

// awaitPlace opens sockets until one has a place: the hub hears of an end when it does.
func awaitPlace(t *testing.T, url string, tickets *auth.Tickets) *client {
	t.Helper()
	for {
		c := mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "anna"))
		c.send(join("anna"))
		_, _, err := c.conn.Read(t.Context())
		if err == nil {
			return c
		}
		if websocket.CloseStatus(err) != websocket.StatusCode(hub.TooMany) {
			t.Fatal(err)
		}
	}
}

func TestGuessesAreClosedWith4401AndThenWith4429(t *testing.T) {
	limits := auth.NewLimits(auth.LimitOptions{Failures: 0.001, Burst: 2000}, time.Now)
	url, tickets, _ := newDoor(t, limits)
	for i, query := range []string{"?token=guess", "?ticket=wst_guess", "?token=guess"} {
		want := hub.Unauthorised
		if i == 2 {
			want = hub.TooMany
		}
		if code := mustOpen(t, url+query).closed(); code != websocket.StatusCode(want) {
			t.Errorf("%s is closed with %d, want %d", query, code, want)
		}
	}
	mustOpen(t, url+"?ticket="+ticketFor(t, tickets, "anna")).hello("anna")
}
