package source

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"wedsync/store"
)

// maxAttachments is how many attachments of an item are named.
const maxAttachments = 100

// A Detail is what an item says beside its text. It is kept as JSON.
type Detail struct {
	// State is the provider's word for what became of a text message, of a call, or
	// of an event: "delivered", "no-answer", "tentative".
	State       string       `json:"state,omitempty"`
	Seconds     int          `json:"seconds,omitempty"` // that a call took
	Ends        time.Time    `json:"ends,omitzero"`     // of an event
	AllDay      bool         `json:"all_day,omitempty"` // an event whose time of day means nothing
	Location    string       `json:"location,omitempty"`
	Conference  string       `json:"conference,omitempty"` // URL at which an event takes place
	Channel     string       `json:"channel,omitempty"`    // of a text message: "whatsapp", empty for SMS
	Media       int          `json:"media,omitempty"`      // pictures and the like in a text message
	HTML        string       `json:"html,omitempty"`       // of a mail, safe to show
	Attachments []Attachment `json:"attachments,omitempty"`
}

// An Attachment is a file that came with a mail.
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int    `json:"size,omitempty"` // in bytes
}

// JSON is the detail as an item has it, within store.MaxItemBytes: markup that is
// too long is left out, as are attachments beyond a hundred.
func (d Detail) JSON() []byte {
	if len(d.Attachments) > maxAttachments {
		d.Attachments = d.Attachments[:maxAttachments]
	}
	data, err := json.Marshal(d)
	if err == nil && len(data) > store.MaxItemBytes {
		d.HTML = ""
		data, err = json.Marshal(d)
	}
	if err != nil || len(data) > store.MaxItemBytes {
		return nil // unheard of: all members are bounded by the providers
	}
	return data
}

// Clip is a text of at most so many bytes, cut between characters.
func Clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
