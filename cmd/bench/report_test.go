package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestCPUTimeOfACommandWithOddNameIsRead(t *testing.T) {
	line := "42 (a) b) (c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7"
	got, ok := parseStat(line)
	if want := (stat{parent: 7, own: 33, ended: 77}); !ok || got != want {
		t.Errorf("got %+v, %t; want %+v", got, ok, want)
	}
}

func TestClockOfAProcessAdvancesAsItWorks(t *testing.T) {
	before, err := clock(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	newHistory(1, 500)
	if after, err := clock(os.Getpid()); err != nil || after <= before {
		t.Errorf("got %v, %v after %v", after, err, before)
	}
}

func reported() *report {
	r := &report{Hubs: []string{hubName}, Peers: []string{syncName, hocusName}}
	for round, hub := range []float64{100, 300, 90} {
		r.add("live: all", hubName, round, []row{{Key: "live", Name: "rate", Unit: "/s", Value: hub, Higher: true}})
		r.add("live: all", syncName, round, []row{{Key: "live", Name: "rate", Unit: "/s", Value: 10, Higher: true}})
		r.add("paced", hubName, round, []row{{Key: "paced", Name: "p50", Unit: "ms", Value: 2}})
		r.add("paced", syncName, round, []row{{Key: "paced", Name: "p50", Unit: "ms", Value: 8, Bound: "the generator was the limit"}})
	}
	return r
}

func TestRatioIsTheMiddleOneOfTheRounds(t *testing.T) {
	r := reported()
	if rate, delay := r.Lines[0].ratio(hubName, syncName), r.Lines[1].ratio(hubName, syncName); rate != 10 || delay != 4 {
		t.Errorf("got %v and %v, want 10 and 4", rate, delay)
	}
	if none := r.Lines[0].ratio(hubName, hocusName); none != 0 {
		t.Errorf("got %v against a peer that was not measured", none)
	}
}

func TestTableStatesGoalsAndLimitsOfTheGenerator(t *testing.T) {
	var b strings.Builder
	if err := reported().print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"10.0× (goal 8×: met)", "4.0× (goal 5×: MISSED)", "≤ 8.0 ms", "the generator was the limit"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
}

func TestChartIsWellFormed(t *testing.T) {
	chart := string(reported().chart())
	for d := xml.NewDecoder(strings.NewReader(chart)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, chart)
		}
	}
	if bars := strings.Count(chart, `class="sync-server"`); bars != 2 {
		t.Errorf("got %d bars, want 2:\n%s", bars, chart)
	}
}
