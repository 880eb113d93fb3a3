package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
)

// ask sends a decision under an idempotency key, whatever becomes of it.
func (a *api) ask(c queueItem, key string) (status int, body string) {
	b, err := json.Marshal(map[string]any{"version": c.Version, "action": "keep"})
	if err != nil {
		return 0, err.Error()
	}
	req, err := http.NewRequest("POST", a.base+"/api/conflicts/"+c.ID+"/resolve", bytes.NewReader(b))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	client := http.Client{Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error() // the hub was killed meanwhile
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// verdicts are the receipts that a device has not acknowledged, by conflict.
func (a *api) verdicts(device string) map[string][]string {
	a.t.Helper()
	var page struct {
		Items []struct {
			ID       string `json:"id"`
			Conflict string `json:"conflict_id"`
		} `json:"items"`
	}
	a.must("GET", "/api/verdicts?limit=200&device="+device, nil, &page)
	found := make(map[string][]string)
	for _, v := range page.Items {
		found[v.Conflict] = append(found[v.Conflict], v.ID)
	}
	return found
}

// The hub is killed while it decides: some decisions are stored and answered,
// some stored and not answered, some neither. All are asked for again.
func TestEveryDecisionHasOneReceiptAlthoughTheHubIsKilledWhileItDecides(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga, ada := h.api(owner("olga")), h.api(who{"barn", "ada", "member", ""})
	const records, early = 40, 5
	for i := range records {
		made := olga.create(map[string]any{"name": fmt.Sprintf("Couple %d", i), "budget": 100})
		ada.must("PATCH", "/api/clients/"+made.ClientID, map[string]any{"fields": map[string]any{"budget": 200 + i}}, nil)
	}
	pending := olga.conflicts("pending")
	if len(pending) != records {
		t.Fatalf("%d conflicts, want %d", len(pending), records)
	}
	var asked sync.WaitGroup
	answered := make(chan queueItem, records)
	for _, c := range pending {
		asked.Go(func() {
			if status, _ := olga.ask(c, "key "+c.ID); status == http.StatusOK {
				answered <- c
			}
		})
	}
	var known []queueItem
	for range early {
		known = append(known, <-answered)
	}
	h.kill()
	asked.Wait()
	close(answered)
	for c := range answered {
		known = append(known, c)
	}
	t.Logf("%d of %d decisions were answered before the kill", len(known), records)

	h.start()
	first := ada.verdicts("phone")
	for _, c := range known {
		if len(first[c.ID]) != 1 {
			t.Errorf("decision %s was answered, and has receipts %v", c.ID, first[c.ID])
		}
	}
	for range 2 {
		for _, c := range pending {
			if status, body := olga.ask(c, "key "+c.ID); status != http.StatusOK {
				t.Fatalf("asked again: %d %s", status, body)
			}
		}
	}
	for _, device := range []string{"phone", "tablet"} {
		got := ada.verdicts(device)
		for _, c := range pending {
			if len(got[c.ID]) != 1 {
				t.Errorf("%s has receipts %v of decision %s", device, got[c.ID], c.ID)
			}
		}
		if device == "phone" {
			for _, ids := range got {
				ada.must("POST", "/api/verdicts/"+ids[0]+"/ack?device=phone", nil, nil)
			}
			h.kill()
			h.start()
		}
	}
	if left := ada.verdicts("phone"); len(left) != 0 {
		t.Errorf("acknowledged, and told again after a crash: %v", left)
	}
}
