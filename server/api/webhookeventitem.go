package api

import (
	"encoding/json"
	"strings"
	"time"

	"wedsync/crdt"
	"wedsync/server/webhooks/processing"
	"wedsync/store"
)

// An EventItem is an event as owners see it in a list.
type EventItem struct {
	ID         string           `json:"id"`
	Connection *string          `json:"connection_id" doc:"Which connection it is of, null while nobody knows."`
	External   string           `json:"external_id" doc:"By which a repetition is known."`
	Subject    string           `json:"object_id" doc:"The sender's id of what it is about. Events of one take effect in the order in which they came."`
	Type       string           `json:"type" doc:"What happened, as the sender calls it."`
	State      store.InboxState `json:"state" enum:"received,waiting,done,dead,unrouted" doc:"How far it has come: it is worked on, waits for somebody to say whose it is, is done, failed for good, or is of nobody that is known."`
	Version    uint64           `json:"version" doc:"Rises with each change."`
	Attempts   int              `json:"attempts" doc:"How often it was begun."`
	Received   time.Time        `json:"received_at"`
	Due        *time.Time       `json:"due_at" doc:"When it is worked on, or again; null unless it is received."`
	Client     *string          `json:"client_id" doc:"Whose it is, null while nobody knows."`
	Error      string           `json:"error,omitempty" doc:"Why it failed, and what to do."`
}

// A wholeEvent is an event with what it says and what became of it.
type wholeEvent struct {
	EventItem
	Header  json.RawMessage `json:"header,omitempty" doc:"Headers that came with it."`
	Body    string          `json:"body,omitempty" doc:"Its body, as it came or was edited; a month after it was done it is forgotten."`
	Outcome *eventOutcome   `json:"outcome,omitempty" doc:"What became of it, if anything did and it is not forgotten."`
}

// An eventOutcome is what became of an event.
type eventOutcome struct {
	Result     string           `json:"result" enum:"applied,created,nothing,waiting" doc:"Its fields went to a client, or to one made of them; nothing was to be done; or somebody has to say whose it is."`
	Note       string           `json:"note,omitempty" doc:"Why, in words."`
	Object     string           `json:"object_id,omitempty" doc:"What it is about, as its connection knows it."`
	Fields     []eventField     `json:"fields" doc:"What became of each field that the mapping made something of."`
	Candidates []eventCandidate `json:"candidates,omitempty" doc:"Whose it may be."`
}

// An eventField is what became of one field.
type eventField struct {
	Field    crdt.Path `json:"field"`
	Value    any       `json:"value" doc:"As the mapping made it."`
	Outcome  string    `json:"outcome" enum:"written,repeated,accepted,diverted,rejected,no_change" doc:"Written or, if the connection said it before, left; of a critical field the verdict."`
	Reason   string    `json:"reason,omitempty"`
	Conflict string    `json:"conflict_id,omitempty" doc:"Where a person decides."`
}

// An eventCandidate is a client that an event may be about.
type eventCandidate struct {
	Client  string       `json:"client_id"`
	Name    string       `json:"client_name,omitempty"`
	Matches []eventMatch `json:"matches" doc:"The addresses and numbers that they share."`
}

// An eventMatch is an address or number that a client and an event share.
type eventMatch struct {
	Kind  store.ContactKind `json:"kind" enum:"email,phone"`
	Value string            `json:"value" doc:"As the client has it."`
	Same  bool              `json:"same" doc:"Else the same but for the code of a country."`
}

func showHookEvent(e store.InboxEvent) (EventItem, error) {
	item := EventItem{
		ID: e.ID, External: e.External, Subject: e.Subject, Type: e.Type, State: e.State, Version: e.Version,
		Attempts: e.Attempts, Received: e.Received, Error: e.Error,
	}
	if e.Connection != "" {
		item.Connection = &e.Connection
	}
	if e.State == store.EventReceived {
		item.Due = showTime(e.Due)
	}
	if e.Record != (crdt.RecordID{}) {
		client := e.Record.ClientID()
		item.Client = &client
	}
	return item, nil
}

func showWholeEvent(e store.InboxEvent) (wholeEvent, error) {
	item, err := showHookEvent(e)
	if err != nil {
		return wholeEvent{}, err
	}
	shown := wholeEvent{EventItem: item, Body: strings.ToValidUTF8(string(e.Body), "\ufffd")}
	if json.Valid(e.Header) {
		shown.Header = e.Header
	}
	o, err := processing.OutcomeOf(e)
	if err != nil || o == nil {
		return shown, err
	}
	shown.Outcome = &eventOutcome{
		Result: o.Result, Note: o.Note, Object: o.Object, Fields: []eventField{}, Candidates: showCandidates(o.Candidates),
	}
	for _, f := range o.Fields {
		shown.Outcome.Fields = append(shown.Outcome.Fields, eventField(f))
	}
	return shown, nil
}

func showCandidates(candidates []processing.Candidate) []eventCandidate {
	var all []eventCandidate
	for _, c := range candidates {
		shown := eventCandidate{Client: c.Record, Name: c.Name}
		for _, m := range c.Matches {
			shown.Matches = append(shown.Matches, eventMatch(m))
		}
		all = append(all, shown)
	}
	return all
}
