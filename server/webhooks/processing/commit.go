package processing

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/server/webhooks/connection"
	"wedsync/store"
)

// An answer is what is kept of an event with the commit that it led to.
type answer struct {
	Outcome Outcome `json:"outcome"`
	Said    said    `json:"said,omitempty"`
}

// askerOf is the principal of a connection's answers. No caller of the API is
// called so: in those names no slash follows another.
func askerOf(connection string) string { return "connection//" + connection }

// answered is what became of an event that has had its effect, nil for another.
func (p *Processor) answered(ctx context.Context, e store.InboxEvent) (*Outcome, error) {
	a, err := p.answer(ctx, e)
	if a == nil || err != nil {
		return nil, err
	}
	return &a.Outcome, nil
}

func (p *Processor) answer(ctx context.Context, e store.InboxEvent) (*answer, error) {
	known, err := p.Store.Answer(ctx, askerOf(e.Connection), e.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(known.Body, &a); err != nil {
		return nil, fmt.Errorf("answer of event %s: %w", e.ID, err)
	}
	return &a, nil
}

// commit hands the fields of an event to its record, with the event's answer in
// the same commit.
func (p *Processor) commit(ctx context.Context, j *job, t target) (*Outcome, error) {
	news, a, err := p.news(ctx, j, t)
	if err != nil {
		return nil, err
	}
	repeated := make(map[crdt.Path]bool)
	for path := range j.edits {
		if _, isNew := news[path]; !isNew {
			repeated[path] = true
		}
	}
	a.Outcome = Outcome{Result: Applied, Record: t.id.ClientID(), Object: j.key}
	if t.missing {
		a.Outcome.Result = Created
	}
	edit := conflicts.WebhookEdit{From: connection.Principal(j.event.Supplier, j.event.Connection), Event: j.event.ID, Fields: news}
	o, err := p.Hub.Webhook(ctx, t.id, edit, func(_ crdt.RecordID, o *conflicts.Outcome) *store.Answer {
		a.Outcome.tell(j.edits, repeated, o.Verdicts)
		return p.store(ctx, j.event, a)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, errDeleted(t.id)
	}
	if err != nil {
		if told, known := p.answered(ctx, j.event); told != nil && known == nil {
			return told, nil // another node was faster
		}
		return nil, hubFailed(err)
	}
	a.Outcome.tell(j.edits, repeated, o.Verdicts)
	return &a.Outcome, nil
}

// store is an answer as it is kept. Without one the commit must not be stored, but
// JSON of values that came as JSON can always be written.
func (p *Processor) store(ctx context.Context, e store.InboxEvent, a *answer) *store.Answer {
	body, err := json.Marshal(a)
	if err != nil {
		p.Log.ErrorContext(ctx, "answer of an event is not kept", "event", e.ID, "err", err)
		return nil
	}
	return &store.Answer{
		Principal: askerOf(e.Connection), Key: e.ID, Request: sha256.Sum256([]byte(e.ID)),
		Status: http.StatusOK, Body: body, At: p.Now(),
	}
}

// hubFailed is what a failure of the hub means.
func hubFailed(err error) error {
	var field *conflicts.FieldError
	switch {
	case errors.As(err, &field):
		return dead("the field %s cannot be set: it %s: correct the mapping of its connection and replay the event", field.Field, field.Reason)
	case errors.Is(err, conflicts.ErrFull):
		return dead("its client's record is full: nothing can be added to it")
	case errors.Is(err, crdt.ErrLimit), errors.Is(err, crdt.ErrInvalid):
		return dead("it says more than a record takes at once: edit its body and replay it")
	case errors.Is(err, hub.ErrForbidden), errors.Is(err, conflicts.ErrForbidden):
		return dead("its connection may not write: the hub's log says why")
	}
	return err
}

func editBy(e store.InboxEvent, fields map[crdt.Path]crdt.Value) conflicts.Edit {
	return conflicts.Edit{From: connection.Principal(e.Supplier, e.Connection), Fields: fields}
}

func isTaken(err error) bool { return errors.Is(err, hub.ErrTaken) }

func pathsOf(edits map[crdt.Path]crdt.Value) []crdt.Path { return slices.Sorted(maps.Keys(edits)) }
