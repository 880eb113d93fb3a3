package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/breaker"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/mapping"
	"wedsync/server/webhooks/processing"
	"wedsync/store"
)

// An Inbox is the part of a [store.Store] in which events that came are read.
type Inbox interface {
	InboxEvent(ctx context.Context, supplier, id string) (store.InboxEvent, error)
	InboxEvents(ctx context.Context, supplier string, q store.InboxQuery) ([]store.InboxEvent, error)
	InboxCounts(ctx context.Context, supplier string) (map[string]map[store.InboxState]int, error)
}

// Events works on events that came. It is a [processing.Processor].
type Events interface {
	// Replay has an event worked on again, ReplayRange those that a range selects.
	Replay(ctx context.Context, supplier, id string) (store.InboxEvent, error)
	ReplayRange(ctx context.Context, supplier string, r processing.Range) (n int, next int64, err error)
	// Edit changes the body of an event that did not take effect.
	Edit(ctx context.Context, supplier, id string, version uint64, body []byte) (store.InboxEvent, error)
	// Route gives an event to a connection, Assign its object to a record, a new one
	// if the id is zero.
	Route(ctx context.Context, supplier, id, connection string) (store.InboxEvent, error)
	Assign(ctx context.Context, supplier, id string, record crdt.RecordID) (store.InboxEvent, error)
	// Try says what a payload would lead to.
	Try(ctx context.Context, c store.Connection, m mapping.Mapping, payload []byte) (*processing.Trial, error)
	// Breaker is how it stands with a connection's sender.
	Breaker(connection string) breaker.Breaker
}

var eventStates = []store.InboxState{store.EventReceived, store.EventWaiting, store.EventDone, store.EventDead, store.EventUnrouted}

// ListEvents answers GET /api/webhooks/events, the newest first unless it is asked
// otherwise.
func (a *API) ListEvents(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.listEvents(w, r, who, r.URL.Query().Get("connection_id"))
}

// ListConnectionEvents answers GET /api/webhooks/connections/{id}/events.
func (a *API) ListConnectionEvents(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	c, err := a.connectionOf(r, who)
	if err != nil {
		return err
	}
	return a.listEvents(w, r, who, c.ID)
}

func (a *API) listEvents(w http.ResponseWriter, r *http.Request, who conflicts.Principal, connection string) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	q, err := eventQuery(r.URL.Query())
	if err != nil {
		return err
	}
	q.Connection, q.Limit, q.Brief = connection, limit+1, true
	rows, err := a.inbox.InboxEvents(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	p, err := pageOf(rows, limit, func(e store.InboxEvent) string { return strconv.FormatInt(e.Number, 10) }, showHookEvent)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// eventQuery reads which events are asked for.
func eventQuery(values url.Values) (q store.InboxQuery, err error) {
	q.State, q.Type = store.InboxState(values.Get("state")), values.Get("type")
	if q.State != "" && !slices.Contains(eventStates, q.State) {
		return q, malformed("state", "must be received, waiting, done, dead or unrouted")
	}
	if client := values.Get("client_id"); client != "" {
		if q.Record, err = crdt.ParseRecordID(client); err != nil {
			return q, malformed("client_id", "must be a client id or a document id")
		}
	}
	if q.From, err = timeOf(values, "from"); err != nil {
		return q, err
	}
	if q.To, err = timeOf(values, "to"); err != nil {
		return q, err
	}
	switch values.Get("sort") {
	case "", "newest":
	case "oldest":
		q.Oldest = true
	default:
		return q, malformed("sort", "must be newest or oldest")
	}
	q.After, err = eventCursor(values.Get("cursor"))
	return q, err
}

// timeOf reads a time of a query, zero if it is not given.
func timeOf(values url.Values, name string) (time.Time, error) {
	t, rule := parseTime(values.Get(name))
	if rule != "" {
		return t, malformed(name, rule)
	}
	return t, nil
}

// parseTime reads a time, zero of an empty text, or says what it breaks.
func parseTime(text string) (t time.Time, rule string) {
	if text == "" {
		return t, ""
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, "must be a time such as 2027-06-12T14:30:00Z"
	}
	return t, ""
}

func eventCursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, malformed("cursor", "must be the next of an earlier page")
	}
	return n, nil
}

// GetEvent answers GET /api/webhooks/events/{id}.
func (a *API) GetEvent(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	e, err := a.inbox.InboxEvent(r.Context(), who.Supplier, r.PathValue("id"))
	return replyEvent(w, e, err)
}

// ReplayEvent answers POST /api/webhooks/events/{id}/replay.
func (a *API) ReplayEvent(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	e, err := a.events.Replay(r.Context(), who.Supplier, r.PathValue("id"))
	return replyEvent(w, e, err)
}

// PatchEvent answers PATCH /api/webhooks/events/{id}, which changes its body.
func (a *API) PatchEvent(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	version := o.count("version")
	event := o.longText("body", inbound.MaxBody)
	if err := o.end(); err != nil {
		return err
	}
	e, err := a.events.Edit(r.Context(), who.Supplier, r.PathValue("id"), version, []byte(event))
	return replyEvent(w, e, err)
}

// AssignEvent answers POST /api/webhooks/events/{id}/assign.
func (a *API) AssignEvent(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	client, connection, create := o.text("client_id"), o.text("connection_id"), false
	o.member("create", &create, "must be true or false")
	var record crdt.RecordID
	if client != "" {
		if record, err = crdt.ParseRecordID(client); err != nil {
			o.fault("client_id", "must be a client id or a document id")
		}
	}
	given := 0
	for _, g := range []bool{client != "", connection != "", create} {
		if g {
			given++
		}
	}
	if given != 1 {
		o.fault("client_id", "or connection_id or create is needed, and one of them alone")
	}
	if err := o.end(); err != nil {
		return err
	}
	id := r.PathValue("id")
	if connection != "" {
		e, err := a.events.Route(r.Context(), who.Supplier, id, strings.ToUpper(connection))
		return replyEvent(w, e, err)
	}
	e, err := a.events.Assign(r.Context(), who.Supplier, id, record)
	return replyEvent(w, e, err)
}

// A replayed range is what ReplayEvents answers.
type replayedRange struct {
	Replayed int     `json:"replayed" doc:"How many events are worked on again."`
	Next     *string `json:"next" doc:"The cursor to go on from if there may be more, null if there are none."`
}

// ReplayEvents answers POST /api/webhooks/events/replay.
func (a *API) ReplayEvents(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	selected := processing.Range{Connection: strings.ToUpper(o.text("connection_id")), State: store.InboxState(o.text("state"))}
	switch selected.State {
	case store.EventDead, store.EventDone, store.EventWaiting:
	default:
		o.fault("state", "must be dead, done or waiting")
	}
	selected.From, selected.To = o.moment("from"), o.moment("to")
	if selected.After, err = eventCursor(o.text("cursor")); err != nil {
		o.fault("cursor", "must be the next of an earlier answer")
	}
	if err := o.end(); err != nil {
		return err
	}
	n, next, err := a.events.ReplayRange(r.Context(), who.Supplier, selected)
	if err != nil {
		return err
	}
	answer := replayedRange{Replayed: n}
	if next != 0 {
		text := strconv.FormatInt(next, 10)
		answer.Next = &text
	}
	return reply(w, http.StatusOK, answer)
}

// replyEvent answers with an event.
func replyEvent(w http.ResponseWriter, e store.InboxEvent, err error) error {
	if errors.Is(err, store.ErrStale) {
		return errEventMoved
	}
	if err != nil {
		return err
	}
	shown, err := showWholeEvent(e)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shown)
}
