package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type webhooksEndpointsCommand struct {
	List   endpointsListCommand   `cmd:"" default:"withargs" help:"List endpoints."`
	Add    endpointsAddCommand    `cmd:"" help:"Make an endpoint."`
	Set    endpointsSetCommand    `cmd:"" help:"Change an endpoint, pause it, or bring it back."`
	Rotate endpointsRotateCommand `cmd:"" help:"Give an endpoint another secret."`
	Test   endpointsTestCommand   `cmd:"" help:"Send an endpoint a test, and show what it answers."`
	Delete endpointsDeleteCommand `cmd:"" help:"Delete an endpoint and its deliveries."`
}

const endpointsPath = "/api/webhooks/endpoints"

type remoteEndpoint struct {
	ID          string     `json:"id"`
	URL         string     `json:"url"`
	Description string     `json:"description"`
	Events      []string   `json:"events"`
	Connection  string     `json:"connection"`
	Status      string     `json:"status"`
	DisabledFor string     `json:"disabled_reason"`
	DisabledAt  *time.Time `json:"disabled_at"`
	Health      struct {
		Breaker      string     `json:"breaker"`
		Failures     int        `json:"failures"`
		FailingSince *time.Time `json:"failing_since"`
		Error        string     `json:"error"`
		RetryAt      *time.Time `json:"retry_at"`
	} `json:"health"`
	Pending   int       `json:"pending"`
	Failed    int       `json:"failed"`
	CreatedAt time.Time `json:"created_at"`
	Secret    string    `json:"secret,omitempty"`
}

// state is how the endpoint does, in few words.
func (e *remoteEndpoint) state() string {
	switch h := &e.Health; {
	case e.Status == "disabled":
		return fmt.Sprintf("disabled %s: %s", shownTime(e.DisabledAt), e.DisabledFor)
	case e.Status != "active" || h.Failures == 0:
		return e.Status
	case h.Breaker == "open":
		return fmt.Sprintf("failing since %s (%s), tried again %s", shownTime(h.FailingSince), printable(h.Error), shownTime(h.RetryAt))
	default:
		return fmt.Sprintf("failing since %s (%s)", shownTime(h.FailingSince), printable(h.Error))
	}
}

type endpointsListCommand struct {
	remoteHub
	JSON bool `name:"json" help:"Print JSON."`
}

func (endpointsListCommand) Help() string {
	return `
An endpoint that fails is tried over 24 hours for each event, less often the longer it
fails, and disabled after 72 hours without a success. Nothing is left out: what a paused
or disabled endpoint misses is sent once it is active again.

Examples:

    wedsync webhooks endpoints
    wedsync webhooks endpoints --json | jq '.items[] | select(.status == "disabled")'`
}

// Run prints endpoints.
func (c *endpointsListCommand) Run(ctx context.Context, t terminal) error {
	var all listing[remoteEndpoint]
	if err := c.get(ctx, endpointsPath, nil, &all); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, all)
	}
	if len(all.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "There is no endpoint. Make one: wedsync webhooks endpoints add https://app.example.com/wedsync")
		return err
	}
	g := newGrid("id", "url", "events", "waiting", "failed", "state")
	for i := range all.Items {
		e := &all.Items[i]
		events := "all"
		if len(e.Events) > 0 {
			events = strings.Join(e.Events, " ")
		}
		g.add(e.ID, printable(e.URL), printable(events), e.Pending, e.Failed, e.state())
	}
	return g.print(t.Out)
}

type endpointsAddCommand struct {
	remoteHub
	To          string   `arg:"" name:"target" help:"Where events are posted." placeholder:"URL"`
	Event       []string `help:"Type of events to send, or a family like wedsync.client.*; all if none is named." placeholder:"TYPE"`
	Description string   `help:"What people call it." placeholder:"TEXT"`
	Connection  string   `help:"The connection through which the same CRM speaks: its echoes are known then." placeholder:"ID"`
	JSON        bool     `name:"json" help:"Print JSON."`
}

func (endpointsAddCommand) Help() string {
	return `
Prints the secret that requests are signed with, by Standard Webhooks: it is shown this
once. The hub sends to public addresses by https alone; to this machine and to private
networks only if it runs with --allow-private-targets.

Examples:

    wedsync webhooks endpoints add https://app.example.com/wedsync
    wedsync webhooks endpoints add https://app.example.com/wedsync --event 'wedsync.client.*' --event wedsync.conflict.opened
    wedsync webhooks endpoints add https://crm.example.com/in --connection 01JD8Z7Q3KX0V5M2N4B6C8D0EF`
}

// Run makes the endpoint.
func (c *endpointsAddCommand) Run(ctx context.Context, t terminal) error {
	body := map[string]any{"url": c.To}
	if len(c.Event) > 0 {
		body["events"] = c.Event
	}
	if c.Description != "" {
		body["description"] = c.Description
	}
	if c.Connection != "" {
		body["connection"] = c.Connection
	}
	var made remoteEndpoint
	if err := c.do(ctx, http.MethodPost, endpointsPath, body, &made); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, made)
	}
	return made.printSecret(t.Out)
}

// printSecret prints the secret that was just made.
func (e *remoteEndpoint) printSecret(w io.Writer) error {
	_, err := fmt.Fprintf(w, "endpoint  %s\nsecret    %s\n\nKeep the secret: it is not shown again. To see whether events arrive: wedsync webhooks endpoints test %[1]s\n", e.ID, printable(e.Secret))
	return err
}

// A namedEndpoint is the endpoint that a command is about.
type namedEndpoint struct {
	remoteHub
	ID   string `arg:"" help:"The endpoint; wedsync webhooks endpoints lists ids."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *namedEndpoint) path() string { return endpointsPath + "/" + url.PathEscape(c.ID) }

type endpointsSetCommand struct {
	namedEndpoint
	To          *string  `name:"target" help:"Where events are posted." placeholder:"URL"`
	Event       []string `help:"Type of events to send, or a family; those that are named take the place of those before." placeholder:"TYPE" xor:"events"`
	AllEvents   bool     `help:"Send events of all types." xor:"events"`
	Description *string  `help:"What people call it." placeholder:"TEXT"`
	Connection  *string  `help:"The connection through which the same CRM speaks; '' for none." placeholder:"ID"`
	Status      *string  `help:"active or paused. Active brings a disabled endpoint back." enum:"active,paused" placeholder:"STATUS"`
}

func (endpointsSetCommand) Help() string {
	return `
Examples:

    wedsync webhooks endpoints set 01JD8Z7Q3KX0V5M2N4B6C8D0EF --status paused
    wedsync webhooks endpoints set 01JD8Z7Q3KX0V5M2N4B6C8D0EF --status active
    wedsync webhooks endpoints set 01JD8Z7Q3KX0V5M2N4B6C8D0EF --target https://app.example.com/v2 --event 'wedsync.client.*'`
}

// Run changes the endpoint.
func (c *endpointsSetCommand) Run(ctx context.Context, t terminal) error {
	body := make(map[string]any)
	for name, value := range map[string]*string{"url": c.To, "description": c.Description, "connection": c.Connection, "status": c.Status} {
		if value != nil {
			body[name] = *value
		}
	}
	if len(c.Event) > 0 || c.AllEvents {
		body["events"] = append([]string{}, c.Event...)
	}
	if len(body) == 0 {
		return fmt.Errorf("say what to change (wedsync webhooks endpoints set --help lists what can be)")
	}
	var changed remoteEndpoint
	if err := c.do(ctx, http.MethodPatch, c.path(), body, &changed); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, changed)
	}
	_, err := fmt.Fprintf(t.Out, "%s is %s.\n", changed.ID, changed.state())
	return err
}

type endpointsRotateCommand struct{ namedEndpoint }

func (endpointsRotateCommand) Help() string {
	return `
For 24 hours requests are signed with the secret before, too: change the receiver over
in that time.

Examples:

    wedsync webhooks endpoints rotate 01JD8Z7Q3KX0V5M2N4B6C8D0EF`
}

// Run makes another secret.
func (c *endpointsRotateCommand) Run(ctx context.Context, t terminal) error {
	var changed remoteEndpoint
	if err := c.do(ctx, http.MethodPost, c.path()+"/rotate", nil, &changed); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, changed)
	}
	return changed.printSecret(t.Out)
}

type endpointsTestCommand struct{ namedEndpoint }

func (endpointsTestCommand) Help() string {
	return `
Sends an event of the type wedsync.ping once, whatever the endpoint's status is.

Examples:

    wedsync webhooks endpoints test 01JD8Z7Q3KX0V5M2N4B6C8D0EF`
}

// Run sends a test. It fails if the receiver does not take it.
func (c *endpointsTestCommand) Run(ctx context.Context, t terminal) error {
	var d remoteDelivery
	if err := c.do(ctx, http.MethodPost, c.path()+"/test", nil, &d); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, d)
	}
	if err := d.print(t.Out); err != nil {
		return err
	}
	if d.State != "delivered" {
		return fmt.Errorf("the test did not come through")
	}
	return nil
}

type endpointsDeleteCommand struct{ namedEndpoint }

func (endpointsDeleteCommand) Help() string {
	return `
What waits to be sent to it is not sent. To stop for a while, pause it:
wedsync webhooks endpoints set ID --status paused

Examples:

    wedsync webhooks endpoints delete 01JD8Z7Q3KX0V5M2N4B6C8D0EF`
}

// Run deletes the endpoint.
func (c *endpointsDeleteCommand) Run(ctx context.Context, t terminal) error {
	if err := c.do(ctx, http.MethodDelete, c.path(), nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%s is deleted.\n", printable(c.ID))
	return err
}
