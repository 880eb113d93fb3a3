package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A crm changes clients by webhooks, and is told of changes by them.
type crm struct {
	*hubProcess
	url, secret string // of its connection
	sent        int    // events
	told        chan crmNews
}

// A crmNews is what the hub tells a CRM.
type crmNews struct {
	kind   string
	fields map[string]any
}

// startCRM has a hub connected with a CRM both ways.
func startCRM(t *testing.T, h *hubProcess) *crm {
	t.Helper()
	c := &crm{hubProcess: h, told: make(chan crmNews, 100)}
	c.url, c.secret = h.connect(map[string]any{"source": "client-integrations", "name": "CRM", "sources": []string{"crm"}})
	a := h.api(owner("olga"))
	var connections struct{ Items []struct{ ID string } }
	a.must("GET", "/api/webhooks/connections", nil, &connections)
	var hook *standardwebhooks.Webhook
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || hook.Verify(body, r.Header) != nil {
			t.Errorf("%s is signed %s", body, r.Header)
		}
		var e struct {
			Type string
			Data struct {
				Client struct{ Fields map[string]any }
			}
		}
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		c.told <- crmNews{e.Type, e.Data.Client.Fields}
	}))
	t.Cleanup(receiver.Close)
	var endpoint struct{ ID, Secret string }
	a.must("POST", "/api/webhooks/endpoints", map[string]any{"url": receiver.URL, "connection": connections.Items[0].ID}, &endpoint)
	var err error
	if hook, err = standardwebhooks.NewWebhook(endpoint.Secret); err != nil {
		t.Fatal(err)
	}
	return c
}

// says sends what the CRM holds of its client, and returns what became of the
// budget in it.
func (c *crm) says(budget int) (outcome string) {
	c.t.Helper()
	c.sent++
	body := fmt.Sprintf(`{"source":"crm","event_type":"client.updated","event_id":"e%d","client_data":{"supplier_id":"barn","id":"c1","name":"Ada","budget":%d}}`, c.sent, budget)
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(body))
	if status, answer := c.hook(c.url, body, map[string]string{"X-Webhook-Signature": hex.EncodeToString(mac.Sum(nil))}); status != http.StatusAccepted {
		c.t.Fatalf("the CRM is told %d %s", status, answer)
	}
	a := c.api(owner("olga"))
	var event struct {
		State   string
		Outcome struct {
			Fields []struct{ Field, Outcome string }
		}
	}
	var events struct{ Items []struct{ ID, State string } }
	for len(events.Items) == 0 || events.Items[0].State == "received" {
		a.must("GET", "/api/webhooks/events?limit=1", nil, &events)
	}
	a.must("GET", "/api/webhooks/events/"+events.Items[0].ID, nil, &event)
	for _, f := range event.Outcome.Fields {
		if f.Field == "budget" {
			return f.Outcome
		}
	}
	c.t.Fatalf("%+v", event)
	return ""
}

// hears waits until the CRM is told a budget.
func (c *crm) hears(budget float64) {
	c.t.Helper()
	for news := range c.told {
		if news.fields["budget"] == budget {
			return
		}
	}
}

func TestBudgetOfACRMAndOfAPhoneIsDecidedOnceAndItsEchoChangesNothing(t *testing.T) {
	t.Parallel()
	h := startHubFlags(t, "--allow-private-targets")
	c := startCRM(t, h)
	olga := h.api(owner("olga"))

	if got := c.says(12000); got != "diverted" {
		t.Errorf("a first budget of the CRM is %s", got)
	}
	first := olga.conflicts("pending")[0]
	olga.resolve(first, map[string]any{"action": "accept", "proposal_id": first.Proposals[0].ID})
	c.hears(12000)
	if got := c.says(12000); got != "no_change" {
		t.Errorf("its echo is %s", got)
	}

	// The CRM and a phone without signal both change it.
	id := olga.get(first.ClientID).DocumentID
	phone := startNode(t).open("phone", clientOptions{url: h.sync(member("ada")), storage: t.TempDir()})
	phone.do("find", args{"id": id})
	phone.awaitValue(id, "budget", 12000.0)
	offline(phone)
	set(phone, id, "budget", 13000)
	if got := c.says(14000); got != "diverted" {
		t.Errorf("the CRM's change is %s", got)
	}
	online(id, phone)
	phone.do("wait", args{"id": id, "acked": true})
	pending := olga.conflicts("pending")
	if len(pending) != 1 || len(pending[0].Proposals) != 2 || pending[0].Current.Value != 12000.0 {
		t.Fatalf("%+v", pending)
	}
	for _, p := range pending[0].Proposals {
		if p.Value == 13000.0 {
			olga.resolve(pending[0], map[string]any{"action": "accept", "proposal_id": p.ID})
		}
	}
	c.hears(13000)
	phone.awaitValue(id, "budget", 13000.0)

	// This time the echo comes late, after the field moved on.
	olga.must("PATCH", "/api/clients/"+first.ClientID, map[string]any{"fields": map[string]any{"budget": 15000}}, nil)
	c.hears(15000)
	if got := c.says(13000); got != "no_change" {
		t.Errorf("the late echo is %s", got)
	}
	if got := c.says(15000); got != "no_change" {
		t.Errorf("the echo of what came after is %s", got)
	}
	if left := olga.conflicts("pending"); len(left) > 0 || olga.get(first.ClientID).Fields["budget"] != 15000.0 {
		t.Errorf("%+v", left)
	}
}
