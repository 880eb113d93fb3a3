package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// urgency is the order in which states are shown; what is none of them, which
// later hubs may know, comes first.
var urgency = []string{
	"unreadable", "recovering", "refused", "fighting", "waiting_for_dependency", "hub_behind", "device_behind", "recovered",
	noDevice, "never_seen", "in_sync",
}

const noDevice = "no device yet"

// A statusLine is a row of the table.
type statusLine struct {
	state string
	cells []any
}

func printStatus(w io.Writer, status listing[recordStatus], width int) error {
	if _, err := fmt.Fprintln(w, statusTotals(status.Totals)); err != nil {
		return err
	}
	if len(status.Items) > 0 {
		if err := statusGrid(status.Items, width).print(w); err != nil {
			return err
		}
	}
	return printMore(w, status.Next)
}

// statusTotals are the totals in words: how much there is, then the devices by
// state, those of the most urgent first.
func statusTotals(totals map[string]int) string {
	parts := []string{
		count(totals["records"], "record"), count(totals["pending"], "pending conflict"), count(totals["proposals"], "open proposal"),
	}
	if n := totals["stale"]; n > 0 {
		parts = append(parts, strconv.Itoa(n)+" without a digest")
	}
	for _, state := range urgency {
		if n := totals[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", state, n))
		}
	}
	return strings.Join(parts, " · ")
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// The widths of the table's columns: all but the last, which tells what a state
// means and has what a terminal leaves it.
const (
	statusBorders = 25 // characters between and around cells
	leastMeaning  = 24
)

var statusColumns = []struct {
	name  string
	width int
}{{"client", 26}, {"device", 18}, {"state", 14}, {"there", 5}, {"here", 4}, {"open", 4}, {"last contact", 10}, {"what it means", columnWidth}}

// statusGrid has a line for each device, those of the most urgent first. What is
// missing on the device stands under there, on the hub under here; proposals that
// wait under open.
func statusGrid(records []recordStatus, width int) grid {
	var header []any
	var configs []table.ColumnConfig
	used := statusBorders
	for i, c := range statusColumns {
		header = append(header, c.name)
		if i == len(statusColumns)-1 && width > 0 {
			c.width = max(width-used, leastMeaning)
		}
		used += c.width
		configs = append(configs, table.ColumnConfig{Number: i + 1, WidthMax: c.width, WidthMaxEnforcer: text.WrapSoft})
	}
	g := newGrid(header...)
	g.SetColumnConfigs(configs)
	var lines []statusLine
	for i := range records {
		lines = append(lines, records[i].lines()...)
	}
	slices.SortStableFunc(lines, func(a, b statusLine) int {
		return cmp.Compare(slices.Index(urgency, a.state), slices.Index(urgency, b.state))
	})
	for _, line := range lines {
		g.add(line.cells...)
	}
	return g
}

func (r *recordStatus) lines() (lines []statusLine) {
	switch n := r.Notice; {
	case n != nil:
		lines = append(lines, statusLine{n.State, []any{
			r.Client, "", printable(n.State), "", "", shownCount(r.Proposals), noticed(n.At), printable(n.Explanation + " " + n.Action),
		}})
	case len(r.Devices) == 0:
		lines = append(lines, statusLine{noDevice, []any{r.Client, "", noDevice, "", "", shownCount(r.Proposals), "", ""}})
	}
	for _, d := range r.Devices {
		contact := shownTime(d.LastContact)
		if d.Connected {
			contact = "connected"
		}
		lines = append(lines, statusLine{d.State, []any{
			r.Client, printable(d.User + "/" + d.Device), printable(d.State), shownCount(d.MissingOnDevice), shownCount(d.MissingOnHub),
			shownCount(d.Proposals), contact, printable(strings.TrimSpace(d.Explanation + " " + d.Action)),
		}})
		for _, e := range d.Reentries {
			lines = append(lines, statusLine{d.State, []any{
				"", "", "enter again", "", "", "", shownTime(e.EditedAt), printable(fmt.Sprintf("%s: %v", e.Field, e.Value)),
			}})
		}
	}
	return lines
}

// shownCount is a number in the table; nothing for none.
func shownCount(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// noticed is when a record was recovered, if it is.
func noticed(at *time.Time) string {
	if at == nil {
		return ""
	}
	return shownTime(at)
}
