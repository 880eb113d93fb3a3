package socket

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"wedsync/server/auth"
	"wedsync/server/hub"
)

// admit says who a request acts for, if the hub lets them in, and takes a place
// for its socket; leave gives the place back.
func (h *Handler) admit(r *http.Request) (session auth.Session, leave func(), err error) {
	if session, err = h.Session(r); err != nil {
		return session, nil, err
	}
	if _, err = h.Hub.Admit(r.Context(), session.Principal); err != nil {
		return session, nil, err
	}
	leave, err = h.Limits.Socket(session.Principal)
	return session, leave, err
}

// refuse closes a connection that was accepted to be told why it is refused.
func (h *Handler) refuse(conn *websocket.Conn, r *http.Request, err error) {
	switch code, _ := refusal(err); code {
	case hub.TryAgain:
		h.Log.Warn("sync connection cannot be judged now", "remote", r.RemoteAddr, "err", err)
	case hub.TooMany: // not a line each
		h.Log.Debug("sync connection refused", "remote", r.RemoteAddr, "err", err)
	default:
		h.Log.Info("sync connection refused", "remote", r.RemoteAddr, "err", err)
	}
	h.shutOut(r.Context(), conn, err)
}

// shutOut ends a connection that is not let in. One that is to come back ends
// after a random while, so that not all come at once.
func (h *Handler) shutOut(ctx context.Context, conn *websocket.Conn, err error) {
	code, reason := refusal(err)
	if code == hub.TryAgain {
		h.Hub.Hesitate(ctx)
	}
	_ = conn.Close(websocket.StatusCode(code), reason) // a courtesy
}

// refusal is what a client is told of an error of admit, or of joining the hub.
func refusal(err error) (hub.CloseCode, string) {
	var limit *auth.LimitError
	switch {
	case errors.As(err, &limit):
		return hub.TooMany, limit.Error()
	case errors.Is(err, auth.ErrExpired):
		return hub.Unauthorised, "the token has expired"
	case errors.Is(err, auth.ErrNoToken), errors.Is(err, auth.ErrBadToken):
		return hub.Unauthorised, "a valid token is needed: ?token=, ?ticket= or Authorization: Bearer"
	}
	code := hub.CloseCodeOf(err)
	return code, reasons[code]
}

// expire closes the device when its session ends; stop ends that.
func (c *connection) expire(device *hub.Device) (stop func() bool) {
	return time.AfterFunc(time.Until(c.expires), func() { device.Close(hub.Unauthorised) }).Stop
}
