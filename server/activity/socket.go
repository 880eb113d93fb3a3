package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"wedsync/conflicts"
	"wedsync/server/auth"
	"wedsync/server/hub"
)

// ErrNoSocket means a request for the WebSocket that asks for none.
var ErrNoSocket = errors.New("this URL speaks WebSocket")

const (
	maxRequest  = 64 << 10    // bytes of what a listener sends at once
	closeWithin = time.Second // for a listener to answer that its socket is closed
	maxReason   = 120         // bytes of what a closed socket says
)

// ServeSocket answers GET /api/realtime/clients: a WebSocket on which each text
// frame is an event. It takes clients and position from the query; later the
// listener may send {"subscribe": {"clients": ["…"] or "all", "position": "…"}},
// which has it told of other clients and, if a position is named, go on from there.
func (h *Handler) ServeSocket(w http.ResponseWriter, r *http.Request) {
	h.listeners.Add(1)
	defer h.listeners.Done()
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		h.Refuse(w, r, ErrNoSocket)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		OriginPatterns: h.Origins, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		h.Log.Info("websocket refused", "remote", r.RemoteAddr, "err", err)
		return
	}
	conn.SetReadLimit(maxRequest)
	var helpers sync.WaitGroup // end with the socket
	err = h.converse(conn, r, &helpers)
	code, reason := h.code(err)
	_ = conn.Close(code, reason) // a courtesy: the listener may be gone
	_ = conn.CloseNow()
	helpers.Wait()
}

// converse serves a listener until it ends, and says why.
func (h *Handler) converse(conn *websocket.Conn, r *http.Request, helpers *sync.WaitGroup) error {
	a, err := h.admit(r)
	if err != nil {
		return err
	}
	defer a.leave()
	asked, err := h.requestOf(r.URL, "")
	if err != nil {
		return err
	}
	ctx := a.ctx
	// A write that is under way ends with the socket, soon after the session.
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(closeWithin, func() { _ = conn.CloseNow() })
	})()
	l, err := h.Streams.Listen(ctx, a.who.Supplier, asked.clients, asked.from)
	if err != nil {
		return err
	}
	defer l.Leave()
	s := &socketSink{conn: conn, within: h.within.Write, requests: make(chan request)}
	helpers.Go(func() { a.end(h.read(ctx, s, a.who)) })
	helpers.Go(func() { s.ping(ctx, h.within.Beat, a.end) })
	err = h.pump(ctx, l, s, s.requests)
	h.Log.Debug("listener left", "supplier", a.who.Supplier, "user", a.who.User, "over", "websocket", "why", err)
	return err
}

// code is what a socket is closed with.
func (h *Handler) code(err error) (code websocket.StatusCode, reason string) {
	var malformed *RequestError
	var limit *auth.LimitError
	switch {
	case errors.As(err, &malformed):
		reason = malformed.Error()
		return websocket.StatusCode(hub.Misbehaved), strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	case errors.Is(err, auth.ErrNoToken), errors.Is(err, auth.ErrExpired), errors.Is(err, auth.ErrBadToken):
		return websocket.StatusCode(hub.Unauthorised), "a valid token is needed"
	case errors.Is(err, ErrCrowded):
		return websocket.StatusCode(hub.TooMany), "too many listen, come back later"
	case errors.As(err, &limit):
		return websocket.StatusCode(hub.TooMany), limit.Error() + ", come back later"
	case errors.Is(err, hub.ErrRevoked):
		return websocket.StatusCode(hub.Revoked), "an owner took this access away"
	case errors.Is(err, hub.ErrRoleChanged):
		return websocket.StatusCode(hub.GoingAway), "your role has changed, come back"
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled):
		return websocket.StatusCode(hub.GoingAway), "the hub restarts, come back"
	}
	return websocket.StatusCode(hub.TryAgain), "come back"
}

// A socketSink writes events as text frames.
type socketSink struct {
	conn     *websocket.Conn
	within   time.Duration
	requests chan request
}

func (s *socketSink) send(messages []Message) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.within)
	defer cancel()
	for _, m := range messages {
		if err := s.conn.Write(ctx, websocket.MessageText, m.Body); err != nil {
			if ctx.Err() != nil {
				return errTooSlow
			}
			return err
		}
	}
	return nil
}

// beat does nothing: pings show that the hub is there.
func (s *socketSink) beat() error { return nil }

// ping ends a socket whose peer does not answer for a whole interval.
func (s *socketSink) ping(ctx context.Context, every time.Duration, end context.CancelCauseFunc) {
	for rest(ctx, every) {
		pong, cancel := context.WithTimeout(ctx, every)
		err := s.conn.Ping(pong)
		cancel()
		if err != nil {
			end(errTooSlow)
			return
		}
	}
}

// read takes what a listener sends until its socket ends, and says why. Each
// message counts as a request: one may have much told again.
func (h *Handler) read(ctx context.Context, s *socketSink, who conflicts.Principal) error {
	for {
		_, frame, err := s.conn.Reader(context.Background())
		if err != nil {
			return err
		}
		b, err := io.ReadAll(frame)
		if err != nil {
			return err
		}
		r, err := h.order(b)
		if err == nil {
			err = h.Limits.Request(who)
		}
		if err != nil {
			return err
		}
		select {
		case s.requests <- r:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// order reads what a listener sends.
func (h *Handler) order(b []byte) (r request, err error) {
	var message struct {
		Subscribe *struct {
			Clients  json.RawMessage `json:"clients"`
			Position string          `json:"position"`
		} `json:"subscribe"`
	}
	if err := json.Unmarshal(b, &message); err != nil || message.Subscribe == nil {
		return r, &RequestError{"message", `must be like {"subscribe": {"clients": "all", "position": "…"}}`}
	}
	asked := message.Subscribe
	var all string
	var ids []string
	switch {
	case len(asked.Clients) == 0:
	case json.Unmarshal(asked.Clients, &all) == nil && all == "all":
	case json.Unmarshal(asked.Clients, &ids) == nil:
		if r.clients, err = h.clientsOf(ids); err != nil {
			return r, err
		}
	default:
		return r, &RequestError{"clients", fmt.Sprintf("must be %q or a list of ids", "all")}
	}
	r.moves = asked.Position != ""
	r.from, err = startOf(asked.Position)
	return r, err
}
