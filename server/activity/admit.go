package activity

import (
	"context"
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

// An admission is somebody who listens. Its context ends, for a cause, when the
// token expires, the access is taken away, the streams are closed or the caller
// leaves.
type admission struct {
	who   conflicts.Principal
	ctx   context.Context
	end   context.CancelCauseFunc
	leave func() // called once, last
}

// admit lets a request in.
func (h *Handler) admit(r *http.Request) (*admission, error) {
	session, err := h.Session(r)
	if err != nil {
		return nil, err
	}
	if err := h.Limits.Request(session.Principal); err != nil {
		return nil, err
	}
	leave, err := h.Limits.Socket(session.Principal)
	if err != nil {
		return nil, err
	}
	visit, err := h.Visit(r.Context(), session.Principal)
	if err != nil {
		leave()
		return nil, err
	}
	ctx, end := context.WithCancelCause(r.Context())
	closes := context.AfterFunc(h.Streams.ctx, func() { end(ErrClosed) })
	expires := time.AfterFunc(time.Until(session.Expires), func() { end(auth.ErrExpired) })
	h.listeners.Go(func() { // ends with ctx
		select {
		case err := <-visit.Ended:
			end(err)
		case <-ctx.Done():
		}
	})
	return &admission{visit.Who, ctx, end, func() {
		end(nil)
		closes()
		expires.Stop()
		visit.Leave()
		leave()
	}}, nil
}
