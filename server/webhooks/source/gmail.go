package source

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// A push is a message that Pub/Sub pushes.
type push struct {
	Message struct {
		Data      string `json:"data"`
		MessageID string `json:"messageId"`
	} `json:"message"`
	Subscription string `json:"subscription"`
}

// A mailbox is what Gmail says: which mailbox has changed, and how far it is.
type mailbox struct {
	EMail   string      `json:"emailAddress"`
	History json.Number `json:"historyId"`
}

func parsePush(body []byte) (p push, m mailbox, err error) {
	if json.Unmarshal(body, &p) != nil || p.Message.MessageID == "" {
		return push{}, mailbox{}, unreadable("the body is no message of Pub/Sub")
	}
	// Gmail writes base64url, Pub/Sub's own tools the other kind.
	text := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(p.Message.Data)
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &m) != nil || m.EMail == "" {
		return p, mailbox{}, unreadable("the message does not say which mailbox has changed")
	}
	return p, m, nil
}

func gmailEvent(r signature.Request) Event {
	p, m, err := parsePush(r.Body)
	if err != nil {
		return said{}.of(r, r.Body)
	}
	return said{event: p.Subscription + " " + p.Message.MessageID, object: m.EMail, kind: "mailbox.changed"}.of(r, r.Body)
}

// gmailObject is the mailbox that has changed. It belongs to the supplier, so
// that its address is no client's.
func gmailObject(e store.InboxEvent) (Object, error) {
	_, m, err := parsePush(e.Body)
	if err != nil {
		return Object{}, err
	}
	return Object{
		ID: bounded(m.EMail), Type: "mailbox", Version: m.History.String(),
		Data: map[string]any{"email_address": m.EMail, "history_id": m.History.String()},
	}, nil
}

// Mailbox is the address of the mailbox that has changed, as Gmail says through
// Pub/Sub. An error wraps ErrUnreadable.
func Mailbox(body []byte) (address string, err error) {
	_, m, err := parsePush(body)
	return bounded(m.EMail), err
}
