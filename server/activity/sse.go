package activity

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"
)

// retryAfter is what a listener waits, in milliseconds, before it comes back.
const retryAfter = "retry: 2000\n\n"

// ServeEvents answers GET /api/realtime/clients/events: server-sent events, of
// which each has its position as id. It takes clients and position from the
// query; a Last-Event-ID goes before that position.
func (h *Handler) ServeEvents(w http.ResponseWriter, r *http.Request) {
	h.listeners.Add(1)
	defer h.listeners.Done()
	if err := h.events(w, r); err != nil {
		h.Refuse(w, r, err)
	}
}

// events returns an error if nothing was written.
func (h *Handler) events(w http.ResponseWriter, r *http.Request) error {
	a, err := h.admit(r)
	if err != nil {
		return err
	}
	defer a.leave()
	asked, err := h.requestOf(r.URL, r.Header.Get("Last-Event-ID"))
	if err != nil {
		return err
	}
	ctx := a.ctx
	l, err := h.Streams.Listen(ctx, a.who.Supplier, asked.clients, asked.from)
	if err != nil {
		return err
	}
	defer l.Leave()
	to := &eventSink{ctx: ctx, w: w, rc: http.NewResponseController(w), within: h.within.Write}
	// The server's limits are for requests that end.
	if err := to.rc.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	// A write that is under way ends soon after the session.
	defer context.AfterFunc(ctx, func() {
		_ = to.rc.SetWriteDeadline(time.Now().Add(closeWithin)) // or the connection is gone
	})()
	w.Header().Set("Connection", "close") // its deadlines are those of a stream
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // of proxies
	w.Header().Set("X-Content-Type-Options", "nosniff")
	to.buffer = append(to.buffer, retryAfter...)
	if err = to.flush(); err == nil {
		err = h.pump(ctx, l, to, nil)
	}
	h.Log.Debug("listener left", "supplier", a.who.Supplier, "user", a.who.User, "over", "events", "why", err)
	return nil
}

// An eventSink writes server-sent events.
type eventSink struct {
	ctx    context.Context // of the session
	w      http.ResponseWriter
	rc     *http.ResponseController
	within time.Duration
	buffer []byte
}

func (s *eventSink) send(messages []Message) error {
	for _, m := range messages {
		s.buffer = append(append(append(s.buffer, "id: "...), m.Position...), '\n')
		s.buffer = append(append(append(s.buffer, "data: "...), m.Body...), '\n', '\n')
		if len(s.buffer) < maxKept {
			continue
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *eventSink) beat() error {
	s.buffer = append(s.buffer, ": here\n\n"...)
	return s.flush()
}

const maxKept = 64 << 10 // bytes of a buffer that is kept; more are written at once

func (s *eventSink) flush() error {
	if len(s.buffer) == 0 {
		return nil
	}
	err := s.rc.SetWriteDeadline(time.Now().Add(s.within))
	if err == nil {
		err = context.Cause(s.ctx) // asked after that, since a session that ends later puts the deadline forward
	}
	if err == nil {
		_, err = s.w.Write(s.buffer)
	}
	if err == nil {
		err = s.rc.Flush()
	}
	if s.buffer = s.buffer[:0]; cap(s.buffer) > maxKept {
		s.buffer = nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTooSlow
	}
	return err
}
