package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/syncproto"
)

// Options say what connections work with. Hub, Session and PeerID are needed.
type Options struct {
	Hub *hub.Hub
	// Session says who a request acts for, and until when.
	Session func(*http.Request) (auth.Session, error)
	// Limits are those of open sockets; none if nil.
	Limits *auth.Limits
	// PeerID is what the hub calls itself towards clients.
	PeerID string
	// Origins are patterns of origins that browsers may connect from, beside
	// the hub's own; see websocket.AcceptOptions.
	Origins []string
	Log     *slog.Logger
	Timing  Timing // zero fields mean DefaultTiming
}

// Timing bounds how long a connection waits.
type Timing struct {
	Join  time.Duration // for the first frame
	Ping  time.Duration // between pings; a peer that does not answer until the next is gone
	Write time.Duration // for the socket to take 64 kB
	Frame time.Duration // for a frame of more than 64 kB to arrive
}

// DefaultTiming is used where Options do not say otherwise.
var DefaultTiming = Timing{
	Join: 10 * time.Second, Ping: 15 * time.Second, Write: 30 * time.Second, Frame: 2 * time.Minute,
}

// A Handler serves GET /sync.
type Handler struct {
	Options
	places      places
	connections sync.WaitGroup
}

// NewHandler makes a handler.
func NewHandler(o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Timing == (Timing{}) {
		o.Timing = DefaultTiming
	}
	return &Handler{Options: o, places: newPlaces()}
}

// ServeHTTP accepts a connection, makes a device of it and lets go of the
// request: what remains of an idle connection is small.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.connections.Add(1) // before net/http forgets the request, so that Wait misses none
	c, device := h.accept(w, r)
	if device == nil {
		h.connections.Done()
		return
	}
	go func() { // ends with the socket, or when the hub closes the device; Wait waits for it
		defer h.connections.Done()
		defer c.finish()
		c.serve(device)
	}()
}

// accept is a connection whose handshake is complete, or nil for the device.
func (h *Handler) accept(w http.ResponseWriter, r *http.Request) (c *connection, device *hub.Device) {
	corked := &corkable{ResponseWriter: w, patience: h.Timing.Write}
	conn, err := websocket.Accept(corked, r, &websocket.AcceptOptions{
		OriginPatterns:  h.Origins,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		h.Log.Info("websocket refused", "remote", r.RemoteAddr, "err", err)
		return nil, nil
	}
	defer func() {
		if device == nil {
			_ = conn.CloseNow()
		}
	}()
	session, leave, err := h.admit(r)
	if err != nil {
		h.refuse(conn, r, err)
		return nil, nil
	}
	defer func() {
		if device == nil {
			leave()
		}
	}()
	who := session.Principal
	conn.SetReadLimit(maxJoin)
	c = &connection{Handler: h, conn: conn, cork: corked.conn, who: who, expires: session.Expires, leave: leave, session: syncproto.NewSession(syncproto.HubID{
		PeerID: h.PeerID, StorageID: h.Hub.StorageID,
	})}
	if device, err = c.handshake(r.Context()); err != nil {
		h.Log.Info("sync handshake failed", "user", who.User, "err", err)
		return nil, nil
	}
	return c, device
}

// Wait returns when all connections have ended, or ctx has. They end soon once
// the hub is closed; before, no request may come any more.
func (h *Handler) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() { // ends with the last connection
		h.connections.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("connections remain: %w", ctx.Err())
	}
}

// maxJoin bounds the bytes of the first frame.
const maxJoin = 16 << 10

// A connection is one device's socket.
type connection struct {
	*Handler
	conn    *websocket.Conn
	cork    *corkConn
	session *syncproto.Session
	who     conflicts.Principal
	expires time.Time // when that ends
	leave   func()    // gives its place among the sockets back
	peer    string    // what the device calls itself

	writers sync.WaitGroup // one at a time
	failed  error          // why a writer ended the connection; read once writers are done
}

// finish closes the socket. A panic ends this connection alone, as it would in a
// handler of net/http.
func (c *connection) finish() {
	_ = c.conn.CloseNow()
	c.leave()
	if p := recover(); p != nil {
		c.Log.Error("connection panicked", "panic", p, "stack", string(debug.Stack()))
	}
}

// handshake joins the device to the hub.
func (c *connection) handshake(ctx context.Context) (*hub.Device, error) {
	joined, err := c.join()
	if err != nil {
		c.conn.Close(websocket.StatusPolicyViolation, "no valid join")
		return nil, err
	}
	c.peer = joined.PeerID
	device, err := c.Hub.Join(ctx, c.who, joined)
	if err != nil {
		c.shutOut(ctx, c.conn, err)
		return nil, err
	}
	if err := c.welcome(); err != nil {
		device.Leave()
		return nil, err
	}
	return device, nil
}

// serve reads until the connection ends. Whenever something is due to the device
// a writer starts, which ends when nothing is: an idle connection is one
// goroutine.
func (c *connection) serve(device *hub.Device) {
	ctx, cancel := context.WithCancel(context.Background())
	pulse := startPulse(c.conn, c.Timing.Ping, cancel)
	defer c.expire(device)()
	device.Notify(func() { c.writers.Go(func() { c.write(device) }) })
	err := c.read(ctx, device)
	cancel()
	code := device.Code()
	if code == 0 {
		_ = c.conn.CloseNow() // also ends a write that the peer does not take
	}
	device.Leave() // from here on no writer starts
	c.writers.Wait()
	pulse.stop()
	c.Log.With("supplier", c.who.Supplier, "user", c.who.User, "peer", c.peer).
		Debug("device left", "read", quiet(err), "write", quiet(c.failed), "code", code)
}

// end closes the connection for a writer that cannot go on, with a code if the
// device has one. The closing handshake is a courtesy; either way the reader ends.
func (c *connection) end(device *hub.Device, err error) {
	c.failed = err
	if code := device.Code(); code != 0 {
		_ = c.conn.Close(websocket.StatusCode(code), reasons[code])
		return
	}
	_ = c.conn.CloseNow()
}

var reasons = map[hub.CloseCode]string{
	hub.GoingAway:    "come back: the hub restarts, or your role has changed",
	hub.TryAgain:     "the hub cannot do this now, come back",
	hub.Replaced:     "this device connected again",
	hub.Misbehaved:   "too many malformed messages",
	hub.Unauthorised: "the token has expired, come back with another",
	hub.Revoked:      "an owner took this access away",
}

// quiet is nil for the ordinary ends of a connection.
func quiet(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || errors.Is(err, hub.ErrClosed) ||
		websocket.CloseStatus(err) != -1 {
		return nil
	}
	return err
}

// join reads what the peer introduces itself with.
func (c *connection) join() (syncproto.Joined, error) {
	// A deadline leaves nothing behind, unlike a context.
	if err := c.cork.SetReadDeadline(time.Now().Add(c.Timing.Join)); err != nil {
		return syncproto.Joined{}, err
	}
	_, frame, err := c.conn.Read(context.Background())
	if err != nil {
		return syncproto.Joined{}, err
	}
	event, err := c.session.Receive(frame)
	if err != nil {
		// The client logs the text; the close that follows makes it come back.
		_ = c.conn.Write(context.Background(), websocket.MessageBinary, c.session.AppendError(nil, err.Error()))
		return syncproto.Joined{}, err
	}
	joined, ok := event.(syncproto.Joined)
	if !ok {
		return syncproto.Joined{}, errors.New("the first frame is no join")
	}
	c.conn.SetReadLimit(syncproto.MaxFrame)
	return joined, c.cork.SetReadDeadline(time.Time{})
}

// welcome completes the handshake. The device is joined before its peer hears of
// it, so that of two connections that a peer makes the later one stays.
func (c *connection) welcome() error {
	return c.conn.Write(context.Background(), websocket.MessageBinary, c.session.AppendPeer(nil))
}
