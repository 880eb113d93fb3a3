package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A historyLine is a line of a record's history as the API shows it.
type historyLine struct {
	Kind       string  `json:"kind"`
	Field      string  `json:"field"`
	Before     any     `json:"before"`
	After      any     `json:"after"`
	Changes    int     `json:"changes"`
	DeviceTime *string `json:"device_time"`
	Outcome    string  `json:"outcome"`
	Author     struct {
		User      string `json:"user"`
		Device    string `json:"device"`
		CarriedBy string `json:"carried_by"`
	} `json:"author"`
	Base     *uint64 `json:"base"`
	Decision *struct {
		Number   uint64 `json:"number"`
		Hash     string `json:"hash"`
		Previous string `json:"previous"`
		Note     string `json:"note"`
	} `json:"decision"`
}

func (l historyLine) String() string {
	s := fmt.Sprintf("%s %s: %v → %v, %s", l.Kind, l.Field, l.Before, l.After, l.Author.User)
	if l.Outcome != "" {
		s += ", " + l.Outcome
	}
	if l.Decision != nil {
		s += fmt.Sprintf(", #%d", l.Decision.Number)
	}
	return s
}

// history is the history of a record as it happened.
func (a *api) history(id, query string) []historyLine {
	a.t.Helper()
	var page struct {
		Items []historyLine `json:"items"`
		Next  *string       `json:"next"`
	}
	a.must("GET", "/api/clients/"+id+"/history?sort=oldest&limit=200"+query, nil, &page)
	if page.Next != nil {
		a.t.Fatal("the history has more than 200 lines")
	}
	return page.Items
}

func TestHistoryOfRealDevicesTellsWhoWroteWhatAndWhoDecided(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone, tab := two(t, h) // of ada and ben
	olga := h.api(owner("olga"))
	id := phone.create(args{"name": "Ada & Ben", "notes": "", "budget": 100})
	tab.do("find", args{"id": id})
	phone.do("set", args{"id": id, "field": "guests", "value": 80})
	tab.awaitValue(id, "guests", 80)
	for i, letter := range "peonies" {
		tab.do("splice", args{"id": id, "field": "notes", "index": i, "insert": string(letter)})
	}
	tab.do("offline", nil)
	tab.do("set", args{"id": id, "field": "budget", "value": 300})
	phone.do("set", args{"id": id, "field": "budget", "value": 200})
	phone.do("wait", args{"id": id, "acked": true})
	tab.do("online", nil)
	converge(t, h, id, phone, tab)
	pending := olga.conflicts("pending")
	if len(pending) != 1 || len(pending[0].Proposals) != 2 {
		t.Fatalf("pending %+v", pending)
	}
	for _, p := range pending[0].Proposals {
		if p.Author.User == "ben" {
			olga.resolve(pending[0], map[string]any{"action": "accept", "proposal_id": p.ID, "note": "they called"})
		}
	}
	converge(t, h, id, phone, tab)

	check := func(when string) {
		t.Helper()
		lines := olga.history(id, "")
		var budget []string
		for _, l := range lines {
			if l.Field == "budget" {
				budget = append(budget, l.String())
			}
		}
		want := []string{
			"sync budget: <nil> → 100, ada, accepted, #1",
			"sync budget: 100 → 200, ada, diverted",
			"sync budget: 100 → 300, ben, diverted",
			"resolve budget: 100 → 300, olga, #2",
		}
		if !slices.Equal(budget, want) {
			t.Errorf("%s budget went\n%s\nwant\n%s", when, strings.Join(budget, "\n"), strings.Join(want, "\n"))
		}
		typed := slices.IndexFunc(lines, func(l historyLine) bool { return l.Field == "notes" && l.After == "peonies" })
		if typed < 0 || lines[typed].Before != "" || lines[typed].Changes != 7 || lines[typed].Author.Device != "ben-device" || lines[typed].DeviceTime == nil {
			t.Errorf("%s the typing is told as %+v of %v", when, lines[max(typed, 0)], lines)
		}
		if l := lines[len(lines)-1]; l.Decision == nil || l.Decision.Note != "they called" || l.Decision.Previous != lines[slices.IndexFunc(lines, func(l historyLine) bool { return l.Decision != nil })].Decision.Hash {
			t.Errorf("%s the last line is %+v", when, l)
		}
	}
	check("at first")
	h.kill()
	h.start()
	olga = h.api(owner("olga"))
	check("after a crash")
	h.stop()
	wantParts(t, mustRun(t, "doctor", "--data", h.data), "nothing is wrong")
}
