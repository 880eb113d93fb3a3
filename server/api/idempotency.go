package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

const maxIdempotencyKey = 255 // characters

// A command is a request that changes something and that its caller may send
// again, not knowing whether it arrived.
type command struct {
	asker string // so that two suppliers or users never share a key
	key   string // empty if the caller gave none
	hash  [32]byte
}

// newCommand reads a request's idempotency key.
func newCommand(r *http.Request, who conflicts.Principal, body []byte) (command, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxIdempotencyKey {
		return command{}, malformed("Idempotency-Key", fmt.Sprintf("must not be longer than %d characters", maxIdempotencyKey))
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return command{}, malformed("Idempotency-Key", "must be printable ASCII")
		}
	}
	h := sha256.New()
	io.WriteString(h, r.Method+" "+r.URL.Path+"\n")
	h.Write(body)
	return command{
		asker: url.PathEscape(who.Supplier) + "/" + url.PathEscape(who.User),
		key:   key,
		hash:  [32]byte(h.Sum(nil)),
	}, nil
}

// An execution carries a command out.
type execution struct {
	// do hands the command to the hub.
	do func(hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error)
	// tell makes what the caller is told from the outcome.
	tell func(crdt.RecordID, *conflicts.Outcome) (status int, body any)
}

// once carries a command out and returns its answer, or returns the answer that
// it got the first time. The answer is stored in the commit of the outcome
// itself, so that no crash can come between.
func (a *API) once(ctx context.Context, c command, x execution) (store.Answer, error) {
	if c.key == "" {
		return a.first(c, x, func(hub.AnswerFunc) hub.AnswerFunc { return nil })
	}
	if !a.inFlight.begin(c) {
		return store.Answer{}, errKeyBusy
	}
	defer a.inFlight.end(c)
	known, err := a.store.Answer(ctx, c.asker, c.key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.first(c, x, func(f hub.AnswerFunc) hub.AnswerFunc { return f })
	case err != nil:
		return store.Answer{}, err
	case known.Request != c.hash:
		return store.Answer{}, errKeyReused
	}
	return known, nil
}
