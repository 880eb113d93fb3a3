package connection

import "slices"

// A Source is a kind of sender.
type Source string

// The sources.
const (
	// ClientIntegrations sends {source, event_type, client_data}, signed by the
	// hexadecimal HMAC-SHA256 of the body in X-Webhook-Signature.
	ClientIntegrations Source = "client-integrations"
	// StandardWebhooks signs by the specification of that name.
	StandardWebhooks Source = "standard-webhooks"
	// Timestamped signs a time and the body, as Stripe does.
	Timestamped Source = "timestamped"
	// GitHub signs the body, as GitHub does.
	GitHub Source = "github"
	// Twilio tells of messages and calls.
	Twilio Source = "twilio"
	// Gmail tells through Pub/Sub that a mailbox has changed.
	Gmail Source = "gmail"
	// Graph is Microsoft Graph, which tells what has changed.
	Graph Source = "microsoft-graph"
	// VSCO is VSCO Workspace, formerly Tave. It signs nothing, so that what it
	// says is read from its API again.
	VSCO Source = "vsco"
	// Zapier posts what a Zap is told by HoneyBook or others.
	Zapier Source = "zapier"
)

// Sources are all kinds of senders.
var Sources = []Source{ClientIntegrations, StandardWebhooks, Timestamped, GitHub, Twilio, Gmail, Graph, VSCO, Zapier}

// Known reports whether there is such a source.
func (s Source) Known() bool { return slices.Contains(Sources, s) }

// HasSecret reports whether the hub and the sender share a secret.
func (s Source) HasSecret() bool { return s != Gmail }

// MakesSecret reports whether the sender makes the secret, so that the hub has to
// be told.
func (s Source) MakesSecret() bool { return s == Timestamped || s == Twilio }

// SecretURL reports whether the sender's URL has a token in it.
func (s Source) SecretURL() bool { return s == VSCO || s == Zapier }

// HasHeader reports whether the header that has the signature or the secret can
// be named.
func (s Source) HasHeader() bool { return s == Timestamped || s == GitHub || s == Zapier }

// HasPaths reports whether the body is JSON of a shape that senders choose, in
// which Paths find what is needed.
func (s Source) HasPaths() bool {
	return slices.Contains([]Source{ClientIntegrations, StandardWebhooks, Timestamped, GitHub, Zapier}, s)
}

// Header is the header of the signature or the secret unless another is named.
func (s Source) Header() string {
	switch s {
	case Timestamped:
		return "Stripe-Signature"
	case GitHub:
		return "X-Hub-Signature-256"
	case Zapier:
		return "X-WedSync-Secret"
	}
	return ""
}

// Paths lead to what is needed of a JSON body: names of members with dots between
// them. What one does not find is not there.
type Paths struct {
	Event   string `json:"event,omitempty"`   // the sender's id of the event
	Object  string `json:"object,omitempty"`  // its id of what the event is about
	Type    string `json:"type,omitempty"`    // what happened
	Version string `json:"version,omitempty"` // of the object
	Data    string `json:"data,omitempty"`    // the object itself; all of the body if it finds none
}

// Paths are where the source has things unless it is said otherwise.
func (s Source) Paths() Paths {
	switch s {
	case ClientIntegrations:
		return Paths{Event: "event_id", Object: "client_data.id", Type: "event_type", Version: "client_data.updated_at", Data: "client_data"}
	case StandardWebhooks:
		return Paths{Object: "data.id", Type: "type", Version: "data.updated_at", Data: "data"}
	case Timestamped:
		return Paths{Event: "id", Object: "data.object.id", Type: "type", Version: "created", Data: "data.object"}
	case GitHub, Zapier:
		return Paths{Event: "event_id", Object: "id", Type: "type", Version: "updated_at"}
	}
	return Paths{}
}
