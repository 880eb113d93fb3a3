package api

import (
	"net/http"
	"time"

	"wedsync/conflicts"
	"wedsync/server/webhooks/sending"
	"wedsync/store"
)

// An endpointItem is an endpoint as owners see it.
type endpointItem struct {
	ID          string         `json:"id" doc:"Names the endpoint in URLs." example:"01J0Q3Z9T5Q8B7V6N4M2K1H0GF"`
	URL         string         `json:"url" doc:"Where events are posted."`
	Description string         `json:"description" doc:"What people call it."`
	Events      []string       `json:"events" doc:"The types and families of events that it wants; empty for all."`
	Connection  string         `json:"connection" doc:"The connection through which the same CRM speaks, empty for none."`
	Status      sending.Status `json:"status" enum:"active,paused,disabled" doc:"Whether it is sent anything. A person pauses it, the hub disables it."`
	DisabledFor sending.Reason `json:"disabled_reason" enum:",gone,failing" doc:"Why the hub disabled it: the receiver answered 410, or nothing came through for 72 hours. Empty if it did not."`
	DisabledAt  *time.Time     `json:"disabled_at" doc:"Null if the hub did not disable it."`
	Health      healthItem     `json:"health" doc:"How its receiver does."`
	Pending     int            `json:"pending" doc:"Deliveries that wait to be sent."`
	Failed      int            `json:"failed" doc:"Deliveries that were given up and can be sent again."`
	Secrets     []signingItem  `json:"secrets" doc:"Those that sign now, the newest first; never what they are."`
	CreatedAt   time.Time      `json:"created_at"`
	Secret      string         `json:"secret,omitempty" doc:"The secret that was just made, shown this once. Receivers verify with it."`
}

// A healthItem says how a receiver does.
type healthItem struct {
	Breaker      sending.Breaker `json:"breaker" enum:"closed,open,half_open" doc:"Open: it fails, and is left alone until retry_at. Half open: one event at a time goes, to see."`
	Failures     int             `json:"failures" doc:"Since an event came through last."`
	FailingSince *time.Time      `json:"failing_since" doc:"Null if the latest event came through."`
	Error        string          `json:"error" doc:"Of the latest failure."`
	RetryAt      *time.Time      `json:"retry_at" doc:"Null while the breaker is closed."`
}

// A signingItem is a secret that signs, without what it is.
type signingItem struct {
	Until *time.Time `json:"until" doc:"Until when it signs, null for as long as it is the newest."`
}

func (a *API) showEndpoint(e sending.Endpoint) endpointItem {
	set := &e.Settings
	shown := endpointItem{
		ID: e.ID, URL: set.URL, Description: set.Description, Events: append([]string{}, set.Events...), Connection: set.Connection,
		Status: set.Status(), Health: healthItem{Breaker: e.Breaker}, Secrets: []signingItem{}, CreatedAt: e.Created.UTC(),
		Pending: e.Counts[store.DeliveryPending], Failed: e.Counts[store.DeliveryFailed],
	}
	if d := set.Disabled; d != nil {
		shown.DisabledFor, shown.DisabledAt = d.Reason, showTime(d.At)
	}
	if t := set.Trouble; t != nil {
		shown.Health = healthItem{e.Breaker, t.Failures, showTime(t.Since), t.Error, showTime(t.Until)}
	}
	for _, s := range set.Secrets {
		if s.Signs(a.now()) {
			shown.Secrets = append(shown.Secrets, signingItem{showTime(s.Until)})
		}
	}
	return shown
}

// ListEndpoints answers GET /api/webhooks/endpoints, in order of id.
func (a *API) ListEndpoints(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	all, err := a.endpoints.Endpoints(r.Context(), who.Supplier)
	if err != nil {
		return err
	}
	p, err := pageOf(all, len(all),
		func(e sending.Endpoint) string { return e.ID },
		func(e sending.Endpoint) (endpointItem, error) { return a.showEndpoint(e), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// CreateEndpoint answers POST /api/webhooks/endpoints with the endpoint and its secret.
func (a *API) CreateEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	change, err := readEndpoint(w, r)
	if err != nil {
		return err
	}
	e, secret, err := a.endpoints.Create(r.Context(), who.Supplier, change)
	if err != nil {
		return err
	}
	shown := a.showEndpoint(e)
	shown.Secret = secret
	return reply(w, http.StatusCreated, shown)
}

// GetEndpoint answers GET /api/webhooks/endpoints/{id}.
func (a *API) GetEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	e, err := a.endpoints.Endpoint(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, a.showEndpoint(e))
}

// PatchEndpoint answers PATCH /api/webhooks/endpoints/{id} with the endpoint.
func (a *API) PatchEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	change, err := readEndpoint(w, r)
	if err != nil {
		return err
	}
	e, err := a.endpoints.Change(r.Context(), who.Supplier, r.PathValue("id"), change)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, a.showEndpoint(e))
}

// DeleteEndpoint answers DELETE /api/webhooks/endpoints/{id} with nothing.
func (a *API) DeleteEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	if err := a.endpoints.Delete(r.Context(), who.Supplier, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// RotateEndpoint answers POST /api/webhooks/endpoints/{id}/rotate with the endpoint
// and its new secret.
func (a *API) RotateEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	e, secret, err := a.endpoints.Rotate(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	shown := a.showEndpoint(e)
	shown.Secret = secret
	return reply(w, http.StatusOK, shown)
}

// TestEndpoint answers POST /api/webhooks/endpoints/{id}/test with the delivery of a
// test, and what came of it.
func (a *API) TestEndpoint(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	d, log, err := a.endpoints.Test(r.Context(), who.Supplier, r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showDelivery(&d, &log))
}

// readEndpoint reads what to set of an endpoint.
func readEndpoint(w http.ResponseWriter, r *http.Request) (c sending.Change, err error) {
	o, err := readObject(w, r)
	if err != nil {
		return c, err
	}
	c.URL, c.Description, c.Connection = o.textIfAny("url"), o.textIfAny("description"), o.textIfAny("connection")
	c.Events = o.textsIfAny("events", sending.MaxFilters)
	if status := o.textIfAny("status"); status != nil {
		c.Status = (*sending.Status)(status)
	}
	return c, o.end()
}
