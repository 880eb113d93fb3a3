package sending

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/accepted"
	"wedsync/server/activity"
)

// An Event is what a receiver is sent: an event of the activity stream, with what
// counts of the client.
type Event struct {
	activity.Event
	Data Data `json:"data"`
}

// Data is that of the activity stream, and the client.
type Data struct {
	activity.Data
	Client *Client `json:"client,omitempty" doc:"What counts of the client when the event is made; left out if it is deleted, or nothing of it changed."`
}

// A Client is what counts of the fields that an event is about.
type Client struct {
	Fields    map[string]any       `json:"fields" doc:"Accepted values, never proposed ones. A field that is cleared is absent."`
	Pending   map[crdt.Path]string `json:"pending" doc:"Conflicts that wait for a decision, by critical field."`
	Revision  uint64               `json:"revision" doc:"How many decisions were made about critical fields."`
	Revisions map[crdt.Path]uint64 `json:"revisions" doc:"How many of them were about each critical field."`
	LeftOut   bool                 `json:"fields_left_out,omitempty" doc:"Whether the fields are too large to be sent: read the client."`
}

// ID names an event in the deliveries of whatever endpoint: as the activity stream
// does, but for what means something in URLs and to Standard Webhooks.
func ID(e *activity.Event) string {
	return strings.NewReplacer(":", "-", "/", "-", ".", "-").Replace(e.ID)
}

// Compose makes an event of the activity stream one that is sent, under an id.
// The client is what counts of it now, nil if there is nothing to know.
func Compose(e activity.Event, id string, client *Client) *Event {
	e.ID = id
	composed := &Event{Event: e, Data: Data{Data: e.Data}}
	if about := fieldsOf(&e); client != nil && about.any() {
		composed.Data.Client = client.only(about)
	}
	return composed
}

// Encode is the event as JSON on one line. One that is longer than MaxEvent is
// without the fields.
func (e *Event) Encode() []byte {
	b := e.encode()
	if c := e.Data.Client; len(b) > MaxEvent && c != nil {
		bare := *c
		bare.Fields, bare.LeftOut = map[string]any{}, true
		short := *e
		short.Data.Client = &bare
		b = short.encode()
	}
	return b
}

func (e *Event) encode() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic(fmt.Sprintf("sending: event %s: %v", e.ID, err)) // it holds nothing that JSON cannot, and raw JSON was checked
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// A selection is the root keys that an event is about.
type selection struct {
	all  bool
	keys []string
}

func (s selection) any() bool { return s.all || len(s.keys) > 0 }

func (s selection) has(p crdt.Path) bool { return s.all || slices.Contains(s.keys, p.Keys()[0]) }

// fieldsOf are the fields that an event is about.
func fieldsOf(e *activity.Event) selection {
	d := &e.Data
	switch e.Type {
	case activity.ClientCreated, activity.ClientRestored, activity.ClientRecovered:
		return selection{all: true}
	}
	s := selection{all: slices.Contains(d.Fields, conflicts.ChangedMore), keys: slices.Clone(d.Fields)}
	add := func(path string) {
		if path != "" {
			s.keys = append(s.keys, crdt.Path(path).Keys()[0])
		}
	}
	if d.Verdict != nil {
		add(d.Verdict.Field)
	}
	if d.Conflict != nil {
		add(d.Conflict.Field)
	}
	if d.Merged != nil {
		s.keys = append(s.keys, d.Merged.Field)
	}
	return s
}

// clientOf is all that counts of a record.
func clientOf(r *accepted.Record) *Client {
	c := &Client{
		Fields: r.Fields, Pending: r.Ledger.Pending, Revision: r.Ledger.Revision,
		Revisions: make(map[crdt.Path]uint64, len(r.Ledger.Accepted)),
	}
	for path, v := range r.Ledger.Accepted {
		c.Revisions[path] = v.Revision
	}
	return c
}

// only is the part of the client that a selection selects.
func (c *Client) only(s selection) *Client {
	part := &Client{
		Fields: make(map[string]any), Pending: make(map[crdt.Path]string), Revision: c.Revision, Revisions: make(map[crdt.Path]uint64),
	}
	for key, v := range c.Fields {
		if s.all || slices.Contains(s.keys, key) {
			part.Fields[key] = v
		}
	}
	for path, id := range c.Pending {
		if s.has(path) {
			part.Pending[path] = id
		}
	}
	for path, n := range c.Revisions {
		if s.has(path) {
			part.Revisions[path] = n
		}
	}
	return part
}

// sent are the revisions of critical fields whose values are in an encoded event.
func sent(body []byte) (map[crdt.Path]uint64, error) {
	var e struct {
		Data struct {
			Client struct {
				LeftOut   bool                 `json:"fields_left_out"`
				Revisions map[crdt.Path]uint64 `json:"revisions"`
			} `json:"client"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	revisions := e.Data.Client.Revisions
	for path, n := range revisions {
		if n == 0 || e.Data.Client.LeftOut {
			delete(revisions, path)
		}
	}
	return revisions, nil
}
