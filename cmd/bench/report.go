package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A row is one figure of one server.
type row struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Value  float64 `json:"value"`
	Higher bool    `json:"higher_is_better,omitempty"`
	Goal   float64 `json:"goal,omitempty"`  // the ratio to reach, 0 for none
	Bound  string  `json:"bound,omitempty"` // set where the generator, not the server, was the limit
}

// bound says whether the generator had no core left while the server had.
func (u usage) bound() string {
	if cores := u.bench / u.wall; cores > 0.85 && u.server/u.wall < 0.85 {
		return fmt.Sprintf("generator used %.1f cores: a lower bound", cores)
	}
	return ""
}

// A line is one figure of both servers.
type line struct {
	row
	Values map[string]float64 `json:"values"`
	Ratio  float64            `json:"ratio"` // how many times better the hub is
}

// A report is a whole run.
type report struct {
	Started time.Time `json:"started"`
	Quick   bool      `json:"quick,omitempty"`
	Lines   []*line   `json:"lines"`
}

func (r *report) add(subject string, rows []row) {
	for _, got := range rows {
		l := r.line(got)
		l.Values[subject] = got.Value
		if got.Bound != "" {
			l.Bound = subject + ": " + got.Bound
		}
		l.Ratio = ratio(l)
	}
}

func (r *report) line(of row) *line {
	for _, l := range r.Lines {
		if l.Name == of.Name {
			return l
		}
	}
	l := &line{row: of, Values: make(map[string]float64)}
	r.Lines = append(r.Lines, l)
	return l
}

// tick is the resolution of CPU time; less than that is shown as that.
const tick = 1.0 / ticksPerSecond

func ratio(l *line) float64 {
	hub, measured := l.Values["hub"]
	other, compared := l.Values["sync-server"]
	if !measured || !compared {
		return 0
	}
	if l.Unit == "s" {
		hub, other = max(hub, tick), max(other, tick)
	}
	if hub == 0 || other == 0 {
		return 0
	}
	if l.Higher {
		return hub / other
	}
	return other / hub
}

func (r *report) print(w io.Writer) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight},
	})
	t.AppendHeader(table.Row{"", "hub", "sync-server 0.2.8", "hub better by", "goal"})
	for _, l := range r.Lines {
		t.AppendRow(table.Row{l.Name, l.show("hub"), l.show("sync-server"), l.better(), l.goal()})
	}
	if _, err := fmt.Fprintln(w, t.Render()); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	for _, l := range r.Lines {
		if l.Bound != "" {
			if _, err := fmt.Fprintf(w, "%s: %s\n", l.Name, l.Bound); err != nil {
				return fmt.Errorf("print report: %w", err)
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d cores, shared by server and generator; the hub answers after the disk has it, the sync-server before. %s\n",
		runtime.NumCPU(), "Compare ratios within one run only.")
	return err
}

func (l *line) show(subject string) string {
	v, ok := l.Values[subject]
	switch {
	case !ok || math.IsNaN(v):
		return "–"
	case v >= 100:
		return fmt.Sprintf("%.0f %s", v, l.Unit)
	}
	return fmt.Sprintf("%.2f %s", v, l.Unit)
}

func (l *line) better() string {
	if l.Ratio == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f×", l.Ratio)
}

func (l *line) goal() string {
	switch {
	case l.Goal == 0 || l.Ratio == 0:
		return ""
	case l.Ratio >= l.Goal:
		return fmt.Sprintf("≥ %.0f×, met", l.Goal)
	}
	return fmt.Sprintf("≥ %.0f×, MISSED", l.Goal)
}
