package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type activityCommand struct {
	remoteHub
	Follow bool     `short:"f" help:"Show what happens from now on, too, until interrupted."`
	Client []string `help:"Client to show, by either of its ids; all if none is named." placeholder:"ID"`
	Since  string   `help:"Position to go on from, as --json shows it." placeholder:"POSITION"`
	Last   int      `help:"How far to look back if no position is named, in commits (default ${default})." default:"50" placeholder:"N"`
	JSON   bool     `name:"json" help:"Print each event as JSON on a line of its own."`
}

func (activityCommand) Help() string {
	return `
Says what happened to clients, in plain sentences: who changed which fields on which
device, what waits for a decision and what was decided, what apps posted. With
--follow it goes on, also after the connection broke, without leaving anything out.

Examples:

    wedsync activity
    wedsync activity --follow
    wedsync activity --client 01JD8Z7Q3KX0V5M2N4B6C8D0EF --last 1000
    wedsync activity --json --since k3x9qmzw2p:1234 | jq .data.text`
}

// Validate is called by kong.
func (c *activityCommand) Validate() error {
	const most = 10_000
	if c.Last < 0 || c.Last > most {
		return fmt.Errorf("--last must be from 0 to %d, not %d", most, c.Last)
	}
	return nil
}

// How a broken stream is taken up again.
const (
	firstRetry  = 250 * time.Millisecond
	longestRest = 30 * time.Second
	silentFor   = 45 * time.Second // the hub gives a sign of life more often
)

// An activityEvent is what is shown of an event.
type activityEvent struct {
	Type     string    `json:"type"`
	Subject  string    `json:"subject"`
	Time     time.Time `json:"time"`
	Position string    `json:"position"`
	Data     struct {
		Text string `json:"text"`
	} `json:"data"`
}

// The events that are about the stream itself.
const (
	positionEvent = "wedsync.position"
	resetEvent    = "wedsync.reset"
)

// errToldAll ends the stream of who does not follow.
var errToldAll = errors.New("everything was told")

// Run prints what happened.
func (c *activityCommand) Run(ctx context.Context, t terminal) error {
	return c.read(ctx, t, func(e activityEvent, raw string) error { return c.show(t, e, raw) })
}

// read calls show for each event, and takes a stream up again that breaks.
func (c *activityCommand) read(ctx context.Context, t terminal, show func(e activityEvent, raw string) error) error {
	position := c.Since
	if position == "" {
		position = "-" + strconv.Itoa(c.Last)
		if c.Last == 0 {
			position = "now"
		}
	}
	for pause := firstRetry; ; {
		told := false
		err := c.stream(ctx, position, func(e activityEvent, raw string) error {
			position, told = e.Position, true
			return show(e, raw)
		})
		var refused *refusal
		switch {
		case ctx.Err() != nil, errors.Is(err, errToldAll):
			return nil
		case !c.Follow, errors.As(err, &refused) && refused.Status < 500 && refused.Status != http.StatusTooManyRequests:
			return err
		}
		if told {
			pause = firstRetry
		}
		fmt.Fprintf(t.Err, "the stream broke (%v); trying again\n", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, longestRest)
	}
}

// show prints an event.
func (c *activityCommand) show(t terminal, e activityEvent, raw string) (err error) {
	switch {
	case c.JSON:
		_, err = fmt.Fprintln(t.Out, raw)
	case e.Type == positionEvent:
	case e.Type == resetEvent:
		_, err = fmt.Fprintln(t.Err, printable(e.Data.Text))
	default:
		_, err = fmt.Fprintf(t.Out, "%s  %s  %s\n", e.Time.Local().Format(time.DateTime), printable(e.Subject), printable(e.Data.Text))
	}
	if err == nil && e.Type == positionEvent && !c.Follow {
		err = errToldAll
	}
	return err
}

// stream reads events from a position on until it ends, and says why.
func (c *activityCommand) stream(ctx context.Context, position string, show func(e activityEvent, raw string) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	query := url.Values{"position": {position}}
	if len(c.Client) > 0 {
		query.Set("clients", strings.Join(c.Client, ","))
	}
	silence := time.AfterFunc(silentFor, func() { cancel(fmt.Errorf("the hub at %s is silent", c.URL)) })
	defer silence.Stop()
	body, err := c.open(ctx, "/api/realtime/clients/events", query)
	if err != nil {
		return err
	}
	defer body.Close()
	err = eachEvent(body, func() { silence.Reset(silentFor) }, func(data string) error {
		var e activityEvent
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("the answer of %s is not that of a hub: %w", c.URL, err)
		}
		return show(e, data)
	})
	if errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}
