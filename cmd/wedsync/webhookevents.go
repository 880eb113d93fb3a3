package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A remoteEvent is an event as the API shows it.
type remoteEvent struct {
	ID         string          `json:"id"`
	Connection string          `json:"connection_id"`
	External   string          `json:"external_id"`
	Subject    string          `json:"object_id"`
	Type       string          `json:"type"`
	State      string          `json:"state"`
	Version    uint64          `json:"version"`
	Attempts   int             `json:"attempts"`
	Received   *time.Time      `json:"received_at"`
	Due        *time.Time      `json:"due_at"`
	Client     string          `json:"client_id"`
	Error      string          `json:"error,omitempty"`
	Header     json.RawMessage `json:"header,omitempty"`
	Body       string          `json:"body,omitempty"`
	Outcome    *remoteOutcome  `json:"outcome,omitempty"`
}

type remoteOutcome struct {
	Result     string            `json:"result"`
	Note       string            `json:"note,omitempty"`
	Fields     []remoteField     `json:"fields"`
	Candidates []remoteCandidate `json:"candidates,omitempty"`
}

type remoteField struct {
	Field    string          `json:"field"`
	Value    json.RawMessage `json:"value"`
	Outcome  string          `json:"outcome"`
	Reason   string          `json:"reason,omitempty"`
	Conflict string          `json:"conflict_id,omitempty"`
}

type remoteCandidate struct {
	Client  string `json:"client_id"`
	Name    string `json:"client_name,omitempty"`
	Matches []struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
		Same  bool   `json:"same"`
	} `json:"matches"`
}

type webhooksEventsCommand struct {
	remoteHub
	Connection string `help:"Only of this connection." placeholder:"ID"`
	State      string `help:"Which: ${enum} (default ${default})." enum:"received,waiting,done,dead,unrouted,all" default:"all" placeholder:"STATE"`
	Client     string `help:"Only of this client." placeholder:"ID"`
	Type       string `help:"Only of this type, as the sender calls it." placeholder:"TYPE"`
	From       string `help:"Only received then or later, such as 2027-06-12T00:00:00Z." placeholder:"TIME"`
	To         string `help:"Only received before." placeholder:"TIME"`
	Limit      int    `help:"How many to show at most (default ${default})." default:"200" placeholder:"N"`
	JSON       bool   `name:"json" help:"Print JSON."`
}

func (webhooksEventsCommand) Help() string {
	return `
Those that need a person are waiting (nobody knows whose they are), dead (they failed for
good) and unrouted (nobody said what to do with them).

Examples:

    wedsync webhooks events
    wedsync webhooks events --state dead
    wedsync webhooks events --connection 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --from 2027-06-12T00:00:00Z --json`
}

// Validate is called by kong.
func (c *webhooksEventsCommand) Validate() error { return validLimit(c.Limit) }

// Run prints events.
func (c *webhooksEventsCommand) Run(ctx context.Context, t terminal) error {
	query := url.Values{}
	for name, value := range map[string]string{
		"connection_id": c.Connection, "state": strings.TrimPrefix(c.State, "all"), "client_id": c.Client, "type": c.Type, "from": c.From, "to": c.To,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	events, err := list[remoteEvent](ctx, &c.remoteHub, "/api/webhooks/events", query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, events)
	}
	if len(events.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No events.")
		return err
	}
	g := newGrid("event", "type", "about", "client", "state", "received")
	g.Style().Options.SeparateRows = true
	for _, e := range events.Items {
		g.add(e.ID+"\nof "+e.from(), printable(e.Type), printable(e.Subject), e.Client, e.standing(), shownTime(e.Received))
	}
	if err := g.print(t.Out); err != nil {
		return err
	}
	return printMore(t.Out, events.Next)
}

// from is what the event came from.
func (e *remoteEvent) from() string {
	if e.Connection == "" {
		return "no connection"
	}
	return "connection " + e.Connection
}

// standing is how far the event has come, and why not further.
func (e *remoteEvent) standing() string {
	said := e.State
	if e.State == "received" && e.Attempts > 0 {
		said += fmt.Sprintf(", attempt %d;\nagain %s", e.Attempts, shownTime(e.Due))
	}
	if e.Error != "" {
		said += "\n" + printable(e.Error)
	}
	return said
}

type webhooksShowCommand struct {
	remoteHub
	ID   string `arg:"" help:"The event."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (webhooksShowCommand) Help() string {
	return `
Examples:

    wedsync webhooks show 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC
    wedsync webhooks show 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --json | jq -r .body`
}

// Run prints one event.
func (c *webhooksShowCommand) Run(ctx context.Context, t terminal) error {
	var e remoteEvent
	if err := c.get(ctx, "/api/webhooks/events/"+url.PathEscape(c.ID), nil, &e); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, e)
	}
	return e.print(t.Out)
}

func (e *remoteEvent) print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s about %s, of %s\nreceived %s, %s\n", printable(e.Type), printable(e.Subject), e.from(), shownTime(e.Received), e.standing()); err != nil {
		return err
	}
	if e.Client != "" {
		if _, err := fmt.Fprintf(w, "client %s\n", e.Client); err != nil {
			return err
		}
	}
	if e.Outcome != nil {
		if err := e.Outcome.print(w); err != nil {
			return err
		}
	}
	if e.Body != "" {
		if _, err := fmt.Fprintf(w, "\n%s\n", shownBody(e.Body)); err != nil {
			return err
		}
	}
	return e.printNext(w)
}

func (o *remoteOutcome) print(w io.Writer) error {
	if o.Note != "" {
		if _, err := fmt.Fprintf(w, "%s: %s\n", o.Result, printable(o.Note)); err != nil {
			return err
		}
	}
	if len(o.Fields) > 0 {
		g := newGrid("field", "value", "outcome", "why", "conflict")
		for _, f := range o.Fields {
			g.add(printable(f.Field), shownValue(f.Value), f.Outcome, f.Reason, f.Conflict)
		}
		if err := g.print(w); err != nil {
			return err
		}
	}
	if len(o.Candidates) == 0 {
		return nil
	}
	return printCandidates(w, o.Candidates)
}

func printCandidates(w io.Writer, candidates []remoteCandidate) error {
	g := newGrid("may be", "name", "has the same")
	for _, c := range candidates {
		var same []string
		for _, m := range c.Matches {
			said := m.Kind + " " + printable(m.Value)
			if !m.Same {
				said += " (but for the country)"
			}
			same = append(same, said)
		}
		g.add(c.Client, printable(c.Name), strings.Join(same, "\n"))
	}
	return g.print(w)
}

// printNext says what can be done about an event that needs a person.
func (e *remoteEvent) printNext(w io.Writer) error {
	says := map[string]string{
		"waiting": "\nSay whose it is with one of\n" +
			"    wedsync webhooks assign %[1]s --client CLIENT\n" +
			"    wedsync webhooks assign %[1]s --create\n",
		"dead": "\nOnce that is mended\n    wedsync webhooks replay %[1]s\n" +
			"If what it says is wrong\n    wedsync webhooks edit %[1]s FILE --replay\n",
		"unrouted": "\nGive it to a connection with\n    wedsync webhooks assign %[1]s --connection CONNECTION\n",
	}[e.State]
	if says == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, says, e.ID)
	return err
}

// shownBody is a body for a person: JSON indented, anything else as it is.
func shownBody(body string) string {
	var v any
	if json.Unmarshal([]byte(body), &v) == nil {
		if text, err := json.MarshalIndent(v, "", "  "); err == nil {
			body = string(text)
		}
	}
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

type webhooksReplayCommand struct {
	remoteHub
	IDs        []string `arg:"" optional:"" name:"id" help:"The events."`
	State      string   `help:"Instead of named ones all in this state: ${enum}." enum:"dead,waiting,done," default:"" placeholder:"STATE"`
	Connection string   `help:"With --state: only of this connection." placeholder:"ID"`
	From       string   `help:"With --state: only received then or later, such as 2027-06-12T00:00:00Z." placeholder:"TIME"`
	To         string   `help:"With --state: only received before." placeholder:"TIME"`
}

func (webhooksReplayCommand) Help() string {
	return `
However often an event is replayed, it has one effect and ends alike.

Examples:

    wedsync webhooks replay 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC
    wedsync webhooks replay --state dead
    wedsync webhooks replay --state dead --connection 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --from 2027-06-12T00:00:00Z --to 2027-06-13T00:00:00Z`
}

// Validate is called by kong.
func (c *webhooksReplayCommand) Validate() error {
	switch {
	case (c.State == "") == (len(c.IDs) == 0):
		return errors.New("name events, or --state for all in it")
	case c.State == "" && (c.Connection != "" || c.From != "" || c.To != ""):
		return errors.New("--connection, --from and --to belong to --state")
	}
	return nil
}

// Run has events worked on again.
func (c *webhooksReplayCommand) Run(ctx context.Context, t terminal) error {
	for _, id := range c.IDs {
		var e remoteEvent
		if err := c.do(ctx, http.MethodPost, "/api/webhooks/events/"+url.PathEscape(id)+"/replay", nil, &e); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(t.Out, "%s is worked on again.\n", e.ID); err != nil {
			return err
		}
	}
	if len(c.IDs) > 0 {
		return nil
	}
	body := struct {
		State      string `json:"state"`
		Connection string `json:"connection_id,omitempty"`
		From       string `json:"from,omitempty"`
		To         string `json:"to,omitempty"`
		Cursor     string `json:"cursor,omitempty"`
	}{c.State, c.Connection, c.From, c.To, ""}
	for all := 0; ; {
		var answer struct {
			Replayed int     `json:"replayed"`
			Next     *string `json:"next"`
		}
		if err := c.do(ctx, http.MethodPost, "/api/webhooks/events/replay", body, &answer); err != nil {
			return err
		}
		all += answer.Replayed
		if answer.Next == nil {
			_, err := fmt.Fprintf(t.Out, "Events that are worked on again: %d.\n", all)
			return err
		}
		fmt.Fprintf(t.Err, "%d so far\n", all)
		body.Cursor = *answer.Next
	}
}

type webhooksAssignCommand struct {
	remoteHub
	ID         string `arg:"" help:"The event."`
	Client     string `help:"It is this client's." xor:"whose" required:"" placeholder:"ID"`
	Create     bool   `help:"It is a new client's." xor:"whose" required:""`
	Connection string `help:"An unrouted event: this connection is to have it." xor:"whose" required:"" placeholder:"ID"`
}

func (webhooksAssignCommand) Help() string {
	return `
What the event is about is that client's from now on, and what waited for this to be said
is worked on.

Examples:

    wedsync webhooks assign 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --client 01J9ZDB7C8D9E0F1G2H3J4K5M6
    wedsync webhooks assign 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --create
    wedsync webhooks assign 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --connection 01J9ZD9A6B7C8D9E0F1G2H3J4K`
}

// Run says whose the event is.
func (c *webhooksAssignCommand) Run(ctx context.Context, t terminal) error {
	body := struct {
		Client     string `json:"client_id,omitempty"`
		Create     bool   `json:"create,omitempty"`
		Connection string `json:"connection_id,omitempty"`
	}{c.Client, c.Create, c.Connection}
	var e remoteEvent
	if err := c.do(ctx, http.MethodPost, "/api/webhooks/events/"+url.PathEscape(c.ID)+"/assign", body, &e); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%s is assigned, and %s.\n", e.ID, e.State)
	return err
}
