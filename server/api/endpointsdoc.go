package api

import "net/http"

const endpointsTag = "Webhooks out"

// An endpointBody is what CreateEndpoint reads.
type endpointBody struct {
	URL string `json:"url" maxLength:"2048" doc:"Where events are posted: https, and nowhere that only the hub can reach." example:"https://app.example.com/wedsync"`
	EndpointChange
}

// An endpointPatch is what PatchEndpoint reads.
type endpointPatch struct {
	URL string `json:"url,omitempty" maxLength:"2048" doc:"Where events are posted: https, and nowhere that only the hub can reach."`
	EndpointChange
}

// An EndpointChange is what both read besides.
type EndpointChange struct {
	Description string   `json:"description,omitempty" maxLength:"200" doc:"What people call it." example:"The studio's calendar"`
	Events      []string `json:"events,omitempty" maxItems:"50" doc:"Types of events, or families like wedsync.client.*; all if empty."`
	Connection  string   `json:"connection,omitempty" doc:"The connection through which the same CRM speaks: its echoes are known then, and it is not told what it said itself."`
	Status      string   `json:"status,omitempty" enum:"active,paused" doc:"Whether events are sent. Active ends a pause, and brings a disabled endpoint back; either way nothing is left out."`
}

const endpointsDetail = "Receivers get each event as a POST whose body is a CloudEvent as /api/realtime/clients tells it, with what counts of the client in **data.client**: " +
	"the accepted values of the fields that the event is about, the revisions of critical ones, and their pending conflicts; never a value that waits for a decision.\n\n" +
	"Requests are signed as Standard Webhooks says: **webhook-id** names the event, the same each time it is sent; **webhook-signature** has `v1,` and the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY` " +
	"with the key after `whsec_`, once for each secret that signs. Answer 2xx within 15 seconds; do the work later. Anything else, redirects too, is tried again over 24 hours, and then given up; `Retry-After` is kept to, " +
	"410 disables the endpoint. Events of one client come in their order: a later one waits for the one before. An event comes once, and again only where the answer was lost: know it by its id."

// ListEndpointsDoc describes ListEndpoints.
var ListEndpointsDoc = Doc{
	ID: "listEndpoints", Tag: endpointsTag, Summary: "List endpoints", May: Deciders,
	Detail:  "All of them: there are at most 50.",
	Answers: []Answer{{Status: http.StatusOK, Body: Page[endpointItem]{}, Says: "The endpoints."}},
}

// CreateEndpointDoc describes CreateEndpoint.
var CreateEndpointDoc = Doc{
	ID: "createEndpoint", Tag: endpointsTag, Summary: "Make an endpoint", May: Deciders,
	Detail:   endpointsDetail + "\n\nIt is told of what happens from now on. Sent again this makes another one.",
	Body:     endpointBody{},
	Example:  `{"url": "https://app.example.com/wedsync", "events": ["wedsync.client.*"]}`,
	Answers:  []Answer{{Status: http.StatusCreated, Body: endpointItem{}, Says: "The endpoint, with its secret, which is shown this once."}},
	Problems: []Kind{TooMany},
}

// GetEndpointDoc describes GetEndpoint.
var GetEndpointDoc = Doc{
	ID: "getEndpoint", Tag: endpointsTag, Summary: "Read one endpoint", May: Deciders,
	Answers: []Answer{{Status: http.StatusOK, Body: endpointItem{}, Says: "The endpoint."}},
}

// PatchEndpointDoc describes PatchEndpoint.
var PatchEndpointDoc = Doc{
	ID: "patchEndpoint", Tag: endpointsTag, Summary: "Change an endpoint", May: Deciders,
	Detail:  "Members that are left out stay as they are. What waits to be sent goes to the new URL.",
	Body:    endpointPatch{},
	Example: `{"status": "active"}`,
	Answers: []Answer{{Status: http.StatusOK, Body: endpointItem{}, Says: "The endpoint."}},
}

// DeleteEndpointDoc describes DeleteEndpoint.
var DeleteEndpointDoc = Doc{
	ID: "deleteEndpoint", Tag: endpointsTag, Summary: "Delete an endpoint and its deliveries", May: Deciders,
	Answers: []Answer{{Status: http.StatusNoContent, Says: "It is gone, and what waited to be sent to it."}},
}

// RotateEndpointDoc describes RotateEndpoint.
var RotateEndpointDoc = Doc{
	ID: "rotateEndpoint", Tag: endpointsTag, Summary: "Give an endpoint another secret", May: Deciders,
	Detail:  "For 24 hours the secret before signs too. One before that does not any more.",
	Answers: []Answer{{Status: http.StatusOK, Body: endpointItem{}, Says: "The endpoint, with its new secret, which is shown this once."}},
}

// TestEndpointDoc describes TestEndpoint.
var TestEndpointDoc = Doc{
	ID: "testEndpoint", Tag: endpointsTag, Summary: "Send an endpoint a test", May: Deciders,
	Detail:   "An event of the type wedsync.ping is sent once, also if the endpoint is paused or disabled or does not want the type; **log** says what its receiver answered.",
	Answers:  []Answer{{Status: http.StatusOK, Body: deliveryItem{}, Says: "The delivery, whatever came of it."}},
	Problems: []Kind{TooMany},
}

// ListDeliveriesDoc describes ListDeliveries.
var ListDeliveriesDoc = Doc{
	ID: "listDeliveries", Tag: endpointsTag, Summary: "List deliveries of an endpoint", May: Deciders,
	Detail: "The latest first. Those that are done are kept for 30 days.",
	Query: append([]Param{
		{Name: "state", Says: "Deliveries in this state alone.", Enum: deliveryStates},
		{Name: "client_id", Says: "Deliveries about this client alone."},
	}, pageQuery...),
	Answers: []Answer{{Status: http.StatusOK, Body: Page[DeliveryRow]{}, Says: "A page of deliveries."}},
}

// GetDeliveryDoc describes GetDelivery.
var GetDeliveryDoc = Doc{
	ID: "getDelivery", Tag: endpointsTag, Summary: "Read one delivery with its attempts", May: Deciders,
	Answers: []Answer{{Status: http.StatusOK, Body: deliveryItem{}, Says: "The delivery."}},
}

// RedeliverDoc describes Redeliver.
var RedeliverDoc = Doc{
	ID: "redeliver", Tag: endpointsTag, Summary: "Send a delivery again", May: Deciders,
	Detail:  "It waits in its place among those of its client, and for the endpoint if that is paused, disabled or left alone. Its id is the same.",
	Answers: []Answer{{Status: http.StatusAccepted, Body: DeliveryRow{}, Says: "The delivery, which waits."}},
}
