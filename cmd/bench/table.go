package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// print writes the report for people.
func (r *report) print(w io.Writer) error {
	var all []string
	for _, hub := range r.Hubs {
		if slices.ContainsFunc(r.Lines, func(l *line) bool { return len(l.Rounds[hub]) > 0 }) {
			all = append(all, r.table(hub))
		}
	}
	for _, s := range append(all, r.remarks()...) {
		if _, err := fmt.Fprintln(w, s); err != nil {
			return fmt.Errorf("print report: %w", err)
		}
	}
	return nil
}

// table is a hub beside its peers, as far as it was measured.
func (r *report) table(hub string) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	header := table.Row{"", hub}
	for _, p := range r.Peers {
		header = append(header, p)
	}
	for _, p := range r.Peers {
		header = append(header, "better than "+p)
	}
	t.AppendHeader(header)
	var columns []table.ColumnConfig
	for i := range header[1:] {
		columns = append(columns, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	part := ""
	for _, l := range r.Lines {
		if len(l.Rounds[hub]) == 0 {
			continue
		}
		if l.Part != part {
			part = l.Part
			t.AppendSeparator()
			t.AppendRow(table.Row{part})
		}
		t.AppendRow(r.cells(hub, l))
	}
	return t.Render()
}

func (r *report) cells(hub string, l *line) table.Row {
	cells := table.Row{"  " + l.Name, l.show(hub) + l.limit(hub)}
	for _, p := range r.Peers {
		cells = append(cells, l.show(p))
	}
	for _, p := range r.Peers {
		cells = append(cells, l.better(hub, p))
	}
	return cells
}

func (l *line) show(subject string) string {
	rounds := l.Rounds[subject]
	if len(rounds) == 0 {
		return "–"
	}
	v, mark := median(rounds), ""
	if l.Bounds[subject] != "" {
		mark = "≥ "
		if !l.Higher {
			mark = "≤ "
		}
	}
	switch {
	case v >= 100:
		return fmt.Sprintf("%s%.0f %s", mark, v, l.Unit)
	case v >= 1:
		return fmt.Sprintf("%s%.1f %s", mark, v, l.Unit)
	}
	return fmt.Sprintf("%s%.3f %s", mark, v, l.Unit)
}

func (l *line) limit(hub string) string {
	g := goalOf(hub, l.Key)
	is := median(l.Rounds[hub])
	switch {
	case g.limit > 0:
		return fmt.Sprintf(" (goal ≤ %.0f: %s)", g.limit, verdict(is <= g.limit))
	case g.least > 0:
		return fmt.Sprintf(" (goal ≥ %.0f: %s)", g.least, verdict(is >= g.least))
	}
	return ""
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

func (l *line) better(hub, peer string) string {
	ratio := l.ratio(hub, peer)
	want := goalOf(hub, l.Key).against[peer]
	switch {
	case ratio == 0 || l.Unit == "":
		return ""
	case want == 0:
		return fmt.Sprintf("%.1f×", ratio)
	}
	return fmt.Sprintf("%.1f× (goal %g×: %s)", ratio, want, verdict(ratio >= want))
}

// remarks say what one must know to read the table.
func (r *report) remarks() []string {
	var all []string
	for _, l := range r.Lines {
		for _, s := range slices.Concat(r.Hubs, r.Peers) {
			if b := l.Bounds[s]; b != "" {
				all = append(all, fmt.Sprintf("%s, %s with %s: %s", l.Part, l.Name, s, b))
			}
		}
	}
	slices.Sort(all)
	for _, why := range r.Failed {
		all = append(all, "FAILED: "+why)
	}
	for s, why := range r.Missing {
		all = append(all, s+" is left out: "+why)
	}
	return append(all,
		fmt.Sprintf("%.0f s on %d cores, shared by server and generator; load at the start %s, others used up to %.1f cores meanwhile.",
			r.Took, r.Cores, r.Load, r.Others),
		"The hub answers once the disk has it; sync-server answers before, and Hocuspocus stores 2 s later.",
		"Middle value of the rounds. Machines drift: compare ratios within one run only, and CPU rather than wall time.")
}
