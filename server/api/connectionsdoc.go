package api

import "net/http"

const connectionsTag = "Webhooks in"

// A pathsBody is where an event's body has what is needed.
type pathsBody struct {
	Event   string `json:"event,omitempty" maxLength:"512" doc:"The sender's id of the event."`
	Object  string `json:"object,omitempty" maxLength:"512" doc:"Its id of what the event is about." example:"data.client.id"`
	Type    string `json:"type,omitempty" maxLength:"512" doc:"What happened."`
	Version string `json:"version,omitempty" maxLength:"512" doc:"The object's version, such as when it was changed."`
	Data    string `json:"data,omitempty" maxLength:"512" doc:"The object itself; the whole body if it finds none."`
}

// A SettingsBody is what object.settings reads.
type SettingsBody struct {
	Name          string     `json:"name,omitempty" maxLength:"100" doc:"What people call the connection." example:"HoneyBook"`
	Paused        bool       `json:"paused,omitempty" doc:"Whether its sender is told 410, Gone, from now on."`
	CreateUnknown bool       `json:"create_unknown,omitempty" doc:"Whether events of clients that nobody knows create a record, in place of waiting for a person; a new connection's do unless this is false."`
	Sources       []string   `json:"sources,omitempty" maxItems:"20" doc:"client-integrations: what the member source of its events may be, * for anything."`
	Header        string     `json:"header,omitempty" maxLength:"512" doc:"timestamped, github, zapier: the header that has the signature or the secret."`
	Audience      string     `json:"audience,omitempty" maxLength:"512" doc:"gmail: the audience of the token that Pub/Sub sends."`
	Account       string     `json:"account,omitempty" maxLength:"512" doc:"gmail: the e-mail address of the service account that Pub/Sub sends as."`
	APIURL        string     `json:"api_url,omitempty" maxLength:"512" doc:"vsco: where its API is, if not at workspace.vsco.co."`
	APIKey        string     `json:"api_key,omitempty" maxLength:"512" doc:"vsco: a key for its API, which may read. It is not shown again."`
	Paths         *pathsBody `json:"paths,omitempty" doc:"Where the body has what is needed, if elsewhere than usual with the source: names of members with dots between them."`
	Mapping       any        `json:"mapping,omitempty" doc:"From the sender's fields to those of a record; null for what is usual with the source."`
}

// A connectionBody is what CreateConnection reads.
type connectionBody struct {
	Source string `json:"source" enum:"client-integrations,standard-webhooks,timestamped,github,twilio,gmail,microsoft-graph,vsco,zapier" doc:"The kind of sender. It never changes."`
	Secret string `json:"secret,omitempty" maxLength:"256" doc:"The sender's secret, where it makes one, such as Twilio's auth token; else one is made if this is left out."`
	SettingsBody
}

// A connectionPatch is what PatchConnection reads.
type connectionPatch struct {
	Version uint64 `json:"version,omitempty" doc:"The version that was changed; without it whatever is stored is changed."`
	SettingsBody
}

// A rotateBody is what RotateConnection reads.
type rotateBody struct {
	Secret  string `json:"secret,omitempty" maxLength:"256" doc:"The sender's new secret, where it makes one; else one is made if this is left out."`
	Overlap string `json:"overlap,omitempty" maxLength:"4096" doc:"How long the secret before stays in use beside it, at most 720h; 24h if left out, 0 to end it now." example:"24h"`
}

const sourcesDetail = "The source says how its events are signed, and where they have what is needed:\n\n" +
	"- **client-integrations** sends `{source, event_type, client_data}` with the hexadecimal HMAC-SHA256 of the body in `x-webhook-signature`;\n" +
	"- **standard-webhooks** signs by the Standard Webhooks specification, **timestamped** as Stripe does (`t=…,v1=…`), **github** as GitHub does (`sha256=…`);\n" +
	"- **twilio** signs with the account's auth token;\n" +
	"- **gmail** is a push subscription of Pub/Sub with authentication: name its **audience** and the e-mail address of its service **account**;\n" +
	"- **microsoft-graph**: make the subscription with the secret as its `clientState`;\n" +
	"- **vsco** (formerly Tave) signs nothing. Subscribe its REST hooks to the URL, with `&event=job.created` and so on; what it says is fetched from its API with **api_key**;\n" +
	"- **zapier** is for HoneyBook and others: have the Zap post JSON to the URL, with the secret in the header `X-WedSync-Secret`."

// ListConnectionsDoc describes ListConnections.
var ListConnectionsDoc = Doc{
	ID: "listConnections", Tag: connectionsTag, Summary: "List connections", May: Deciders,
	Query:   pageQuery,
	Answers: []Answer{{Status: http.StatusOK, Body: Page[connectionItem]{}, Says: "A page of connections, in the order in which they were made."}},
}

// CreateConnectionDoc describes CreateConnection.
var CreateConnectionDoc = Doc{
	ID: "createConnection", Tag: connectionsTag, Summary: "Make a connection", May: Deciders,
	Detail:   sourcesDetail + "\n\nSent again it makes another one.",
	Body:     connectionBody{},
	Example:  `{"source": "zapier", "name": "HoneyBook"}`,
	Answers:  []Answer{{Status: http.StatusCreated, Body: connectionItem{}, Says: "The connection, with its secret and its whole URL, which are shown this once."}},
	Problems: []Kind{TooMany},
}

// GetConnectionDoc describes GetConnection.
var GetConnectionDoc = Doc{
	ID: "getConnection", Tag: connectionsTag, Summary: "Read one connection", May: Deciders,
	Answers: []Answer{{Status: http.StatusOK, Body: connectionItem{}, Says: "The connection."}},
}

// PatchConnectionDoc describes PatchConnection.
var PatchConnectionDoc = Doc{
	ID: "patchConnection", Tag: connectionsTag, Summary: "Change a connection", May: Deciders,
	Detail:   "What is left out stays as it is; **paths** is replaced as a whole. It holds from the next event on, on every node.",
	Body:     connectionPatch{},
	Example:  `{"paused": true}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: connectionItem{}, Says: "The connection."}},
	Problems: []Kind{ConnectionMoved},
}

// DeleteConnectionDoc describes DeleteConnection.
var DeleteConnectionDoc = Doc{
	ID: "deleteConnection", Tag: connectionsTag, Summary: "Delete a connection", May: Deciders,
	Detail:  "Its sender is told from then on what a stranger is told. Its events stay, and what they wrote.",
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is gone."}},
}

// RotateConnectionDoc describes RotateConnection.
var RotateConnectionDoc = Doc{
	ID: "rotateConnection", Tag: connectionsTag, Summary: "Give a connection another secret", May: Deciders,
	Detail: "The secret before stays in use for the overlap, so that no event is lost while the sender changes over, and none older does. Where the URL " +
		"is secret, it changes too, and the one before works as long. Sent again it makes another.",
	Body:     rotateBody{},
	Example:  `{"overlap": "24h"}`,
	Answers:  []Answer{{Status: http.StatusOK, Body: connectionItem{}, Says: "The connection, with its new secret and whole URL, which are shown this once."}},
	Problems: []Kind{ConnectionMoved},
}

// ReceiveDoc describes the receiver of events that name their supplier.
var ReceiveDoc = Doc{
	ID: "receiveEvent", Tag: connectionsTag, Summary: "Take an event of a client integration", May: Public,
	Detail: "`{source, event_type, client_data}`, of which `client_data.supplier_id` names the supplier; one of its connections of the source client-integrations must " +
		"have signed the body by the hexadecimal HMAC-SHA256 in `x-webhook-signature`. At most 256 kB. Sent again it changes nothing. Whoever does not " +
		"show that the event is of a connection is told no more than that.",
	Answers:  []Answer{{Status: http.StatusAccepted, Says: "It is kept durably, and will be worked on."}},
	Problems: receiveProblems,
}

// ReceiveOfDoc describes the receiver of the events of one connection.
var ReceiveOfDoc = Doc{
	ID: "receiveEventOf", Tag: connectionsTag, Summary: "Take an event of a connection", May: Public,
	Detail: "As the connection's source signs it: see how one is made. At most 256 kB. Sent again it changes nothing.",
	Answers: []Answer{
		{Status: http.StatusAccepted, Says: "It is kept durably, and will be worked on."},
		{Status: http.StatusOK, Type: "text/xml; charset=utf-8", Says: "The same to Twilio: that there is nothing to say."},
		{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Says: "The validation token of Microsoft Graph, which asks before it makes a subscription."},
	},
	Problems: receiveProblems,
}

var receiveProblems = []Kind{Malformed, Unsigned, Paused, TooLarge, Internal, Unavailable}
