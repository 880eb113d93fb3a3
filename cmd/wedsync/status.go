package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"golang.org/x/term"
)

type statusCommand struct {
	remoteHub
	Client string        `help:"Only this record." placeholder:"ID"`
	Device string        `help:"Only this device, or all devices of this name." placeholder:"USER/DEVICE"`
	State  string        `help:"Only devices in this state: ${enum}." enum:",trouble,in_sync,device_behind,hub_behind,waiting_for_dependency,refused,fighting,never_seen" default:"" placeholder:"STATE"`
	Watch  time.Duration `help:"Show it again and again, after this time each, until it is interrupted." placeholder:"5s"`
	Limit  int           `help:"How many records to show at most (default ${default})." default:"1000" placeholder:"N"`
	JSON   bool          `name:"json" help:"Print JSON."`
}

func (statusCommand) Help() string {
	return `
Says for each record and each device that synced it whether both hold the same,
what is missing where, and what to do about it: those in trouble first. Trouble is
any state but in_sync and never_seen.

Examples:

    wedsync status
    wedsync status --state trouble --watch 5s
    wedsync status --client 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --device mia/phone
    wedsync status --url https://hub.example.com --json`
}

// leastWatch is how soon a status may be shown again: to look costs the hub something.
const leastWatch = time.Second

// Validate is called by kong.
func (c *statusCommand) Validate() error {
	if c.Watch != 0 && c.Watch < leastWatch {
		return fmt.Errorf("--watch must be %s or more, not %s", leastWatch, c.Watch)
	}
	return validLimit(c.Limit)
}

// A recordStatus is one record as the API tells of it.
type recordStatus struct {
	Client    string         `json:"client_id"`
	Document  string         `json:"document_id"`
	Heads     []string       `json:"heads"`
	Digest    *string        `json:"digest"`
	Stale     bool           `json:"stale"`
	Pending   int            `json:"pending"`
	Proposals int            `json:"proposals"`
	Notice    *recordNotice  `json:"notice,omitempty"`
	Devices   []deviceStatus `json:"devices"`
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
	Proposals       int        `json:"proposals"`
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
	if c.Watch == 0 {
		return c.print(ctx, t)
	}
	for {
		if t.width() > 0 {
			_, _ = fmt.Fprint(t.Out, "\x1b[H\x1b[2J") // begins on an empty screen
		}
		if _, err := fmt.Fprintln(t.Out, time.Now().Format("2006-01-02 15:04:05")); err != nil {
			return err
		}
		if err := c.print(ctx, t); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Watch):
		}
	}
}

func (c *statusCommand) print(ctx context.Context, t terminal) error {
	query := url.Values{}
	for name, value := range map[string]string{"client_id": c.Client, "device": c.Device, "state": c.State} {
		if value != "" {
			query.Set(name, value)
		}
	}
	status, err := list[recordStatus](ctx, &c.remoteHub, "/api/clients/sync-status", query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, status)
	}
	return printStatus(t.Out, status, t.width())
}

// width is how many characters fit into a line, 0 if Out is no terminal.
func (t terminal) width() int {
	f, ok := t.Out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return usualWidth
	}
	return width
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
