package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

type mergedCommand struct {
	List    mergedListCommand    `cmd:"" help:"List ordinary fields that people set apart."`
	Use     mergedUseCommand     `cmd:"" help:"Use a value that does not show."`
	Dismiss mergedDismissCommand `cmd:"" help:"Leave a field as it shows."`
}

// A remoteMerged is a merged entry as the API shows it.
type remoteMerged struct {
	ID       string              `json:"id"`
	Client   string              `json:"client_id"`
	Field    string              `json:"field"`
	Status   string              `json:"status"`
	Version  uint64              `json:"version"`
	Values   []remoteMergedValue `json:"values"`
	OpenedAt *time.Time          `json:"opened_at"`
	ClosedAt *time.Time          `json:"closed_at,omitempty"`
	ClosedBy *remoteAuthor       `json:"closed_by,omitempty"`
	Used     string              `json:"used,omitempty"`
	Crowded  bool                `json:"crowded,omitempty"`
}

type remoteMergedValue struct {
	Value      json.RawMessage `json:"value"`
	Cut        bool            `json:"cut"`
	Shows      bool            `json:"shows"`
	Change     string          `json:"change"`
	Author     remoteAuthor    `json:"author"`
	Source     string          `json:"source"`
	EditedAt   *time.Time      `json:"edited_at"`
	ReceivedAt *time.Time      `json:"received_at"`
}

// String is the value for a person.
func (v remoteMergedValue) String() string {
	shown := shownValue(v.Value)
	if v.Cut {
		shown += " …"
	}
	return shown
}

type mergedListCommand struct {
	remoteHub
	Status string `help:"Which: ${enum} (default ${default})." enum:"open,superseded,used_other,dismissed,all" default:"open" placeholder:"STATUS"`
	Client string `help:"Only of this client." placeholder:"ID"`
	Limit  int    `help:"How many to show at most (default ${default})." default:"200" placeholder:"N"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (mergedListCommand) Help() string {
	return `
Two people who set the same ordinary field without knowing of each other leave two
values, of which every device shows one.

Examples:

    wedsync merged list
    wedsync merged list --status all --client 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --json`
}

// Validate is called by kong.
func (c *mergedListCommand) Validate() error { return validLimit(c.Limit) }

// Run prints entries.
func (c *mergedListCommand) Run(ctx context.Context, t terminal) error {
	query := url.Values{}
	if c.Status != "all" {
		query.Set("status", c.Status)
	}
	if c.Client != "" {
		query.Set("client_id", c.Client)
	}
	entries, err := list[remoteMerged](ctx, &c.remoteHub, "/api/merged", query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, entries)
	}
	if len(entries.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No fields were set apart.")
		return err
	}
	return printMerged(t.Out, entries)
}

func printMerged(w io.Writer, entries listing[remoteMerged]) error {
	g := newGrid("entry", "field", "value", "by", "edited", "change")
	g.Style().Options.SeparateRows = true
	for _, m := range entries.Items {
		id, field := m.ID+"\nof client "+m.Client+"\n"+m.Status, printable(m.Field)
		for _, v := range m.Values {
			value := v.String()
			if v.Shows {
				value += "\n(shows)"
			}
			g.add(id, field, value, v.Author, shownTime(v.EditedAt), v.Change)
			id, field = "", ""
		}
	}
	if err := g.print(w); err != nil {
		return err
	}
	return printMore(w, entries.Next)
}

type mergedUseCommand struct {
	remoteHub
	ID      string `arg:"" help:"The entry."`
	ValueOf string `name:"value-of" help:"The change of the value. Without it, the only other one." placeholder:"CHANGE"`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (mergedUseCommand) Help() string {
	return `
The value is written as an edit of yours, and every device shows it.

Examples:

    wedsync merged use 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC
    wedsync merged use 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --value-of 5f2c…`
}

// Run uses the value.
func (c *mergedUseCommand) Run(ctx context.Context, t terminal) error {
	if c.ValueOf == "" {
		var m remoteMerged
		if err := c.get(ctx, "/api/merged/"+url.PathEscape(c.ID), nil, &m); err != nil {
			return err
		}
		if len(m.Values) != 2 {
			return fmt.Errorf("the entry has %d values: say with --value-of which to use (wedsync merged list shows their changes)", len(m.Values))
		}
		c.ValueOf = m.Values[1].Change
	}
	body := struct {
		ValueOf string `json:"value_of"`
	}{c.ValueOf}
	m, err := c.closeMerged(ctx, c.ID, "use", body)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, m)
	}
	for _, v := range m.Values {
		if v.Change == m.Used {
			_, err = fmt.Fprintf(t.Out, "%s of client %s is %s now.\n", printable(m.Field), m.Client, v)
		}
	}
	return err
}

type mergedDismissCommand struct {
	remoteHub
	ID   string `arg:"" help:"The entry."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run dismisses the entry.
func (c *mergedDismissCommand) Run(ctx context.Context, t terminal) error {
	m, err := c.closeMerged(ctx, c.ID, "dismiss", nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, m)
	}
	_, err = fmt.Fprintf(t.Out, "%s of client %s stays as it shows.\n", printable(m.Field), m.Client)
	return err
}

// closeMerged sends a command that closes an entry.
func (h *remoteHub) closeMerged(ctx context.Context, id, command string, body any) (*remoteMerged, error) {
	var m remoteMerged
	err := h.do(ctx, http.MethodPost, "/api/merged/"+url.PathEscape(id)+"/"+command, body, &m)
	var r *refusal
	if errors.As(err, &r) && r.Merged != nil {
		by := "the hub"
		if r.Merged.ClosedBy != nil {
			by = r.Merged.ClosedBy.String()
		}
		return nil, fmt.Errorf("nothing was changed: the entry is closed (%s, by %s)", printable(r.Merged.Status), by)
	}
	if err != nil {
		return nil, err
	}
	return &m, nil
}
