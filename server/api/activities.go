package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/activity"
	"wedsync/server/hub"
)

// A PostedActivity is an activity as its poster is told of it.
type PostedActivity struct {
	ClientID   string          `json:"client_id"`
	DocumentID string          `json:"document_id"`
	Kind       string          `json:"kind" doc:"The app's own word for it."`
	Text       string          `json:"text" doc:"For people."`
	Data       json.RawMessage `json:"data,omitempty" doc:"Any JSON of at most 16 kB."`
}

// A postedBody is what activityOf reads.
type postedBody struct {
	Kind string `json:"kind" maxLength:"64" doc:"The app's own word for it: letters and digits, with - _ or . between." example:"call"`
	Text string `json:"text" doc:"What happened, for people; at most 2 kB."`
	Data any    `json:"data,omitempty" doc:"Any JSON that could stand in a field, of at most 16 kB."`
}

// PostActivityDoc describes PostActivity.
var PostActivityDoc = Doc{
	ID: "postActivity", Tag: clientsTag, Summary: "Post an activity about a record", May: Proposers, Key: MayKey,
	Detail:  "It changes nothing of the record. Who listens is told of it, it stands among the record's activities, and it is erased with the record.",
	Body:    postedBody{},
	Example: `{"kind": "call", "text": "Called Ada about the menu", "data": {"minutes": 12}}`,
	Answers: []Answer{{Status: http.StatusCreated, Body: PostedActivity{}, Says: "What was posted."}},
}

// ListActivitiesDoc describes ListActivities.
var ListActivitiesDoc = Doc{
	ID: "listActivities", Tag: clientsTag, Summary: "Read the activities of a record", May: Readers,
	Detail: "The newest first, as CloudEvents: the same that /api/realtime/clients tells. What one person wrote on one device with less than a second between is one event. " +
		"A page may be short although there is a next one.",
	Query:   pageQuery,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[activity.Event]{}, Says: "A page of events."}},
}

// PostActivity answers POST /api/clients/{id}/activities with what was posted.
func (a *API) PostActivity(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	posted, err := activityOf(body)
	if err != nil {
		return err
	}
	c, err := newCommand(r, who, body)
	if err != nil {
		return err
	}
	c.do = func(answer hub.AnswerFunc) (crdt.RecordID, *conflicts.Outcome, error) {
		o, err := a.hub.Post(r.Context(), id, who, posted, answer)
		return id, o, err
	}
	c.tell = func(id crdt.RecordID, _ *conflicts.Outcome) (int, any) {
		return http.StatusCreated, PostedActivity{id.ClientID(), id.DocumentID(), posted.Kind, posted.Text, posted.Data}
	}
	answer, err := a.run(r.Context(), c)
	if err != nil {
		return err
	}
	send(w, answer.Status, "application/json", answer.Body)
	return nil
}

// activityOf reads an activity.
func activityOf(body []byte) (posted conflicts.Activity, err error) {
	o, err := parseObject(body)
	if err != nil {
		return posted, err
	}
	posted.Kind, posted.Text = o.text("kind"), o.text("text")
	data, _ := o.value("data")
	if err := o.end(); err != nil {
		return posted, err
	}
	if shown := data.JSON(); shown != nil {
		// Written anew, so that all who listen can read it.
		b, err := encode(shown)
		if err != nil {
			return posted, err
		}
		posted.Data = bytes.TrimSpace(b)
	}
	return posted, posted.Check()
}

// ListActivities answers GET /api/clients/{id}/activities: the record's events,
// the newest first, as the stream tells them.
func (a *API) ListActivities(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	id, err := recordOf(r)
	if err != nil {
		return err
	}
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	var before activity.Place
	if text := r.URL.Query().Get("cursor"); text != "" {
		var ok bool
		if before, ok = activity.ParsePlace(text); !ok {
			return malformed("cursor", "must be the next of an earlier page")
		}
	}
	if _, err := a.store.Summary(r.Context(), who.Supplier, id); err != nil {
		return err
	}
	events, next, err := activity.NewSource(a.epoch, who.Supplier).Page(r.Context(), a.store, who.Supplier, id, before, limit)
	if err != nil {
		return err
	}
	p := Page[activity.Event]{Items: append([]activity.Event{}, events...)}
	if next != nil {
		cursor := next.String()
		p.Next = &cursor
	}
	return reply(w, http.StatusOK, p)
}
