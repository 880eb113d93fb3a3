package socket_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"
	"go.uber.org/goleak"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/server/socket"
	"wedsync/store"
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
	"wedsync/syncproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}

// A world is a hub behind a real HTTP server.
type world struct {
	t     testing.TB
	hub   *hub.Hub
	store *storetest.Faulty
	url   string
	left  chan string // the users of connections that ended
	// waits are how long connections that were told to come back might have waited.
	waits chan time.Duration
}

// openEmpty opens a store of which no test has to make the tables.
var openEmpty = storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) })

func newWorld(t testing.TB, timing socket.Timing) *world {
	t.Helper()
	inner, err := openEmpty(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, waits := storetest.NewFaulty(inner), make(chan time.Duration, 100)
	h, err := hub.New(t.Context(), hub.Options{
		Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler),
		Chance: func(most time.Duration) time.Duration {
			waits <- most
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan string, 10_000)
	handler := socket.NewHandler(socket.Options{
		Hub: h, PeerID: "hub", Log: slog.New(departures{slog.DiscardHandler, left, ""}), Timing: timing,
		Session: func(r *http.Request) (auth.Session, error) {
			user := r.URL.Query().Get("token")
			if user == "" {
				return auth.Session{}, auth.ErrNoToken
			}
			device := user
			if user == "unnamed" {
				device = ""
			}
			who := conflicts.Principal{Supplier: "studio", User: user, Device: device, Role: conflicts.Member}
			return auth.Session{Principal: who, Expires: time.Now().Add(time.Hour)}, nil
		},
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
	return &world{t, h, s, "ws" + strings.TrimPrefix(server.URL, "http") + "/sync?token=", left, waits}
}

// departures is a log that tells who left.
type departures struct {
	slog.Handler
	left chan<- string
	user string
}

func (d departures) Enabled(context.Context, slog.Level) bool { return true }

func (d departures) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == "user" {
			d.user = a.Value.String()
		}
	}
	return d
}

func (d departures) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "device left" {
		d.left <- d.user
	}
	return nil
}

// A client speaks as automerge-repo does.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

func (w *world) dial(user string) *client {
	w.t.Helper()
	conn, _, err := websocket.Dial(w.t.Context(), w.url+user, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{w.t, conn}
}

func (w *world) join(user string) *client {
	w.t.Helper()
	c := w.dial(user)
	c.hello(user)
	return c
}

func join(user string) map[string]any {
	return map[string]any{
		"type": "join", "senderId": "peer-" + user, "peerMetadata": map[string]any{"isEphemeral": true},
		"supportedProtocolVersions": []string{"1"},
	}
}

// hello joins.
func (c *client) hello(user string) {
	c.t.Helper()
	c.send(join(user))
	if got := c.receive(); got["type"] != "peer" {
		c.t.Fatalf("answer to a join: %v", got)
	}
}

func (c *client) send(frame map[string]any) {
	c.t.Helper()
	b, err := cbor.Marshal(frame)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Write(c.t.Context(), websocket.MessageBinary, b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) receive() map[string]any {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var frame map[string]any
	if err := cbor.Unmarshal(b, &frame); err != nil {
		c.t.Fatal(err)
	}
	return frame
}

// closed reads until the hub closes, and gives its code; -1 without a closing frame.
func (c *client) closed() websocket.StatusCode {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, _, err := c.conn.Read(ctx)
		if ctx.Err() != nil {
			c.t.Fatal("the hub does not close")
		}
		if err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func (c *client) request(user string, id crdt.RecordID) {
	c.t.Helper()
	m := syncproto.Message{Have: []syncproto.Have{{}}}
	c.send(map[string]any{
		"type": "request", "senderId": "peer-" + user, "targetId": "hub",
		"documentId": id.DocumentID(), "data": m.Append(nil),
	})
}

// ask sends a request for a record and awaits that it is unavailable: the
// connection works.
func (c *client) ask(user string, n byte) {
	c.t.Helper()
	id := crdt.RecordID{0: 1, 6: 0x40, 8: 0x80, 15: n}
	c.request(user, id)
	if got := c.receive(); got["type"] != "doc-unavailable" || got["documentId"] != id.DocumentID() {
		c.t.Fatalf("answer to a request: %v", got)
	}
}

// quick is for what is waited for, patient for what must not happen.
const (
	quick   = 50 * time.Millisecond
	patient = time.Minute
)

func TestConnectionThatDoesNotJoinIsClosed(t *testing.T) {
	w := newWorld(t, socket.Timing{Join: quick, Ping: patient, Write: patient, Frame: patient})
	w.dial("anna").closed()
}

func TestFirstFrameThatIsNoJoinIsRefused(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	c := w.dial("anna")
	c.send(map[string]any{"type": "leave", "senderId": "peer-anna"})
	if got := c.receive(); got["type"] != "error" {
		t.Errorf("got %v, want an error", got)
	}
	if code := c.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
}

func TestWithoutATokenTheUpgradeSucceedsAndIsClosedWith4401(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	if code := w.dial("").closed(); code != websocket.StatusCode(hub.Unauthorised) {
		t.Errorf("closed with %d", code)
	}
}

func TestConnectionThatCannotBeAdmittedNowIsToldToComeBackAfterAWhile(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	w.store.Fail(storetest.AccessOf, storetest.NotDone)
	if code := w.dial("anna").closed(); code != websocket.StatusCode(hub.TryAgain) {
		t.Errorf("closed with %d, want %d", code, hub.TryAgain)
	}
	if got := <-w.waits; got != hub.DefaultLimits.ComeBack {
		t.Errorf("waited up to %v", got)
	}
	w.join("anna")
}

func TestTextFrameIsIgnored(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	c := w.join("anna")
	if err := c.conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	c.ask("anna", 1)
}

func TestFramesOfEverySizeArrive(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	c := w.join("anna")
	for i, size := range []int{0, 64<<10 - 100, 64 << 10, 64<<10 + 1, 1 << 20, 1<<20 + 1, 15 << 20} {
		c.send(map[string]any{"type": "unknown", "senderId": "peer-anna", "data": make([]byte, size)})
		c.ask("anna", byte(i))
	}
}

func TestOversizeFrameClosesThatConnectionAlone(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	anna, ben := w.join("anna"), w.join("ben")
	go func() { // ends when the hub closes
		_ = anna.conn.Write(t.Context(), websocket.MessageBinary, make([]byte, syncproto.MaxFrame+100))
	}()
	if code := anna.closed(); code != websocket.StatusCode(hub.Misbehaved) {
		t.Errorf("closed with %d", code)
	}
	ben.ask("ben", 1)
}

var largeID = crdt.RecordID{0: 9, 6: 0x40, 8: 0x80}

// upload makes a record of n changes of a megabyte each.
func (w *world) upload(n int) {
	w.t.Helper()
	zoe := conflicts.Principal{Supplier: "studio", User: "zoe", Device: "zoe", Role: conflicts.Member}
	d, err := w.hub.Join(w.t.Context(), zoe, syncproto.Joined{PeerID: "zoe"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(d.Leave)
	actor := crdt.ActorID("0123456789abcdef")
	var deps []crdt.Hash
	for i := range uint64(n) {
		c := &crdt.Change{Deps: deps, Actor: actor, Seq: i + 1, StartOp: i + 1, NumOps: 1, Ops: []crdt.Op{{
			ID: crdt.OpID{Counter: i + 1, Actor: actor}, Key: fmt.Sprint(i), Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Bytes, Bytes: make([]byte, 1<<20)},
		}}}
		raw := crdt.Encode(c)
		decoded, err := crdt.Decode(raw, crdt.DefaultLimits)
		if err != nil {
			w.t.Fatal(err)
		}
		deps = []crdt.Hash{decoded.Hash}
		m := &syncproto.Message{Heads: deps, Have: []syncproto.Have{{}}, Changes: [][]byte{raw}}
		if err := d.Receive(w.t.Context(), syncproto.Sync{Record: largeID, Message: m}); err != nil {
			w.t.Fatal(err)
		}
	}
	due := make(chan struct{}, 1)
	d.Notify(func() {
		select {
		case due <- struct{}{}:
		default:
		}
	})
	for acked := false; !acked; {
		out, err := d.Take(nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(out) == 0 {
			<-due
		}
		for _, o := range out {
			m, err := syncproto.DecodeMessage(o.Sync)
			if err != nil {
				w.t.Fatal(err)
			}
			acked = slices.Equal(m.Heads, deps)
		}
	}
}

func TestPeerThatDoesNotAnswerPingsIsGone(t *testing.T) {
	w := newWorld(t, socket.Timing{Join: patient, Ping: quick, Write: patient, Frame: patient})
	alive := w.join("alive")
	answered := make(chan map[string]any)
	go func() { // reads, and so answers pings, until it is answered
		answered <- alive.receive()
	}()
	w.join("deaf") // nobody reads from it from here on
	if user := <-w.left; user != "deaf" {
		t.Errorf("%s left", user)
	}
	alive.request("alive", largeID)
	if got := <-answered; got["type"] != "doc-unavailable" {
		t.Errorf("got %v", got)
	}
}

func TestPeerThatDoesNotReadIsGoneAndOthersAreServed(t *testing.T) {
	w := newWorld(t, socket.Timing{Join: patient, Ping: patient, Write: quick, Frame: patient})
	w.upload(24) // more than lies between two sockets
	deaf, ben := w.join("deaf"), w.join("ben")
	deaf.request("deaf", largeID)
	ben.ask("ben", 1)
	if user := <-w.left; user != "deaf" {
		t.Errorf("%s left", user)
	}
	ben.ask("ben", 2)
}

func TestFrameThatTakesTooLongEndsItsConnection(t *testing.T) {
	w := newWorld(t, socket.Timing{Join: patient, Ping: patient, Write: patient, Frame: quick})
	c := w.join("slow")
	frame, err := c.conn.Writer(t.Context(), websocket.MessageBinary)
	if err != nil {
		t.Fatal(err)
	}
	// Never the rest. On a slow machine the hub ends the connection before even
	// this is written.
	_, _ = frame.Write(make([]byte, 200<<10))
	if user := <-w.left; user != "slow" {
		t.Errorf("%s left", user)
	}
}

func TestStoppingHubClosesWithTheCodeForComingBack(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	c := w.join("anna")
	go w.hub.Close()
	if code := c.closed(); code != websocket.StatusCode(hub.GoingAway) {
		t.Errorf("closed with %d, want %d", code, hub.GoingAway)
	}
}

func TestClientThatSaysLeaveIsGone(t *testing.T) {
	w := newWorld(t, socket.Timing{})
	c := w.join("anna")
	c.send(map[string]any{"type": "leave", "senderId": "peer-anna"})
	if user := <-w.left; user != "anna" {
		t.Errorf("%s left", user)
	}
}
