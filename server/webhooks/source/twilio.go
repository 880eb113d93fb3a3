package source

import (
	"cmp"
	"net/url"
	"strings"

	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// twilioEvent is what a callback says: that a message or a call has a state.
func twilioEvent(r signature.Request) Event {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return said{}.of(r, r.Body)
	}
	id, kind, state := twilioState(form)
	if id == "" {
		return said{}.of(r, r.Body)
	}
	return said{
		event:  strings.Join([]string{id, kind, state, form.Get("SequenceNumber")}, " "),
		object: id, kind: kind + "." + cmp.Or(state, "received"),
	}.of(r, r.Body)
}

// twilioState is the id of what a form is about, its kind and its state.
func twilioState(form url.Values) (id, kind, state string) {
	if id := form.Get("CallSid"); id != "" {
		return id, "call", form.Get("CallStatus")
	}
	return cmp.Or(form.Get("MessageSid"), form.Get("SmsSid")), "message", cmp.Or(form.Get("MessageStatus"), form.Get("SmsStatus"))
}

// twilioObject is the message or call of a callback. Its contact is the client's
// side of it.
func twilioObject(e store.InboxEvent) (Object, error) {
	form, err := url.ParseQuery(string(e.Body))
	if err != nil {
		return Object{}, unreadable("the body is no form")
	}
	id, kind, state := twilioState(form)
	if id == "" {
		return Object{}, unreadable("the form names neither a message nor a call")
	}
	o := Object{ID: bounded(id), Type: kind, Version: state, Data: make(map[string]any, len(form))}
	for name, values := range form {
		o.Data[name] = values[0]
	}
	// A message that says no direction came in; a call says one.
	ours, theirs := form.Get("To"), form.Get("From")
	if strings.HasPrefix(form.Get("Direction"), "outbound") || kind == "message" && form.Get("MessageStatus") != "" {
		ours, theirs = theirs, ours
	}
	o.Data["client"], o.Data["number"] = theirs, ours
	if number := store.NormalPhone(strings.TrimPrefix(theirs, "whatsapp:")); number != "" {
		o.Contacts = []store.Contact{{Kind: store.Phone, Value: number}}
	}
	return o, nil
}
