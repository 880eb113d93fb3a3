package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

type remoteDelivery struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	ClientID  string          `json:"client_id"`
	State     string          `json:"state"`
	Attempts  int             `json:"attempts"`
	CreatedAt time.Time       `json:"created_at"`
	DueAt     *time.Time      `json:"due_at"`
	Body      json.RawMessage `json:"body,omitempty"`
	Log       []struct {
		At       time.Time         `json:"at"`
		Took     int64             `json:"took_ms"`
		URL      string            `json:"url"`
		Headers  map[string]string `json:"headers"`
		Status   int               `json:"status,omitempty"`
		Answered map[string]string `json:"response_headers,omitempty"`
		Response string            `json:"response,omitempty"`
		Error    string            `json:"error,omitempty"`
	} `json:"log,omitempty"`
}

// print prints the delivery with its attempts.
func (d *remoteDelivery) print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s  %s  %s  %s\n", d.ID, printable(d.Type), printable(d.ClientID), d.State); err != nil {
		return err
	}
	for _, a := range d.Log {
		came := a.Error
		if came == "" {
			came = fmt.Sprintf("answered %d", a.Status)
		}
		if _, err := fmt.Fprintf(w, "%s  POST %s  %s in %d ms\n", shownTime(&a.At), printable(a.URL), printable(came), a.Took); err != nil {
			return err
		}
		if a.Response != "" {
			if _, err := fmt.Fprintf(w, "    %s\n", printable(a.Response)); err != nil {
				return err
			}
		}
	}
	return nil
}

type webhooksDeliveriesCommand struct {
	namedEndpoint
	Delivery string `arg:"" optional:"" help:"One delivery, to show with its attempts."`
	State    string `help:"Deliveries in this state alone: pending, delivered or failed." enum:",pending,delivered,failed" default:"" placeholder:"STATE"`
	Client   string `help:"Deliveries about this client alone, by either of its ids." placeholder:"ID"`
	Limit    int    `help:"How many to show at most (default ${default})." default:"50" placeholder:"N"`
}

func (webhooksDeliveriesCommand) Help() string {
	return `
The latest first. Those that are done are kept for 30 days.

Examples:

    wedsync webhooks deliveries 01JD8Z7Q3KX0V5M2N4B6C8D0EF
    wedsync webhooks deliveries 01JD8Z7Q3KX0V5M2N4B6C8D0EF --state failed
    wedsync webhooks deliveries 01JD8Z7Q3KX0V5M2N4B6C8D0EF k3x9qmzw2p-1234-0 --json | jq .body`
}

// Validate is called by kong.
func (c *webhooksDeliveriesCommand) Validate() error { return validLimit(c.Limit) }

// Run prints deliveries.
func (c *webhooksDeliveriesCommand) Run(ctx context.Context, t terminal) error {
	if c.Delivery != "" {
		var d remoteDelivery
		if err := c.get(ctx, c.path()+"/deliveries/"+url.PathEscape(c.Delivery), nil, &d); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.Out, d)
		}
		return d.print(t.Out)
	}
	found, err := c.list(ctx, c.State, c.Client, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, found)
	}
	if len(found.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "There is no such delivery.")
		return err
	}
	g := newGrid("id", "event", "client", "made", "state", "attempts", "next")
	for _, d := range found.Items {
		next := ""
		if d.DueAt != nil {
			next = shownTime(d.DueAt)
		}
		g.add(d.ID, printable(d.Type), d.ClientID, shownTime(&d.CreatedAt), d.State, d.Attempts, next)
	}
	if err := g.print(t.Out); err != nil {
		return err
	}
	return printMore(t.Out, found.Next)
}

// list reads deliveries of the endpoint.
func (c *namedEndpoint) list(ctx context.Context, state, client string, limit int) (listing[remoteDelivery], error) {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	if client != "" {
		query.Set("client_id", client)
	}
	return list[remoteDelivery](ctx, &c.remoteHub, c.path()+"/deliveries", query, limit)
}

type webhooksRedeliverCommand struct {
	namedEndpoint
	Deliveries []string `arg:"" optional:"" name:"delivery" help:"The deliveries; wedsync webhooks deliveries lists ids."`
	Failed     bool     `help:"All that were given up, the oldest first."`
}

func (webhooksRedeliverCommand) Help() string {
	return `
A delivery keeps its id, by which the receiver knows it, and its place: those about the
same client that came after it and are not sent yet wait for it.

Examples:

    wedsync webhooks redeliver 01JD8Z7Q3KX0V5M2N4B6C8D0EF k3x9qmzw2p-1234-0
    wedsync webhooks redeliver 01JD8Z7Q3KX0V5M2N4B6C8D0EF --failed`
}

// Validate is called by kong.
func (c *webhooksRedeliverCommand) Validate() error {
	if c.Failed == (len(c.Deliveries) > 0) {
		return fmt.Errorf("name deliveries, or say --failed")
	}
	return nil
}

// mostRedelivered bounds the deliveries that --failed sends again at once.
const mostRedelivered = 10_000

// Run has deliveries sent again.
func (c *webhooksRedeliverCommand) Run(ctx context.Context, t terminal) error {
	ids := c.Deliveries
	if c.Failed {
		found, err := c.list(ctx, "failed", "", mostRedelivered)
		if err != nil {
			return err
		}
		for i := range found.Items {
			ids = append(ids, found.Items[len(found.Items)-1-i].ID)
		}
	}
	again := listing[remoteDelivery]{Items: []remoteDelivery{}}
	for _, id := range ids {
		var d remoteDelivery
		if err := c.do(ctx, http.MethodPost, c.path()+"/deliveries/"+url.PathEscape(id)+"/redeliver", nil, &d); err != nil {
			return fmt.Errorf("%s, after %d were: %w", printable(id), len(again.Items), err)
		}
		again.Items = append(again.Items, d)
	}
	if c.JSON {
		return printJSON(t.Out, again)
	}
	_, err := fmt.Fprintf(t.Out, "Sent again: %d. To see what comes of it: wedsync webhooks deliveries %s\n", len(ids), printable(c.ID))
	return err
}
