package api

import "net/http"

const eventsTag = "Webhook events"

// An eventPatch is what PatchEvent reads.
type eventPatch struct {
	Version uint64 `json:"version" doc:"The version that was changed."`
	Body    string `json:"body" maxLength:"262144" doc:"The body as it should have been."`
}

// An assignBody is what AssignEvent reads.
type assignBody struct {
	Client     string `json:"client_id,omitempty" maxLength:"4096" doc:"The client whose it is."`
	Create     bool   `json:"create,omitempty" doc:"That it is a new client's."`
	Connection string `json:"connection_id,omitempty" maxLength:"4096" doc:"Of an unrouted event, or one whose connection is gone: the connection that is to have it."`
}

// A replayBody is what ReplayEvents reads.
type replayBody struct {
	Connection string `json:"connection_id,omitempty" maxLength:"4096" doc:"Those of this connection alone."`
	State      string `json:"state" enum:"dead,done,waiting" doc:"Those in this state."`
	From       string `json:"from,omitempty" maxLength:"4096" doc:"Those that were received then or later." example:"2027-06-12T00:00:00Z"`
	To         string `json:"to,omitempty" maxLength:"4096" doc:"Those that were received before." example:"2027-06-13T00:00:00Z"`
	Cursor     string `json:"cursor,omitempty" maxLength:"4096" doc:"The next of the answer before."`
}

// A tryBody is what TryConnection reads.
type tryBody struct {
	Payload any `json:"payload" doc:"The body of an event: JSON, or a text of what is no JSON. Of vsco the object as its API has it."`
	Mapping any `json:"mapping,omitempty" doc:"A mapping to try in place of the connection's."`
}

var eventFilter = []Param{
	{Name: "state", Says: "Only those in this state.", Enum: []string{"received", "waiting", "done", "dead", "unrouted"}},
	{Name: "type", Says: "Only those of this type."},
	{Name: "client_id", Says: "Only those of this client."},
	{Name: "from", Says: "Only those that were received then or later.", Example: "2027-06-12T00:00:00Z"},
	{Name: "to", Says: "Only those that were received before.", Example: "2027-06-13T00:00:00Z"},
	{Name: "sort", Says: "Which come first; the newest if left out.", Enum: []string{"newest", "oldest"}},
}

// ListEventsDoc describes ListEvents.
var ListEventsDoc = Doc{
	ID: "listEvents", Tag: eventsTag, Summary: "List events of webhooks", May: Deciders,
	Detail:  "Those that wait for a person are **waiting**, **dead** or **unrouted**.",
	Query:   append(append([]Param{{Name: "connection_id", Says: "Only those of this connection."}}, eventFilter...), pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: Page[EventItem]{}, Says: "A page of events."}},
}

// ListConnectionEventsDoc describes ListConnectionEvents.
var ListConnectionEventsDoc = Doc{
	ID: "listConnectionEvents", Tag: eventsTag, Summary: "List the events of one connection", May: Deciders,
	Query:   append(append([]Param{}, eventFilter...), pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: Page[EventItem]{}, Says: "A page of events."}},
}

// GetEventDoc describes GetEvent.
var GetEventDoc = Doc{
	ID: "getEvent", Tag: eventsTag, Summary: "Read one event", May: Deciders,
	Answers: []Answer{{Status: http.StatusOK, Body: wholeEvent{}, Says: "The event, with what it says and what became of it."}},
}

// PatchEventDoc describes PatchEvent.
var PatchEventDoc = Doc{
	ID: "patchEvent", Tag: eventsTag, Summary: "Edit an event that did not take effect", May: Deciders,
	Detail:   "It must be dead, waiting or unrouted, and is worked on when it is replayed.",
	Body:     eventPatch{},
	Example:  `{"version": 3, "body": "{\"client_data\": {\"id\": \"c-1\", \"name\": \"Ada\"}}"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: wholeEvent{}, Says: "The event."}},
	Problems: []Kind{EventMoved, EventState},
}

// ReplayEventDoc describes ReplayEvent.
var ReplayEventDoc = Doc{
	ID: "replayEvent", Tag: eventsTag, Summary: "Have an event worked on again", May: Deciders,
	Detail:   "However often it is replayed it has one effect, and ends alike. It needs no body.",
	Answers:  []Answer{{Status: http.StatusOK, Body: wholeEvent{}, Says: "The event, as received again."}},
	Problems: []Kind{EventMoved, EventState},
}

// ReplayEventsDoc describes ReplayEvents.
var ReplayEventsDoc = Doc{
	ID: "replayEvents", Tag: eventsTag, Summary: "Have many events worked on again", May: Deciders,
	Detail:  "In the order in which they came, at most a thousand at a time. Those that are not any more what was asked for are left out.",
	Body:    replayBody{},
	Example: `{"state": "dead", "from": "2027-06-12T00:00:00Z"}`,
	Answers: []Answer{{Status: http.StatusOK, Body: replayedRange{}, Says: "How many there are, and where to go on."}},
}

// AssignEventDoc describes AssignEvent.
var AssignEventDoc = Doc{
	ID: "assignEvent", Tag: eventsTag, Summary: "Say whose an event is", May: Deciders,
	Detail: "What the event is about is that client's from now on, and all that waits for this to be said is worked on. Said again it holds for later events; " +
		"what had its effect keeps it. With **connection_id** an event that nobody took is given to a connection.",
	Body:     assignBody{},
	Example:  `{"create": true}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: wholeEvent{}, Says: "The event, as received again."}},
	Problems: []Kind{EventMoved, EventState},
}

// TryConnectionDoc describes TryConnection.
var TryConnectionDoc = Doc{
	ID: "tryConnection", Tag: eventsTag, Summary: "See what an event would lead to", May: Deciders,
	Detail: "Nothing is changed. A mapping is a list of **rules**; each takes what stands at the first path of **from** that holds something, changes it in " +
		"the steps of **do**, and sets the field **to**. Steps are trim, text, date (format, zone), number and money (decimal), enum (values), split (separator, " +
		"item), join (separator), default and constant (value). What a step cannot read stays as it was written, and a person is asked.",
	Body:    tryBody{},
	Example: `{"payload": {"client_data": {"id": "c-1", "date": "12.06.2027"}}, "mapping": {"rules": [{"from": ["date"], "to": "wedding_date", "do": [{"do": "date", "format": "DD.MM.YYYY"}]}]}}`,
	Answers: []Answer{{Status: http.StatusOK, Body: trial{}, Says: "What it would lead to."}},
}
