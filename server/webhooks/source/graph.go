package source

import (
	"cmp"
	"encoding/json"
	"strings"

	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// A notification is one of those that Microsoft Graph sends together. It has
// either a change of a resource or an event in the life of its subscription.
type notification struct {
	Subscription string `json:"subscriptionId"`
	Change       string `json:"changeType"`
	Lifecycle    string `json:"lifecycleEvent"`
	Resource     string `json:"resource"`
	Data         struct {
		ID   string `json:"id"`
		ETag string `json:"@odata.etag"`
		Type string `json:"@odata.type"`
	} `json:"resourceData"`
}

// graphEvents are the notifications of a request, each an event with its part of
// the body, without the client state.
func graphEvents(r signature.Request) []Event {
	var said struct {
		Value []map[string]json.RawMessage `json:"value"`
	}
	if json.Unmarshal(r.Body, &said) != nil || len(said.Value) == 0 {
		return []Event{unnamed(r, r.Body)}
	}
	events := make([]Event, 0, len(said.Value))
	for _, one := range said.Value {
		delete(one, "clientState")
		body, err := json.Marshal(one)
		if err != nil {
			body = []byte("{}") // what was decoded can be encoded
		}
		events = append(events, graphEvent(r, body))
	}
	return events
}

func unnamed(r signature.Request, body []byte) Event { return said{}.of(r, body) }

func graphEvent(r signature.Request, body []byte) Event {
	var n notification
	if json.Unmarshal(body, &n) != nil {
		return unnamed(r, body)
	}
	if n.Lifecycle != "" {
		return said{object: "subscription " + n.Subscription, kind: "lifecycle." + n.Lifecycle}.of(r, body)
	}
	e := said{object: cmp.Or(n.Resource, n.Data.ID), kind: n.Change}
	if n.Data.ETag != "" {
		e.event = strings.Join([]string{n.Subscription, n.Change, n.Resource, n.Data.ETag}, " ")
	}
	return e.of(r, body)
}

// graphObject is the resource of a notification, or the subscription whose life
// it tells of.
func graphObject(e store.InboxEvent) (Object, error) {
	data, err := decode(e.Body)
	if err != nil {
		return Object{}, err
	}
	var n notification
	if json.Unmarshal(e.Body, &n) != nil {
		return Object{}, unreadable("the body is no notification")
	}
	if n.Lifecycle != "" {
		return Object{ID: bounded(n.Subscription), Type: "subscription", Version: n.Lifecycle, Data: data}, nil
	}
	return Object{
		ID: bounded(cmp.Or(n.Resource, n.Data.ID)), Type: strings.ToLower(strings.TrimPrefix(n.Data.Type, "#Microsoft.Graph.")),
		Version: n.Data.ETag, Data: data,
	}, nil
}

// Told is what notifications of Microsoft Graph say together: whether something may
// have changed, and whether a subscription ends or has ended.
func Told(body []byte) (changed, ends bool) {
	var said struct {
		Value []notification `json:"value"`
	}
	if json.Unmarshal(body, &said) != nil {
		return true, false // it may have
	}
	for _, n := range said.Value {
		switch n.Lifecycle {
		case "reauthorizationRequired":
			ends = true
		case "subscriptionRemoved":
			changed, ends = true, true
		default: // among others that some were missed
			changed = true
		}
	}
	return changed, ends
}
