package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// jsonEvent is what a body says at the paths of a connection.
func jsonEvent(src connection.Source, s connection.Settings, r signature.Request, signed signature.Signed) Event {
	body, err := decode(r.Body)
	if err != nil {
		return said{event: signed.ID}.of(r, r.Body)
	}
	p := s.Paths(src)
	told := said{
		event: text(at(body, p.Event)), object: text(at(body, p.Object)),
		kind: text(at(body, p.Type)), version: text(at(body, p.Version)),
	}
	if signed.ID != "" {
		told.event = signed.ID
	}
	if src == connection.GitHub {
		told = told.byHeaders(r)
	}
	e := told.of(r, r.Body)
	if src == connection.ClientIntegrations {
		from := text(at(body, "source"))
		e.Unrouted = !slices.Contains(s.Params.Sources, "*") && !slices.Contains(s.Params.Sources, from)
	}
	return e
}

// byHeaders adds what GitHub says in headers. They are not signed: an id there
// does not make an event of an object's version another one.
func (s said) byHeaders(r signature.Request) said {
	if s.kind == "" {
		s.kind = header(r, "X-Github-Event")
	}
	if s.event == "" && (s.object == "" || s.version == "") {
		s.event = header(r, "X-Github-Delivery")
	}
	return s
}

func header(r signature.Request, name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// jsonObject is the object in a body.
func jsonObject(src connection.Source, s connection.Settings, e store.InboxEvent) (Object, error) {
	body, err := decode(e.Body)
	if err != nil {
		return Object{}, err
	}
	p := s.Paths(src)
	data, ok := at(body, p.Data).(map[string]any)
	if !ok {
		data = body
	}
	return Object{
		ID: bounded(text(at(body, p.Object))), Type: e.Type, Version: text(at(body, p.Version)),
		Contacts: contacts(data), Data: data,
	}, nil
}

// decode reads a body that must be one JSON object. Numbers stay as they are.
func decode(body []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || object == nil {
		return nil, unreadable("the body is no JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable("the body goes on after its JSON object")
	}
	return object, nil
}

// at is what a path leads to, nil if it leads to nothing.
func at(value any, path string) any {
	if path == "" {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// text is a value as an id, empty if it is none.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// contacts are those of an object.
func contacts(data map[string]any) []store.Contact {
	b, err := json.Marshal(data)
	if err != nil {
		return nil // what was decoded can be encoded
	}
	return store.ContactsIn(b)
}
