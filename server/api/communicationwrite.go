package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/server/communications/timeline"
	"wedsync/store"
)

// A messageBody is what WriteMessage reads.
type messageBody struct {
	Text string `json:"text" doc:"At most 16 kB."`
}

// A noteBody is what WriteNote reads.
type noteBody struct {
	Text       string `json:"text" doc:"At most 16 kB."`
	OccurredAt string `json:"occurred_at,omitempty" doc:"When it took place; now if left out." example:"2027-06-12T14:30:00Z"`
}

// A callBody is what WriteCall reads.
type callBody struct {
	Direction  string `json:"direction" enum:"inbound,outbound" doc:"Who called whom: inbound if the client did."`
	OccurredAt string `json:"occurred_at,omitempty" doc:"When it began; now if left out." example:"2027-06-12T14:30:00Z"`
	Duration   string `json:"duration,omitempty" doc:"How long it took, at most 24h." example:"12m"`
	With       string `json:"with" maxLength:"256" doc:"Whom it was with: a phone number or a name."`
	Note       string `json:"note,omitempty" doc:"What was said; at most 16 kB."`
}

// WriteMessage answers POST /api/clients/{id}/messages.
func (a *API) WriteMessage(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.write(w, r, who, func(o *object) timeline.Entry {
		return timeline.Entry{Kind: timeline.Message, Text: o.longText("text", timeline.MaxText)}
	})
}

// WriteNote answers POST /api/clients/{id}/notes.
func (a *API) WriteNote(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.write(w, r, who, func(o *object) timeline.Entry {
		return timeline.Entry{Kind: timeline.Note, Text: o.longText("text", timeline.MaxText), At: o.moment("occurred_at")}
	})
}

// WriteCall answers POST /api/clients/{id}/calls.
func (a *API) WriteCall(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.write(w, r, who, func(o *object) timeline.Entry {
		e := timeline.Entry{
			Kind: timeline.Call, Direction: store.Direction(o.text("direction")), At: o.moment("occurred_at"), With: o.text("with"),
		}
		e.Text = o.longTextIfAny("note", timeline.MaxText)
		if seconds := o.span("duration"); seconds != nil {
			e.Duration = time.Duration(min(*seconds, uint64(2*timeline.MaxDuration/time.Second))) * time.Second
		}
		return e
	})
}

// write has a person's entry written, and answers with it.
func (a *API) write(w http.ResponseWriter, r *http.Request, who conflicts.Principal, read func(*object) timeline.Entry) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	o, err := parseObject(body)
	if err != nil {
		return err
	}
	e := read(o)
	if err := o.end(); err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	if e.Key, e.Request = c.key, c.hash; e.Key != "" {
		if !a.inFlight.begin(c) {
			return errKeyBusy
		}
		defer a.inFlight.end(c)
	}
	it, err := a.timeline.Write(r.Context(), who, id, e)
	if err != nil {
		return err
	}
	return a.replyWithCommunication(w, r, who, id, http.StatusCreated, it.ID)
}
