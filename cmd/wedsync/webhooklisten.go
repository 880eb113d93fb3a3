package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"wedsync/server/activity"
	"wedsync/server/webhooks/sending"
)

type webhooksListenCommand struct {
	remoteHub
	Event   []string `help:"Type of events to show, or a family like wedsync.client.*; all if none is named." placeholder:"TYPE"`
	Since   string   `help:"Position to go on from, as the events show it; what happens from now on if left out." placeholder:"POSITION"`
	Forward string   `help:"App to pass events on to, signed." placeholder:"URL"`
	Secret  string   `help:"To sign with; one is made if left out." placeholder:"SECRET"`
	JSON    bool     `name:"json" help:"Print each event on a line of its own."`
}

func (webhooksListenCommand) Help() string {
	return `
For those who write a receiver: shows each event as an endpoint would be sent it, until
interrupted. With --forward it posts them to an app, signed as the hub signs, and shows
what the app answers. It makes no endpoint and needs no address that the hub can reach:
it reads the activity stream, so it works from behind a firewall and with any token. What
counts of a client is as of when the event is shown; nothing is tried again.

Examples:

    wedsync webhooks listen
    wedsync webhooks listen --event 'wedsync.client.*' --json | jq .data.client.fields
    wedsync webhooks listen --forward http://localhost:3000/hooks`
}

// Validate is called by kong.
func (c *webhooksListenCommand) Validate() error {
	for _, filter := range c.Event {
		if rule := sending.CheckFilter(filter); rule != "" {
			return fmt.Errorf("--event %s %s", quoted(filter), rule)
		}
	}
	if c.Secret != "" && sending.Sign(http.Header{}, []string{c.Secret}, "", time.Time{}, nil) != nil {
		return fmt.Errorf("--secret must be whsec_ and base64")
	}
	return nil
}

// Run shows events until ctx ends.
func (c *webhooksListenCommand) Run(ctx context.Context, t terminal) error {
	if c.Forward != "" && c.Secret == "" {
		key := make([]byte, 32)
		rand.Read(key)
		c.Secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	if c.Forward != "" {
		fmt.Fprintf(t.Err, "events go to %s, signed with %s\n", c.Forward, c.Secret)
	}
	stream := activityCommand{remoteHub: c.remoteHub, Follow: true, Since: c.Since}
	return stream.read(ctx, t, func(_ activityEvent, raw string) error {
		var e activity.Event
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			return fmt.Errorf("the answer of %s is not that of a hub: %w", c.URL, err)
		}
		switch {
		case e.Type == resetEvent:
			_, err := fmt.Fprintln(t.Err, printable(e.Data.Text))
			return err
		case !sending.Told(e.Type) || !sending.Wants(c.Event, e.Type):
			return nil
		}
		return c.show(ctx, t, &e)
	})
}

// show shows an event, and passes it on.
func (c *webhooksListenCommand) show(ctx context.Context, t terminal, e *activity.Event) error {
	client, err := c.client(ctx, e.Subject)
	if err != nil {
		fmt.Fprintf(t.Err, "the client of the next event cannot be read: %v\n", err)
	}
	id := sending.ID(e)
	body := sending.Compose(*e, id, client).Encode()
	if err := c.print(t.Out, body); err != nil {
		return err
	}
	if c.Forward == "" {
		return nil
	}
	said, err := c.forward(ctx, id, body)
	if err != nil {
		said = err.Error()
	}
	_, err = fmt.Fprintf(t.Err, "%s  %s: %s\n", id, e.Type, printable(said))
	return err
}

func (c *webhooksListenCommand) print(w io.Writer, body []byte) error {
	if c.JSON {
		_, err := fmt.Fprintf(w, "%s\n", body)
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s\n\n", pretty.Bytes())
	return err
}

// client is what counts of a client, nil if there is none or it is gone.
func (c *webhooksListenCommand) client(ctx context.Context, id string) (*sending.Client, error) {
	if id == "" {
		return nil, nil
	}
	var raw json.RawMessage
	err := c.get(ctx, "/api/clients/"+url.PathEscape(id), nil, &raw)
	var refused *refusal
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	client := new(sending.Client)
	return client, dec.Decode(client)
}

// forward posts an event to the app, and returns how it answered.
func (c *webhooksListenCommand) forward(ctx context.Context, id string, body []byte) (string, error) {
	const within = 15 * time.Second
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Forward, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("--forward: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if err := sending.Sign(r.Header, []string{c.Secret}, id, time.Now(), body); err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return resp.Status, nil
}
