package processing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/mapping"
	"wedsync/store"
)

// What an event would do.
const (
	WouldEdit    = "edit"
	WouldCreate  = "create"
	WouldWait    = "wait"
	WouldNothing = "nothing"
)

// A Trial is what an event would lead to.
type Trial struct {
	Would      string
	Object     string // the sender's id, empty if the payload names none
	Record     string // the client that the object is bound to, empty if it is to none
	Candidates []Candidate
	Result     mapping.Result
}

// ErrPayload means a payload that the connection's source cannot read.
var ErrPayload = errors.New("cannot be read as an event of this connection")

// Try says what a payload of a connection's sender would lead to under a mapping,
// without doing it. Of a source whose objects are fetched the payload is the object.
func (p *Processor) Try(ctx context.Context, c store.Connection, m mapping.Mapping, payload []byte) (*Trial, error) {
	settings, err := connection.Of(c)
	if err != nil {
		return nil, err
	}
	j := &job{settings: settings, event: store.InboxEvent{Supplier: c.Supplier, Connection: c.ID, Body: payload, Received: p.Now()}, source: connection.Source(c.Source)}
	if j.source == connection.VSCO {
		d := json.NewDecoder(bytes.NewReader(payload))
		d.UseNumber()
		if err := d.Decode(&j.object.Data); err != nil || j.object.Data == nil {
			return nil, fmt.Errorf("%w: it must be a JSON object as the sender's API has it", ErrPayload)
		}
	} else if j.object, err = p.Objects.Object(ctx, c, j.event); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	t := &Trial{Object: j.object.ID, Result: m.Apply(j.object.Data)}
	j.edits = t.Result.Edits
	if t.Object != "" {
		id, err := p.Store.Identified(ctx, c.Supplier, c.ID, t.Object)
		if err == nil {
			t.Record, t.Would = id.ClientID(), WouldEdit
			return t, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	t.Candidates, err = p.candidates(ctx, c.Supplier, j.contacts())
	switch {
	case len(j.edits) == 0:
		t.Would = WouldNothing
	case len(t.Candidates) > 0 || !j.settings.CreateUnknown || !j.named():
		t.Would = WouldWait
	default:
		t.Would = WouldCreate
	}
	return t, err
}
