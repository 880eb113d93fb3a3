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

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

const maxIdempotencyKey = 255 // characters

// A command is a request that changes something, and that its caller may send
// again under the same key when it does not know whether it arrived.
type command struct {
	asker string // so that two suppliers or users never share a key
	key   string // empty if the caller gave none
	hash  [32]byte
	// do has the hub carry it out.
	do func(hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error)
	// tell makes what the caller is told.
	tell func(crdt.RecordID, *conflicts.Outcome) (status int, body any)
}

// newCommand reads a request's idempotency key.
func newCommand(r *http.Request, who conflicts.Principal, body []byte) (*command, error) {
	if len(r.Header.Values("Idempotency-Key")) > 1 {
		return nil, malformed("Idempotency-Key", "must not be given twice")
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxIdempotencyKey {
		return nil, malformed("Idempotency-Key", fmt.Sprintf("must not be longer than %d characters", maxIdempotencyKey))
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return nil, malformed("Idempotency-Key", "must be printable ASCII")
		}
	}
	h := sha256.New()
	_, _ = io.WriteString(h, r.Method+" "+r.URL.Path+"\n") // a hash takes everything
	_, _ = h.Write(body)
	return &command{
		asker: url.PathEscape(who.Supplier) + "/" + url.PathEscape(who.User),
		key:   key,
		hash:  [32]byte(h.Sum(nil)),
	}, nil
}

// run carries a command out, unless its key was answered before: then it
// returns that answer.
func (a *API) run(ctx context.Context, c *command) (store.Answer, error) {
	if c.key == "" {
		id, o, err := c.do(nil)
		if err != nil {
			return store.Answer{}, err
		}
		return a.answer(c, id, o)
	}
	if !a.inFlight.begin(c) {
		return store.Answer{}, errKeyBusy
	}
	defer a.inFlight.end(c)
	known, err := a.store.Answer(ctx, c.asker, c.key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.runFirst(ctx, c)
	case err != nil:
		return store.Answer{}, err
	case known.Request != c.hash:
		return store.Answer{}, errKeyReused
	}
	return known, nil
}

// runFirst has the answer stored in the commit of the outcome itself, so that
// no crash can come between.
func (a *API) runFirst(ctx context.Context, c *command) (store.Answer, error) {
	id, o, err := c.do(func(id crdt.RecordID, o *conflicts.Outcome) *store.Answer {
		answer, err := a.answer(c, id, o)
		if err != nil {
			a.log.ErrorContext(ctx, "answer is not kept", "record", id, "err", err)
			return nil
		}
		return &answer
	})
	if err != nil {
		return store.Answer{}, err
	}
	return a.answer(c, id, o)
}

func (a *API) answer(c *command, id crdt.RecordID, o *conflicts.Outcome) (store.Answer, error) {
	status, told := c.tell(id, o)
	body, err := encode(told)
	if err != nil {
		return store.Answer{}, err
	}
	return store.Answer{
		Principal: c.asker, Key: c.key, Request: c.hash, Status: status, Body: body, At: a.now(),
	}, nil
}

// inFlight are the commands that are being carried out.
type inFlight struct {
	mu   sync.Mutex
	keys map[[2]string]bool
}

// begin reports whether c is not being carried out yet; then end must be called.
func (f *inFlight) begin(c *command) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := [2]string{c.asker, c.key}
	if f.keys[key] {
		return false
	}
	if f.keys == nil {
		f.keys = make(map[[2]string]bool)
	}
	f.keys[key] = true
	return true
}

func (f *inFlight) end(c *command) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.keys, [2]string{c.asker, c.key})
}
