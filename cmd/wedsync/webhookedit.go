package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"unicode/utf8"

	"wedsync/server/webhooks/inbound"
)

type webhooksEditCommand struct {
	remoteHub
	ID     string `arg:"" help:"The event, dead, waiting or unrouted."`
	Body   string `arg:"" help:"The file with the body as it should have been, - for standard input." placeholder:"FILE"`
	Replay bool   `help:"Have it worked on again at once."`
}

func (webhooksEditCommand) Help() string {
	return `
The body is replaced as a whole. If the event changed since it was read here, nothing is.

Examples:

    wedsync webhooks show 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --json | jq -r .body > body.json
    wedsync webhooks edit 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC body.json --replay
    jq '.client_data.budget = 12500' body.json | wedsync webhooks edit 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC -`
}

// Run replaces an event's body.
func (c *webhooksEditCommand) Run(ctx context.Context, t terminal) error {
	event := "/api/webhooks/events/" + url.PathEscape(c.ID)
	var e remoteEvent
	if err := c.get(ctx, event, nil, &e); err != nil {
		return err
	}
	body, err := readInput(t, c.Body, inbound.MaxBody, "that is more than an event may say")
	if err != nil {
		return err
	}
	if !utf8.Valid(body) {
		return fmt.Errorf("%s is not UTF-8, as what events say is", printable(c.Body))
	}
	change := struct {
		Version uint64 `json:"version"`
		Body    string `json:"body"`
	}{e.Version, string(body)}
	if err := c.do(ctx, http.MethodPatch, event, change, &e); err != nil {
		return err
	}
	if !c.Replay {
		_, err := fmt.Fprintf(t.Out, "%s is edited. To have it worked on again:\n    wedsync webhooks replay %[1]s\n", e.ID)
		return err
	}
	if err := c.do(ctx, http.MethodPost, event+"/replay", nil, &e); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "%s is edited, and worked on again.\n", e.ID)
	return err
}
