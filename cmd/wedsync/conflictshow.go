package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
)

type conflictsShowCommand struct {
	remoteHub
	ID   string `arg:"" help:"The conflict."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (conflictsShowCommand) Help() string {
	return `
Examples:

    wedsync conflicts show 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC
    wedsync conflicts show 01J9ZD8Q3V4M7R2W5X6Y8Z9ABC --json`
}

// Run prints one conflict.
func (c *conflictsShowCommand) Run(ctx context.Context, t terminal) error {
	conflict, err := c.conflict(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, conflict)
	}
	return printConflict(t.Out, conflict)
}

// conflict reads one conflict.
func (h *remoteHub) conflict(ctx context.Context, id string) (*remoteConflict, error) {
	var c remoteConflict
	if err := h.get(ctx, "/api/conflicts/"+url.PathEscape(id), nil, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func printConflict(w io.Writer, c *remoteConflict) error {
	if _, err := fmt.Fprintf(w, "%s of client %s\n%s, opened %s, version %d: %s\n\n",
		printable(c.Field), c.Client, c.Status, shownTime(c.OpenedAt), c.Version, c.Reason); err != nil {
		return err
	}
	if err := c.columns().print(w); err != nil {
		return err
	}
	if c.Decision != nil {
		_, err := fmt.Fprintln(w, c.Decision)
		return err
	}
	if c.Status != "pending" {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nDecide with one of\n"+
		"    wedsync conflicts resolve %[1]s --accept PROPOSAL\n"+
		"    wedsync conflicts resolve %[1]s --keep\n"+
		"    wedsync conflicts resolve %[1]s --value JSON\n", c.ID)
	return err
}

// columns are base, current and incoming, side by side.
func (c *remoteConflict) columns() grid {
	g := newGrid("base", "current", "incoming", "proposal", "state", "why", "by", "edited")
	for i, p := range c.Proposals {
		base, current := fmt.Sprint(c.Base), fmt.Sprint(c.Current)
		if i > 0 {
			base, current = "", ""
		}
		by := p.Author.String()
		for _, other := range p.CoAuthors {
			by += "\nand " + other.String()
		}
		g.add(base, current, shownValue(p.Value), p.ID, p.State, p.Reason, by, shownTime(p.EditedAt))
	}
	return g
}

// String says who decided what.
func (d *remoteDecision) String() string {
	said := fmt.Sprintf("%s decided at %s: %s (revision %d)", d.By, shownTime(d.At), shownValue(d.Value), d.Revision)
	if d.Note != "" {
		said += ", noting: " + printable(d.Note)
	}
	return said
}
