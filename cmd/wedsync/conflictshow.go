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
What a value has gained is {+marked so+}, what it has lost [-so-], on a terminal by colours
(NO_COLOR=1 for brackets): of the current value against the base, of what comes in against
the current value.

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
	return printConflict(t.Out, conflict, marksFor(t))
}

// conflict reads one conflict.
func (h *remoteHub) conflict(ctx context.Context, id string) (*remoteConflict, error) {
	var c remoteConflict
	if err := h.get(ctx, "/api/conflicts/"+url.PathEscape(id), nil, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func printConflict(w io.Writer, c *remoteConflict, m marks) error {
	if _, err := fmt.Fprintf(w, "%s of %s\n%s, opened %s, version %d: %s\n\n",
		printable(c.Field), c.client(), c.Status, shownTime(c.OpenedAt), c.Version, c.Reason); err != nil {
		return err
	}
	if err := c.columns(m).print(w); err != nil {
		return err
	}
	if err := c.printSurrounding(w, m); err != nil {
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

// client is what the conflict's client is called.
func (c *remoteConflict) client() string {
	if c.Name == "" {
		return "client " + c.Client
	}
	return printable(c.Name) + " (client " + c.Client + ")"
}

// printSurrounding prints what else the authors edited in the same minutes.
func (c *remoteConflict) printSurrounding(w io.Writer, m marks) error {
	for _, p := range c.Proposals {
		for i, e := range p.Surrounding {
			if i == 0 {
				if _, err := fmt.Fprintf(w, "\nIn the same minutes as %s, %s also edited\n", p.ID, p.Author); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintf(w, "    %s: %s\n", printable(e.Field), m.marked(e.Before, e.After)); err != nil {
				return err
			}
		}
	}
	return nil
}

// columns are base, current and incoming, side by side: the current value with
// its differences from the base, the proposals with theirs from the current one.
func (c *remoteConflict) columns(m marks) grid {
	g := newGrid("base", "current", "incoming", "proposal", "state", "why", "by", "edited")
	for i, p := range c.Proposals {
		base, current := c.Base.String(), fmt.Sprintf("%s\nrevision %d", m.marked(c.Base.Value, c.Current.Value), c.Current.Revision)
		if i > 0 {
			base, current = "", ""
		}
		by := p.Author.String()
		for _, other := range p.CoAuthors {
			by += "\nand " + other.String()
		}
		g.add(base, current, m.marked(c.Current.Value, p.Value), p.ID, p.State, p.Reason, by, shownTime(p.EditedAt))
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
