package socket

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/syncproto"
)

// Options say what connections work with. Hub, Principal and PeerID are needed.
type Options struct {
	Hub *hub.Hub
	// Principal says who a request acts for.
	Principal func(*http.Request) (conflicts.Principal, error)
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
	Ping  time.Duration // between pings; a peer that misses one whole is gone
	Write time.Duration // for the socket to take one frame
}

// DefaultTiming is used where Options do not say otherwise.
var DefaultTiming = Timing{Join: 10 * time.Second, Ping: 15 * time.Second, Write: 30 * time.Second}

// Handler serves GET /sync.
func Handler(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Timing == (Timing{}) {
		o.Timing = DefaultTiming
	}
	return &handler{o}
}

type handler struct{ Options }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	corked := &corkable{ResponseWriter: w}
	conn, err := websocket.Accept(corked, r, &websocket.AcceptOptions{
		OriginPatterns:  h.Origins,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		h.Log.Info("websocket refused", "remote", r.RemoteAddr, "err", err)
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(syncproto.MaxFrame)
	who, err := h.Principal(r)
	if err != nil {
		h.Log.Info("sync connection without a valid token", "remote", r.RemoteAddr, "err", err)
		conn.Close(websocket.StatusCode(hub.Unauthorised), "a valid token is needed: ?token= or Authorization: Bearer")
		return
	}
	c := &connection{handler: h, conn: conn, cork: corked.conn, session: syncproto.NewSession(syncproto.HubID{
		PeerID: h.PeerID, StorageID: h.Hub.StorageID,
	})}
	c.serve(r.Context(), who)
}

// A connection is one device's socket.
type connection struct {
	*handler
	conn    *websocket.Conn
	cork    *corkConn
	session *syncproto.Session
}

func (c *connection) serve(ctx context.Context, who conflicts.Principal) {
	joined, err := c.join(ctx)
	if err != nil {
		c.Log.Info("sync handshake failed", "user", who.User, "err", err)
		c.conn.Close(websocket.StatusPolicyViolation, "no valid join")
		return
	}
	device := c.Hub.Join(who, joined)
	defer device.Leave()
	log := c.Log.With("supplier", who.Supplier, "user", who.User, "peer", joined.PeerID)
	log.Debug("device joined")

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	written := make(chan error, 1)
	go func() { // ends with ctx, with the device or when the socket fails
		err := c.write(ctx, device)
		if code := device.Code(); code != 0 {
			// The closing handshake is a courtesy; it also ends the reader.
			_ = c.conn.Close(websocket.StatusCode(code), reasons[code])
		}
		cancel()
		written <- err
	}()
	readErr := c.read(ctx, device)
	if device.Code() == 0 {
		cancel()
	}
	writeErr := <-written
	log.Debug("device left", "read", quiet(readErr), "write", quiet(writeErr), "code", device.Code())
}

var reasons = map[hub.CloseCode]string{
	hub.GoingAway:    "the hub restarts, come back",
	hub.TryAgain:     "the hub cannot store now, come back",
	hub.Replaced:     "this device connected again",
	hub.Misbehaved:   "too many malformed messages",
	hub.Unauthorised: "a valid token is needed",
}

// quiet is nil for the ordinary ends of a connection.
func quiet(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || errors.Is(err, hub.ErrClosed) ||
		websocket.CloseStatus(err) != -1 {
		return nil
	}
	return err
}

// join completes the handshake.
func (c *connection) join(ctx context.Context) (syncproto.Joined, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timing.Join)
	defer cancel()
	_, frame, err := c.conn.Read(ctx)
	if err != nil {
		return syncproto.Joined{}, err
	}
	event, err := c.session.Receive(frame)
	if err != nil {
		// The client logs the text; the close that follows makes it come back.
		_ = c.conn.Write(ctx, websocket.MessageBinary, c.session.AppendError(nil, err.Error()))
		return syncproto.Joined{}, err
	}
	joined, ok := event.(syncproto.Joined)
	if !ok {
		return syncproto.Joined{}, errors.New("the first frame is no join")
	}
	return joined, c.conn.Write(ctx, websocket.MessageBinary, c.session.AppendPeer(nil))
}

// read moves frames from the socket to the device until one of them ends.
func (c *connection) read(ctx context.Context, device *hub.Device) error {
	for {
		kind, frame, err := c.conn.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageBinary {
			continue // automerge-repo ignores text frames, and so do we
		}
		event, err := c.session.Receive(frame)
		if err != nil {
			device.Close(hub.Misbehaved)
			return err
		}
		if err := device.Receive(ctx, event); err != nil {
			return err
		}
	}
}
