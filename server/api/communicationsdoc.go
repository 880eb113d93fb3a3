package api

import "net/http"

const communicationsTag = "Communications"

// A syncBody is what SyncCommunications reads.
type syncBody struct {
	ClientID string `json:"client_id" doc:"Whose timeline to answer with." example:"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"`
	Wait     string `json:"wait,omitempty" doc:"How long to wait for accounts, at most 25s, which it is if left out; 0 to ask them in the background." example:"10s"`
	Limit    uint64 `json:"limit,omitempty" maximum:"200" doc:"How many items to answer, at most 200; 50 if left out."`
}

// A linkBody is what LinkCommunication reads.
type linkBody struct {
	State string `json:"state" enum:"linked,unlinked" doc:"Whether it is about the client, or is not, whatever addresses say."`
}

// communicationParams are what communicationQuery reads.
var communicationParams = append([]Param{
	{Name: "kind", Says: "Kinds to answer, with commas between: email, sms, call, scheduled_call, meeting, message, note.", Example: "email,sms"},
	{Name: "direction", Says: "Those that this side began.", Enum: directions},
	{Name: "q", Says: "Words that all occur in subject, text, or a participant's name or address, each as the beginning of a word; case and accents do not matter.", Example: "peonies"},
	{Name: "from", Says: "Those of this time or later.", Example: "2027-06-01T00:00:00Z"},
	{Name: "to", Says: "Those of before this time.", Example: "2027-07-01T00:00:00Z"},
	{Name: "account", Says: "Those that an account has, by its id."},
}, pageQuery...)

// SyncCommunicationsDoc describes SyncCommunications.
var SyncCommunicationsDoc = Doc{
	ID: "syncCommunications", Tag: communicationsTag, Summary: "Bring all sources up to date and read a client's timeline", May: Readers,
	Detail: "It reads what is new in all accounts of the supplier, for at most 25 seconds; who asks meanwhile joins in. What is not ready then goes on in the " +
		"background, and its source has the state **reading**. How it gets on is told as events of the type `wedsync.communications.progress` while it does.\n\n" +
		"The answer names **every** source with its state. What a source lacks that is not up_to_date may be missing in the timeline.",
	Body:     syncBody{},
	Example:  `{"client_id": "01J0Q3Z9T5Q8B7V6N4M2K1H0GF"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: syncAnswer{}, Says: "The first page of the timeline, and how far every source is."}},
	Problems: []Kind{NotFound, Crowded},
}

// ListSourcesDoc describes ListSources.
var ListSourcesDoc = Doc{
	ID: "listSources", Tag: communicationsTag, Summary: "Read how far every source has been read", May: Readers,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[sourceItem]{}, Says: "All sources, on one page."}},
}

// ListCommunicationsDoc describes ListCommunications.
var ListCommunicationsDoc = Doc{
	ID: "listCommunications", Tag: communicationsTag, Summary: "Read a client's timeline", May: Readers,
	Detail: "What was found so far of mails, text messages, calls and meetings with anybody whose address or number is in this client's record and no other's, " +
		"of what people linked with it, and what was written in the app; the newest first, each once in however many accounts it is. " +
		"A page may be short although there is a next one. Texts are in the single item alone.",
	Query:   communicationParams,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[CommunicationRow]{}, Says: "A page of items."}},
}

// GetCommunicationDoc describes GetCommunication.
var GetCommunicationDoc = Doc{
	ID: "getCommunication", Tag: communicationsTag, Summary: "Read one item of a client's timeline", May: Readers,
	Detail:  "With its text, as far as an account that has it shows that.",
	Answers: []Answer{{Status: http.StatusOK, Body: communicationItem{}, Says: "The item."}},
}

// LinkCommunicationDoc describes LinkCommunication.
var LinkCommunicationDoc = Doc{
	ID: "linkCommunication", Tag: communicationsTag, Summary: "Say whether an item is about a client", May: People,
	Detail:  "It stays so, whatever is read later, and who listens is told. Sent again it changes nothing.",
	Body:    linkBody{},
	Example: `{"state": "linked"}`,
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is noted."}},
}

// ListUnmatchedDoc describes ListUnmatched.
var ListUnmatchedDoc = Doc{
	ID: "listUnmatched", Tag: communicationsTag, Summary: "Read what is in no client's timeline", May: People,
	Detail:  "The newest first, each with the clients whose it may be, for a person to link it with one. Nothing is linked by a guess.",
	Query:   communicationParams,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[unmatchedRow]{}, Says: "A page of items."}},
}

// WriteMessageDoc describes WriteMessage.
var WriteMessageDoc = Doc{
	ID: "writeMessage", Tag: communicationsTag, Summary: "Write a message about a client", May: Proposers, Key: MayKey,
	Detail:  "It is in the client's timeline at once, and who listens is told so. It is not sent to the client.",
	Body:    messageBody{},
	Example: `{"text": "Ada called: they would like peonies."}`,
	Answers: []Answer{{Status: http.StatusCreated, Body: communicationItem{}, Says: "The message."}},
}

// WriteNoteDoc describes WriteNote.
var WriteNoteDoc = Doc{
	ID: "writeNote", Tag: communicationsTag, Summary: "Note what took place with a client", May: Proposers, Key: MayKey,
	Body:    noteBody{},
	Example: `{"text": "Met Ada at the fair.", "occurred_at": "2027-06-12T14:30:00Z"}`,
	Answers: []Answer{{Status: http.StatusCreated, Body: communicationItem{}, Says: "The note."}},
}

// WriteCallDoc describes WriteCall.
var WriteCallDoc = Doc{
	ID: "writeCall", Tag: communicationsTag, Summary: "Enter a call with a client by hand", May: Proposers, Key: MayKey,
	Detail:  "For calls that went over no telephone that the hub knows.",
	Body:    callBody{},
	Example: `{"direction": "inbound", "occurred_at": "2027-06-12T14:30:00Z", "duration": "12m", "with": "+44 20 7946 0018", "note": "Wants peonies."}`,
	Answers: []Answer{{Status: http.StatusCreated, Body: communicationItem{}, Says: "The call."}},
}

// PushGoogleDoc describes the receiver of what Gmail says through Pub/Sub.
var PushGoogleDoc = Doc{
	ID: "pushGoogle", Tag: communicationsTag, Summary: "Hear that a mailbox at Gmail has changed", May: Public,
	Detail: "What a push subscription of the hub's topic is to send to, with a token for this URL: see --google-topic and --google-pusher. " +
		"The accounts with that mailbox are read soon; nothing else is kept.",
	Answers:  []Answer{{Status: http.StatusAccepted, Says: "It was heard."}},
	Problems: pushProblems,
}

// PushMicrosoftDoc describes the receiver of what Microsoft Graph says.
var PushMicrosoftDoc = Doc{
	ID: "pushMicrosoft", Tag: communicationsTag, Summary: "Hear that an account at Microsoft has changed", May: Public,
	Detail: "The hub has Microsoft Graph send here if it knows its own URL (--public-url). The account is read soon; nothing else is kept.",
	Answers: []Answer{
		{Status: http.StatusAccepted, Says: "It was heard."},
		{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Says: "The validation token of Microsoft Graph, which asks before it makes a subscription."},
	},
	Problems: pushProblems,
}

var pushProblems = []Kind{Malformed, Unsigned, TooLarge, Internal, Unavailable}
