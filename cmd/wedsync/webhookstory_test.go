package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A linkedCRM is told of what happens to its clients, too.
type linkedCRM struct {
	*crm
	hub  *hubProcess
	sent int // events
	told chan crmNews
}

// A crmNews is what the hub tells a CRM.
type crmNews struct {
	kind   string
	fields map[string]any
}

// linkCRM has a hub connected with a CRM both ways.
func linkCRM(h *hubProcess) *linkedCRM {
	h.t.Helper()
	c := &linkedCRM{crm: connectCRM(h), hub: h, told: make(chan crmNews, 100)}
	var hook *standardwebhooks.Webhook
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || hook.Verify(body, r.Header) != nil {
			h.t.Errorf("%s is signed %s", body, r.Header)
		}
		var e struct {
			Type string
			Data struct {
				Client struct{ Fields map[string]any }
			}
		}
		if err := json.Unmarshal(body, &e); err != nil {
			h.t.Error(err)
		}
		c.told <- crmNews{e.Type, e.Data.Client.Fields}
	}))
	h.t.Cleanup(receiver.Close)
	var endpoint struct{ ID, Secret string }
	h.api(owner("olga")).must("POST", "/api/webhooks/endpoints", map[string]any{"url": receiver.URL, "connection": path.Base(c.path)}, &endpoint)
	var err error
	if hook, err = standardwebhooks.NewWebhook(endpoint.Secret); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// says sends what the CRM holds of its client, and returns what became of the
// budget in it.
func (c *linkedCRM) says(budget int) (outcome string) {
	c.Helper()
	c.sent++
	c.deliver(c.hub, c.event(fmt.Sprint("e", c.sent), map[string]any{"name": "Ada", "budget": budget}))
	awaitEvents(c.hub)
	a := c.hub.api(owner("olga"))
	var events struct{ Items []struct{ ID string } }
	a.must("GET", "/api/webhooks/events?limit=1", nil, &events)
	var event struct {
		Outcome struct {
			Fields []struct{ Field, Outcome string }
		}
	}
	a.must("GET", "/api/webhooks/events/"+events.Items[0].ID, nil, &event)
	for _, f := range event.Outcome.Fields {
		if f.Field == "budget" {
			return f.Outcome
		}
	}
	c.Fatalf("%+v", event)
	return ""
}

// hears waits until the CRM is told a budget.
func (c *linkedCRM) hears(budget float64) {
	c.Helper()
	for news := range c.told {
		if news.fields["budget"] == budget {
			return
		}
	}
}

func TestBudgetOfACRMAndOfAPhoneIsDecidedOnceAndItsEchoChangesNothing(t *testing.T) {
	t.Parallel()
	h := startHubFlags(t, "--allow-private-targets")
	c := linkCRM(h)
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
