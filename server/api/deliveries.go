package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/webhooks/sending"
	"wedsync/store"
)

// A DeliveryRow is a delivery in a list.
type DeliveryRow struct {
	ID        string              `json:"id" doc:"The event's, which its receiver gets as webhook-id." example:"k3x9qmzw2p-1234-0"`
	Type      string              `json:"type" doc:"The type of the event."`
	ClientID  string              `json:"client_id" doc:"The record that it is about, empty for none."`
	State     store.DeliveryState `json:"state" enum:"pending,delivered,failed" doc:"Failed ones were given up; they can be sent again."`
	Attempts  int                 `json:"attempts" doc:"How often it was sent."`
	CreatedAt time.Time           `json:"created_at"`
	DueAt     *time.Time          `json:"due_at" doc:"When it is sent, or again, if nothing is before it and the endpoint takes it; null unless it is pending."`
}

// A deliveryItem is a delivery with its log.
type deliveryItem struct {
	DeliveryRow
	Body json.RawMessage   `json:"body" doc:"The event as it is sent; null if its client was erased."`
	Log  []sending.Attempt `json:"log" doc:"The latest attempts, the oldest first."`
}

func showDeliveryRow(d *store.Delivery) DeliveryRow {
	shown := DeliveryRow{ID: d.ID, Type: d.Type, State: d.State, Attempts: d.Attempts, CreatedAt: d.Created.UTC()}
	if d.Record != (crdt.RecordID{}) {
		shown.ClientID = d.Record.ClientID()
	}
	if d.State == store.DeliveryPending {
		shown.DueAt = showTime(d.Due)
	}
	return shown
}

func showDelivery(d *store.Delivery, log *sending.Log) deliveryItem {
	return deliveryItem{showDeliveryRow(d), json.RawMessage(d.Body), append([]sending.Attempt{}, log.Attempts...)}
}

// ListDeliveries answers GET /api/webhooks/endpoints/{id}/deliveries, the latest first.
func (a *API) ListDeliveries(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	q, err := deliveryQuery(r)
	if err != nil {
		return err
	}
	rows, err := a.endpoints.Deliveries(r.Context(), who.Supplier, q)
	if err != nil {
		return err
	}
	p, err := pageOf(rows, q.Limit-1,
		func(d store.Delivery) string { return strconv.FormatInt(d.Seq, 10) },
		func(d store.Delivery) (DeliveryRow, error) { return showDeliveryRow(&d), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// deliveryQuery reads which deliveries are asked for, and one more.
func deliveryQuery(r *http.Request) (q store.DeliveryQuery, err error) {
	limit, err := limitOf(r)
	if err != nil {
		return q, err
	}
	values := r.URL.Query()
	q = store.DeliveryQuery{Endpoint: r.PathValue("id"), State: store.DeliveryState(values.Get("state")), Limit: limit + 1, Brief: true}
	if states := deliveryStates; q.State != "" && !slices.Contains(states, string(q.State)) {
		return q, malformed("state", "must be pending, delivered or failed")
	}
	if text := values.Get("client_id"); text != "" {
		if q.Record, err = crdt.ParseRecordID(text); err != nil {
			return q, malformed("client_id", "must be the id of a client")
		}
	}
	if text := values.Get("cursor"); text != "" {
		if q.Before, err = strconv.ParseInt(text, 10, 64); err != nil || q.Before <= 0 {
			return q, malformed("cursor", "must be the next of an earlier page")
		}
	}
	return q, nil
}

var deliveryStates = []string{string(store.DeliveryPending), string(store.DeliveryDelivered), string(store.DeliveryFailed)}

// GetDelivery answers GET /api/webhooks/endpoints/{id}/deliveries/{delivery}.
func (a *API) GetDelivery(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	d, log, err := a.endpoints.Delivery(r.Context(), who.Supplier, r.PathValue("id"), r.PathValue("delivery"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showDelivery(&d, &log))
}

// Redeliver answers POST /api/webhooks/endpoints/{id}/deliveries/{delivery}/redeliver
// with the delivery, which waits then.
func (a *API) Redeliver(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	d, err := a.endpoints.Redeliver(r.Context(), who.Supplier, r.PathValue("id"), r.PathValue("delivery"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, showDeliveryRow(&d))
}
