package main

import (
	"testing"
	"time"
)

// standing is how a user's device stands to a record.
func standing(a *api, client, user string) (found deviceStatus) {
	a.t.Helper()
	var page struct {
		Items []recordStatus `json:"items"`
	}
	a.must("GET", "/api/clients/sync-status", nil, &page)
	for _, r := range page.Items {
		for _, d := range r.Devices {
			if r.Client == client && d.User == user {
				found = d
			}
		}
	}
	return found
}

// own counts a client's own edits of the fields that it observes.
func own(c *nodeClient) (n int) {
	for _, e := range c.events("shown") {
		if e.Source == "own" {
			n++
		}
	}
	return n
}

func TestClientThatInsistsOnAValueIsSlowedDownAloneAndSaidToFight(t *testing.T) {
	t.Parallel() // it waits most of the time
	h := startHub(t)
	olga := h.api(owner("olga"))
	record := olga.create(map[string]any{"name": "Ada", "budget": 100})
	id := record.DocumentID
	phone, tab := two(t, h)
	for _, c := range []*nodeClient{phone, tab} {
		c.do("find", args{"id": id})
	}
	other := phone.create(args{"name": "another record", "notes": ""})
	tab.do("find", args{"id": other})
	phone.do("observe", args{"id": id, "field": "budget"})
	phone.do("insist", args{"id": id, "field": "budget", "value": 20})

	// The twelfth edit makes it a fight, and its answer leads to one that waits.
	phone.p.awaitChange(func() bool { return own(phone) >= 13 }, "a fight")
	since := time.Now()
	if st := standing(olga, record.ClientID, "ada"); st.State != "fighting" || st.Action == "" {
		t.Errorf("the device that fights: %+v", st)
	}
	if st := standing(olga, record.ClientID, "ben"); st.State != "in_sync" && st.State != "device_behind" {
		t.Errorf("the other device: %+v", st)
	}
	tab.do("set", args{"id": id, "field": "notes", "value": "ivy"})
	phone.awaitValue(id, "notes", "ivy") // it is told what others write
	phone.do("splice", args{"id": other, "field": "notes", "index": 0, "insert": "peonies"})
	tab.awaitValue(other, "notes", "peonies") // and heard elsewhere
	if n := own(phone); n > 13 {
		t.Errorf("%d edits before the others were heard", n)
	}
	// What it wrote meanwhile is taken in the end.
	phone.do("set", args{"id": id, "field": "email", "value": "ada@example.org"})
	tab.awaitValue(id, "email", "ada@example.org")
	phone.p.awaitChange(func() bool { return own(phone) >= 15 }, "one more edit of the budget")
	if waited := time.Since(since); waited < 4*time.Second {
		t.Errorf("its next edit was answered within %v", waited)
	}
	if pending := olga.conflicts("pending"); len(pending) != 1 {
		t.Errorf("%d conflicts, want 1", len(pending))
	}
	if got := olga.get(id).Fields["budget"]; got != 100.0 {
		t.Errorf("accepted budget %v", got)
	}
}
