package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A row is one figure of one subject.
type row struct {
	Key    string  `json:"key"`
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Value  float64 `json:"-"`
	Higher bool    `json:"higher_is_better,omitempty"`
	Bound  string  `json:"-"` // says so where the generator, not the server, was the limit
}

// A line is one figure of all subjects.
type line struct {
	row
	Part   string               `json:"part"`
	Rounds map[string][]float64 `json:"rounds"` // of each subject
	Bounds map[string]string    `json:"bounds,omitempty"`
}

// A report is a whole run.
type report struct {
	Started time.Time         `json:"started"`
	Took    float64           `json:"seconds"`
	Quick   bool              `json:"quick,omitempty"`
	Cores   int               `json:"cores"`
	Load    string            `json:"load_at_start"` // as /proc/loadavg has it
	Others  float64           `json:"cores_used_by_others"`
	Missing map[string]string `json:"missing,omitempty"` // subjects that were not there, and why
	Hubs    []string          `json:"hubs"`
	Peers   []string          `json:"peers"`
	Failed  []string          `json:"failed,omitempty"` // trials, and why
	Lines   []*line           `json:"lines"`
}

func newReport(o options) (*report, error) {
	for _, dir := range []string{filepath.Dir(o.JSON), filepath.Dir(o.SVG), o.Profiles} {
		if err := os.MkdirAll(dir, 0o755); err != nil && dir != "" {
			return nil, fmt.Errorf("make a directory for the results: %w", err)
		}
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, fmt.Errorf("the machine's load is read from /proc, which only Linux has: %w", err)
	}
	r := &report{
		Started: time.Now(), Quick: o.Quick, Cores: runtime.NumCPU(), Load: strings.TrimSpace(string(load)),
		Missing: make(map[string]string), Hubs: []string{hubName},
	}
	for _, s := range subjects(o) {
		switch {
		case s.missing == "" && s.name == postgresName:
			r.Hubs = append(r.Hubs, s.name)
		case s.missing == "" && s.name != hubName:
			r.Peers = append(r.Peers, s.name)
		case s.missing != "" && s.name == hubName:
			return nil, errors.New("the hub is " + s.missing)
		case s.missing != "":
			r.Missing[s.name] = s.missing
		}
	}
	return r, nil
}

func (r *report) add(part, subject string, round int, rows []row) {
	for _, got := range rows {
		l := r.line(part, got)
		l.Rounds[subject] = append(l.Rounds[subject], got.Value)
		if got.Bound != "" {
			l.Bounds[subject] = fmt.Sprintf("round %d: %s", round+1, got.Bound)
		}
	}
}

func (r *report) line(part string, of row) *line {
	for _, l := range r.Lines {
		if l.Key == of.Key {
			return l
		}
	}
	l := &line{row: of, Part: part, Rounds: make(map[string][]float64), Bounds: make(map[string]string)}
	r.Lines = append(r.Lines, l)
	return l
}

// ratio is how many times better a hub is than a peer, in the middle one of
// the rounds, each compared with itself. Where a trial failed, the middle values
// are compared.
func (l *line) ratio(of, peer string) float64 {
	hub, other := l.Rounds[of], l.Rounds[peer]
	if len(hub) > 0 && len(other) > 0 && len(hub) != len(other) {
		hub, other = []float64{median(hub)}, []float64{median(other)}
	}
	var each []float64
	for i := range min(len(hub), len(other)) {
		h, o := max(hub[i], least), max(other[i], least)
		if l.Higher {
			h, o = o, h
		}
		each = append(each, o/h)
	}
	return median(each)
}

const least = 0.001 // less is beyond what was measured, in any unit here

// median is 0 of nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// write writes the figures and draws the ratios.
func (r *report) write(figures, chart string) error {
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if err := os.WriteFile(figures, append(out, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.WriteFile(chart, r.chart(), 0o644); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}
