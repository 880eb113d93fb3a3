package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A crm sends the events of a connection.
type crm struct {
	testing.TB
	path, secret string
	client       http.Client
}

// connectCRM makes a connection whose clients become records.
func connectCRM(h *hubProcess) *crm {
	h.t.Helper()
	var made struct{ ID, Secret string }
	h.api(owner("olga")).must("POST", "/api/webhooks/connections", map[string]any{
		"source": "client-integrations", "name": "CRM", "sources": []string{"crm"}, "create_unknown": true,
	}, &made)
	wires := &http.Transport{MaxIdleConnsPerHost: repeaters}
	h.t.Cleanup(wires.CloseIdleConnections)
	return &crm{
		TB: h.t, path: "/api/webhooks/client-integrations/" + made.ID, secret: made.Secret,
		client: http.Client{Transport: wires, Timeout: patience},
	}
}

// event is what the CRM says of its only client.
func (c *crm) event(id string, says map[string]any) string {
	says["id"], says["supplier_id"] = "client-1", "barn"
	body, err := json.Marshal(map[string]any{"source": "crm", "event_type": "client.updated", "event_id": id, "client_data": says})
	if err != nil {
		c.Fatal(err)
	}
	return string(body)
}

// deliver sends an event, which is to be accepted.
func (c *crm) deliver(h *hubProcess, body string) {
	r, err := http.NewRequest(http.MethodPost, "http://"+h.address+c.path, strings.NewReader(body))
	if err != nil {
		c.Error(err)
		return
	}
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(body))
	r.Header.Set("X-Webhook-Signature", hex.EncodeToString(mac.Sum(nil)))
	answer, err := c.client.Do(r)
	if err != nil {
		c.Error(err)
		return
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		c.Errorf("the sender is told %s, %v", answer.Status, err)
	}
}

// A hookEvent is an event as the API shows it.
type hookEvent struct {
	External string `json:"external_id"`
	State    string `json:"state"`
	Client   string `json:"client_id"`
	Error    string `json:"error"`
}

// awaitEvents waits until none is left to be worked on, and returns all, the oldest
// first.
func awaitEvents(h *hubProcess) []hookEvent {
	h.t.Helper()
	a, late, again := h.api(owner("olga")), time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		var page struct{ Items []hookEvent }
		a.must("GET", "/api/webhooks/events?sort=oldest&limit=100", nil, &page)
		left := 0
		for _, e := range page.Items {
			if e.State == "received" {
				left++
			}
		}
		if left == 0 {
			return page.Items
		}
		select {
		case <-again.C:
		case <-late:
			h.t.Fatalf("%d events are left after %s: %+v", left, patience, page.Items)
		}
	}
}

// checkEffect checks that events wrote the notes so often, each other field once,
// and the budget in one proposal alone.
func checkEffect(h *hubProcess, client, notes string, written int) {
	h.t.Helper()
	a := h.api(owner("olga"))
	fields := a.get(client).Fields
	if _, has := fields["budget"]; has || fields["notes"] != notes {
		h.t.Errorf("the client has %v", fields)
	}
	var history struct {
		Items []struct {
			Field   string
			Changes int
		}
	}
	a.must("GET", "/api/clients/"+client+"/history?limit=100", nil, &history)
	writes := make(map[string]int)
	for _, line := range history.Items {
		writes[line.Field] += line.Changes
	}
	if want := map[string]int{"name": 1, "email": 1, "budget": 1, "notes": written}; !maps.Equal(writes, want) {
		h.t.Errorf("changes by field: %v, want %v", writes, want)
	}
	var proposed []string
	for _, c := range a.conflicts("pending") {
		for _, p := range c.Proposals {
			if c.ClientID == client {
				proposed = append(proposed, fmt.Sprint(c.Field, " ", p.Value))
			}
		}
	}
	if len(proposed) != 1 || proposed[0] != "budget 12500" {
		h.t.Errorf("proposals %q, want the budget once", proposed)
	}
}

// checkOnlyClient checks that a hub has no other.
func checkOnlyClient(h *hubProcess, id string) {
	h.t.Helper()
	var page struct{ Items []item }
	h.api(owner("olga")).must("GET", "/api/clients?limit=100", nil, &page)
	if len(page.Items) != 1 || page.Items[0].ClientID != id {
		h.t.Errorf("clients %+v, want %s alone", page.Items, id)
	}
}
