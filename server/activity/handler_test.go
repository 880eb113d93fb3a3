package activity

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/store/sqlite"
)

// A world is a journal with its streams behind URLs, and a hub that says who may listen.
type world struct {
	t       *testing.T
	journal *journal
	streams *Streams
	handler *Handler
	server  *httptest.Server
	hub     *hub.Hub
}

// noEngine materialises nothing: nobody reads a document here.
type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	kept, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, journal: &journal{}}
	w.hub, err = hub.New(t.Context(), hub.Options{Store: kept, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.hub.Close()
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	w.streams = open(t, w.journal, Limits{Clients: 3, Beat: 50 * time.Millisecond})
	h := NewHandler(HandlerOptions{
		Streams: w.streams, Visit: w.hub.Visit, Log: slog.New(slog.DiscardHandler),
		Limits: auth.NewLimits(auth.LimitOptions{Requests: 1, Burst: 20}, time.Now),
		Session: func(r *http.Request) (auth.Session, error) {
			good := auth.Session{
				Principal: conflicts.Principal{Supplier: "rose", User: "ada", Role: conflicts.Member}, Expires: time.Now().Add(time.Hour),
			}
			switch r.URL.Query().Get("token") {
			case "good":
				return good, nil
			case "brief":
				good.Expires = time.Now().Add(200 * time.Millisecond)
				return good, nil
			}
			return auth.Session{}, auth.ErrBadToken
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) { http.Error(w, err.Error(), http.StatusTeapot) },
	})
	w.handler = h
	mux := http.NewServeMux()
	mux.HandleFunc("/socket", h.ServeSocket)
	mux.HandleFunc("/events", h.ServeEvents)
	w.server = httptest.NewUnstartedServer(mux)
	w.server.Config.ReadTimeout = 200 * time.Millisecond
	w.server.Start()
	t.Cleanup(func() {
		w.streams.Close()
		h.Wait()
		w.server.Close()
	})
	return w
}

func (w *world) dial(query string) *websocket.Conn {
	w.t.Helper()
	conn, _, err := websocket.Dial(w.t.Context(), w.server.URL+"/socket?"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// next is the next event of a socket.
func (w *world) next(conn *websocket.Conn) Event {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	kind, b, err := conn.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		w.t.Fatalf("%v frame, %v", kind, err)
	}
	var m Message
	m.Body = b
	m.Position = strings.SplitN(strings.SplitN(string(b), `"position":"`, 2)[1], `"`, 2)[0]
	return read(w.t, m)
}

// closes waits for a socket to be closed, and wants a code.
func (w *world) closes(conn *websocket.Conn, code websocket.StatusCode) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, _, err := conn.Read(ctx)
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			w.t.Errorf("closed with %d (%v), want %d", got, err, code)
		}
		return
	}
}

func (w *world) is(e Event, kind, position string) {
	w.t.Helper()
	if e.Type != kind || e.Position != epoch+":"+position || e.SpecVersion != "1.0" || e.Source != "/suppliers/rose" {
		w.t.Errorf("heard %s @%s of %s, want %s @%s", e.Type, e.Position, e.Source, kind, position)
	}
}

func TestASocketTellsEventsAsTextFrames(t *testing.T) {
	w := newWorld(t)
	conn := w.dial("token=good")
	w.is(w.next(conn), PositionTold, "0")
	w.journal.add(record(1), changed("ada", "a"))
	w.is(w.next(conn), ClientChanged, "1")
}

func TestASocketChangesWhatItListensTo(t *testing.T) {
	w := newWorld(t)
	for n := range byte(3) {
		w.journal.add(record(n), changed("ada", "a"))
	}
	conn := w.dial("token=good&clients=" + record(7).ClientID())
	w.is(w.next(conn), PositionTold, "3")
	ask := fmt.Sprintf(`{"subscribe": {"clients": [%q, %q], "position": "%s:1"}}`, record(1).DocumentID(), record(2).ClientID(), epoch)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(ask)); err != nil {
		t.Fatal(err)
	}
	w.is(w.next(conn), ClientChanged, "2")
	w.is(w.next(conn), ClientChanged, "3")
	w.is(w.next(conn), PositionTold, "3")
}

func TestSocketsAreRefusedWithACode(t *testing.T) {
	w := newWorld(t)
	w.closes(w.dial("token=bad"), 4401)
	w.closes(w.dial("token=good&position=x"), 4400)
	w.closes(w.dial("token=good&clients=nobody"), 4400)
	w.closes(w.dial("token=good&clients=a,b,c,d"), 4400)
	for _, message := range []string{"hello", `{}`, `{"subscribe": {"clients": 7}}`, `{"subscribe": {"position": "x"}}`, strings.Repeat("x", 1000)} {
		conn := w.dial("token=good")
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		w.closes(conn, 4400)
	}
}

func TestASocketThatAsksWithoutEndIsClosed(t *testing.T) {
	w := newWorld(t)
	conn := w.dial("token=good")
	for range 100 {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"subscribe": {"clients": [], "position": "-50"}}`)); err != nil {
			break // it is closed already
		}
	}
	w.closes(conn, websocket.StatusCode(hub.TooMany))
	resp, err := http.Get(w.server.URL + "/events?token=good")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("events are answered %s", resp.Status)
	}
}

func TestATokenThatExpiresClosesItsSocketAndItsEvents(t *testing.T) {
	w := newWorld(t)
	conn := w.dial("token=brief")
	events := w.get("token=brief", "")
	w.closes(conn, 4401)
	events.ends()
}

func TestAccessThatIsTakenAwayClosesSocketsAndEvents(t *testing.T) {
	w := newWorld(t)
	conn := w.dial("token=good")
	w.is(w.next(conn), PositionTold, "0")
	events := w.get("token=good", "")
	olga := conflicts.Principal{Supplier: "rose", User: "olga", Role: conflicts.Owner}
	if err := w.hub.SetRole(t.Context(), olga, "ada", conflicts.NoRole); err != nil {
		t.Fatal(err)
	}
	w.closes(conn, 4403)
	events.ends()
	w.closes(w.dial("token=good"), 4403)
}

// A pipeLine accepts one connection.
type pipeLine chan net.Conn

func (p pipeLine) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p pipeLine) Close() error   { close(p); return nil }
func (p pipeLine) Addr() net.Addr { return &net.UnixAddr{} }

// Who takes next to nothing of what is sent is cut off as soon.
func TestAccessThatIsTakenAwayCutsSlowListenersOff(t *testing.T) {
	w := newWorld(t)
	posted := by(conflicts.KindActivity, "ben")
	posted.Activity = &conflicts.Activity{Kind: "call", Text: "x", Data: []byte(`"` + strings.Repeat("d", conflicts.MaxActivityData-2) + `"`)}
	for range 100 {
		w.journal.add(record(1), posted)
	}
	here, there := net.Pipe() // which keeps nothing
	defer here.Close()
	line := make(pipeLine, 1)
	line <- there
	slow := http.Server{Handler: w.server.Config.Handler}
	go slow.Serve(line) // ends with Close
	defer slow.Close()
	if _, err := io.WriteString(here, "GET /events?token=good&position=-100 HTTP/1.1\r\nHost: hub\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(here); lines.Scan() && !strings.HasPrefix(lines.Text(), "id: "); {
	}
	olga := conflicts.Principal{Supplier: "rose", User: "olga", Role: conflicts.Owner}
	if err := w.hub.SetRole(t.Context(), olga, "ada", conflicts.NoRole); err != nil {
		t.Fatal(err)
	}
	left := make(chan struct{})
	go func() {
		w.handler.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(10 * time.Second):
		t.Error("a listener who may not listen any more is still sent events")
	}
}

func TestListenersLeaveWhenTheHubStops(t *testing.T) {
	w := newWorld(t)
	conn := w.dial("token=good")
	events := w.get("token=good", "")
	begun := time.Now()
	go w.streams.Close() // as cleanup does again
	w.closes(conn, 1012)
	events.ends()
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// An eventStream is an answer of server-sent events.
type eventStream struct {
	w     *world
	body  io.ReadCloser
	lines *bufio.Scanner
}

func (w *world) get(query, last string) *eventStream {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "GET", w.server.URL+"/events?"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return &eventStream{w, resp.Body, bufio.NewScanner(resp.Body)}
}

// next is the next event, and how many signs of life came before it.
func (s *eventStream) next() (e Event, beats int) {
	s.w.t.Helper()
	position := ""
	for s.lines.Scan() {
		line := s.lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			position = id
		}
		if strings.HasPrefix(line, ":") {
			beats++
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return read(s.w.t, Message{Position: position, Body: []byte(data)}), beats
		}
	}
	s.w.t.Fatalf("the stream ended: %v", s.lines.Err())
	return e, 0
}

func (s *eventStream) ends() {
	s.w.t.Helper()
	if _, err := io.Copy(io.Discard, s.body); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		s.w.t.Errorf("the stream broke: %v", err)
	}
}

func TestEventsGoOnFromTheLastThatAListenerGot(t *testing.T) {
	w := newWorld(t)
	for n := range byte(3) {
		w.journal.add(record(n), changed("ada", "a"))
	}
	s := w.get("token=good&position=now", epoch+":1")
	for _, want := range []struct{ kind, position string }{{ClientChanged, "2"}, {ClientChanged, "3"}, {PositionTold, "3"}} {
		e, _ := s.next()
		w.is(e, want.kind, want.position)
	}
}

// A server's limits are for requests that end: events outlive them, and signs of
// life show that the hub is there.
func TestEventsOutliveTheServersReadTimeout(t *testing.T) {
	w := newWorld(t)
	s := w.get("token=good", "")
	e, _ := s.next()
	w.is(e, PositionTold, "0")
	for range 10 { // of 50 ms each
		for s.lines.Scan() && !strings.HasPrefix(s.lines.Text(), ":") {
		}
	}
	w.journal.add(record(1), changed("ada", "a"))
	e, _ = s.next()
	w.is(e, ClientChanged, "1")
}

// A browser that comes back sends the same query: if its clients cannot be read,
// the last event that it got is no reason to tell it of all.
func TestWhoComesBackHearsOfNoOtherClients(t *testing.T) {
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+"/events?token=good&clients=nobody", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", epoch+":0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot {
		t.Errorf("answered %s", resp.Status)
	}
}

func TestEventsAreRefusedBeforeTheyBegin(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{
		"token=bad", "token=good&position=x", "token=good&clients=nobody", "token=good&clients=a;b",
		"token=good&clients=" + record(1).ClientID() + "&clients=nobody", "",
	} {
		resp, err := http.Get(w.server.URL + "/events?" + query)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusTeapot {
			t.Errorf("%q is answered %s", query, resp.Status)
		}
	}
	resp, err := http.Get(w.server.URL + "/socket?token=good")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("without an upgrade: %s", resp.Status)
	}
}
