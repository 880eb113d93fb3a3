package inbound

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"wedsync/server/auth"
	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// ServeHTTP answers a webhook: that of the connection which the path names, or
// that which names its supplier in the body.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	from, err := r.receive(w, req)
	if from == nil {
		r.metrics.requests.WithLabelValues(sourceOf(err), resultOf(err)).Inc()
	} else {
		r.metrics.requests.WithLabelValues(from.Source, resultOf(err)).Inc()
	}
	if err != nil {
		r.Refuse(w, req, outward(err))
	}
}

// outward is an error as a sender may know it: whoever shows nothing is told
// nothing.
func outward(err error) error {
	var why signature.Reason
	if errors.As(err, &why) || errors.Is(err, errUnknown) || errors.Is(err, auth.ErrUnavailable) {
		return ErrUnsigned
	}
	return err
}

// receive answers a request unless it returns an error. It says whose request it
// was, as soon as that is known.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) (*sender, error) {
	body, done, err := r.read(w, req)
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(req.Context(), answerWithin)
	defer cancel()
	in := signature.Request{
		Header: req.Header, URL: connection.Base(r.PublicURL, req) + req.URL.RequestURI(), Body: body, Now: r.Now(),
	}
	id := req.PathValue("connection")
	if asked, err := r.handshake(ctx, w, req, id); asked != nil || err != nil {
		return asked, err
	}
	find := r.legacy
	if id != "" {
		find = func(ctx context.Context, in signature.Request) (*sender, error) { return r.named(ctx, id, in) }
	}
	from, err := find(ctx, in)
	if err != nil {
		return nil, err
	}
	if from.settings.Paused {
		return from, ErrPaused
	}
	if err := r.accept(ctx, from, in); err != nil {
		return from, err
	}
	answer(w, connection.Source(from.Source))
	return from, nil
}

// accept keeps the events of a request.
func (r *Receiver) accept(ctx context.Context, from *sender, in signature.Request) error {
	if from.Source == string(connection.Graph) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, graphWithin)
		defer cancel()
	}
	header, err := json.Marshal(keptHeader(in.Header))
	if err != nil {
		return err
	}
	events := make([]store.InboxEvent, 0, len(from.events))
	for _, e := range from.events {
		kept, err := from.event(e, in.Now, header)
		if err != nil {
			return err
		}
		events = append(events, kept)
	}
	became, err := r.keeper.keep(ctx, events)
	if err != nil {
		return err
	}
	r.metrics.arrivals(from.Source, became)
	if slices.Contains(became, store.EventRefused) {
		return ErrFull
	}
	return nil
}

// event is an event as it is kept.
func (s *sender) event(e source.Event, now time.Time, header []byte) (store.InboxEvent, error) {
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return store.InboxEvent{}, err
	}
	kept := store.InboxEvent{
		Supplier: s.Supplier, Connection: s.ID, ID: id.String(),
		External: e.External, Subject: e.Subject, Type: e.Type,
		Received: now, Header: header, Body: e.Body, State: store.EventReceived, Due: now,
	}
	if e.Unrouted {
		kept.Connection, kept.State = "", store.EventUnrouted
		kept.External = s.ID + " " + e.External // two connections may have events of the same id
	}
	return kept, nil
}

// keptHeaders are those that are kept of a request. None has a secret.
var keptHeaders = []string{
	"Content-Type", "Traceparent", "User-Agent", "Svix-Id", "Svix-Timestamp", "Webhook-Id", "Webhook-Timestamp",
	"X-Github-Delivery", "X-Github-Event", "X-Request-Id",
}

// maxHeader bounds the bytes of a header that is kept.
const maxHeader = 512

func keptHeader(all http.Header) map[string]string {
	kept := make(map[string]string)
	for _, name := range keptHeaders {
		if value := all.Get(name); value != "" && len(value) <= maxHeader {
			kept[name] = value
		}
	}
	return kept
}
