package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

type statusCommand struct {
	remoteHub
	Limit int  `help:"How many records to show at most (default ${default})." default:"1000" placeholder:"N"`
	JSON  bool `name:"json" help:"Print JSON."`
}

func (statusCommand) Help() string {
	return `
Says for each record and each device that synced it whether both hold the same,
what is missing where, and what to do about it.

Examples:

    wedsync status
    wedsync status --url https://hub.example.com --json`
}

// Validate is called by kong.
func (c *statusCommand) Validate() error { return validLimit(c.Limit) }

type recordStatus struct {
	Client  string         `json:"client_id"`
	Heads   []string       `json:"heads"`
	Digest  string         `json:"digest"`
	Pending int            `json:"pending"`
	Notice  *recordNotice  `json:"notice,omitempty"`
	Devices []deviceStatus `json:"devices"`
}

type recordNotice struct {
	State       string     `json:"state"`
	At          *time.Time `json:"at"`
	Explanation string     `json:"explanation"`
	Action      string     `json:"action"`
}

type deviceStatus struct {
	Device          string     `json:"device"`
	User            string     `json:"user"`
	State           string     `json:"state"`
	Reason          string     `json:"reason,omitempty"`
	Connected       bool       `json:"connected"`
	MissingOnDevice int        `json:"missing_on_device"`
	MissingOnHub    int        `json:"missing_on_hub"`
	LastContact     *time.Time `json:"last_contact"`
	Explanation     string     `json:"explanation"`
	Action          string     `json:"action"`
	Reentries       []reentry  `json:"reenter,omitempty"`
}

type reentry struct {
	Field    string     `json:"field"`
	Value    any        `json:"value"`
	EditedAt *time.Time `json:"edited_at"`
}

// Run prints the sync status.
func (c *statusCommand) Run(ctx context.Context, t terminal) error {
	status, err := list[recordStatus](ctx, &c.remoteHub, "/api/clients/sync-status", url.Values{}, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, status)
	}
	return printStatus(t.Out, status)
}

func printStatus(w io.Writer, status listing[recordStatus]) error {
	g := newGrid("client", "pending", "user", "device", "state", "missing there", "missing here", "last contact", "what it means")
	for _, r := range status.Items {
		if n := r.Notice; n != nil {
			g.add(r.Client, r.Pending, "", "", n.State, "", "", noticed(n.At), printable(n.Explanation+" "+n.Action))
		} else if len(r.Devices) == 0 {
			g.add(r.Client, r.Pending, "", "", "no device yet", "", "", "", "")
		}
		for _, d := range r.Devices {
			contact := shownTime(d.LastContact)
			if d.Connected {
				contact = "connected"
			}
			g.add(r.Client, r.Pending, printable(d.User), printable(d.Device), d.State,
				d.MissingOnDevice, d.MissingOnHub, contact, printable(strings.TrimSpace(d.Explanation+" "+d.Action)))
			for _, e := range d.Reentries {
				g.add("", "", "", "", "enter again", "", "", shownTime(e.EditedAt), printable(fmt.Sprintf("%s: %v", e.Field, e.Value)))
			}
		}
	}
	if err := g.print(w); err != nil {
		return err
	}
	var totals []string
	for _, what := range slices.Sorted(maps.Keys(status.Totals)) {
		totals = append(totals, fmt.Sprintf("%s %d", what, status.Totals[what]))
	}
	if _, err := fmt.Fprintln(w, strings.Join(totals, " · ")); err != nil {
		return err
	}
	return printMore(w, status.Next)
}

// noticed is when a record was recovered, if it is.
func noticed(at *time.Time) string {
	if at == nil {
		return ""
	}
	return shownTime(at)
}

// printMore says so if a list goes on.
func printMore(w io.Writer, next *string) error {
	if next == nil {
		return nil
	}
	_, err := fmt.Fprintln(w, "There are more: --limit shows them.")
	return err
}

func validLimit(n int) error {
	if n < 1 {
		return fmt.Errorf("--limit must be 1 or more, not %d", n)
	}
	return nil
}
