package source

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/signature"
)

const (
	// sameFor is how long equal bodies without an id are one event: senders try
	// again within it, and a value that was changed back is told after it.
	sameFor = time.Hour
	// maxKey bounds the bytes of ids; of longer ones the hash is kept.
	maxKey = 200
	// maxType bounds the bytes of a type; of a longer one the beginning is kept.
	maxType = 100
)

// An Event is one that a request tells of.
type Event struct {
	External string // never empty
	Subject  string // never empty: External if the event names no object
	Type     string // may be empty
	Body     []byte
	Unrouted bool // nobody said what to do with what it is from
}

// Events are what a request of a source tells of, at least one. What the request
// says is taken from what was verified of it. Whatever cannot be read is an event
// without a type, which its Object tells of.
func Events(src connection.Source, s connection.Settings, r signature.Request, signed signature.Signed) []Event {
	switch src {
	case connection.Twilio:
		return []Event{twilioEvent(r)}
	case connection.Gmail:
		return []Event{gmailEvent(r)}
	case connection.Graph:
		return graphEvents(r)
	case connection.VSCO:
		return []Event{vscoEvent(r)}
	}
	return []Event{jsonEvent(src, s, r, signed)}
}

// A said is what a sender says of an event; any of it may be empty.
type said struct{ event, object, kind, version string }

// event makes an event of what its sender says.
func (s said) of(r signature.Request, body []byte) Event {
	e := Event{Type: strings.ToValidUTF8(s.kind[:min(len(s.kind), maxType)], ""), Body: body}
	switch {
	case s.event != "":
		e.External = "event " + s.event
	case s.object != "" && s.version != "":
		e.External = fmt.Sprintf("object %q %q %q", s.kind, s.object, s.version)
	default:
		sum := sha256.Sum256(body)
		e.External = fmt.Sprintf("body %d %x", r.Now.Unix()/int64(sameFor/time.Second), sum[:16])
	}
	e.External = bounded(e.External)
	e.Subject = bounded(s.object)
	if e.Subject == "" {
		e.Subject = e.External
	}
	return e
}

// bounded is a key, or its hash if it is long or no text.
func bounded(key string) string {
	if len(key) <= maxKey && strings.ToValidUTF8(key, "") == key && !strings.ContainsRune(key, 0) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "hash " + hex.EncodeToString(sum[:16])
}
