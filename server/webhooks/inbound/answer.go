package inbound

import (
	"context"
	"errors"
	"io"
	"net/http"

	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// twiML tells Twilio that there is nothing to do or to say.
const twiML = `<?xml version="1.0" encoding="UTF-8"?><Response/>`

// answer says that events are kept, as their source wants to be told.
func answer(w http.ResponseWriter, src connection.Source) {
	if src != connection.Twilio {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusAccepted)
		return
	}
	write(w, "text/xml; charset=utf-8", twiML)
}

// maxValidation bounds the bytes of a validation token.
const maxValidation = 4 << 10

// handshake answers what Microsoft Graph asks before it makes a subscription: the
// token that it sends, if there is such a connection. It returns whose request it
// has answered, nil if it has not.
func (r *Receiver) handshake(ctx context.Context, w http.ResponseWriter, req *http.Request, id string) (*sender, error) {
	token := req.URL.Query().Get("validationToken")
	if token == "" || len(token) > maxValidation || id == "" {
		return nil, nil
	}
	c, err := r.Store.Connection(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case connection.Source(c.Source) != connection.Graph:
		return nil, nil
	}
	write(w, "text/plain; charset=utf-8", token)
	return &sender{Connection: c}, nil
}

// write answers with a text. A sender that has gone away is no error of ours.
func write(w http.ResponseWriter, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, text)
}
