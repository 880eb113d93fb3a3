package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wedsync/crdt"
	"wedsync/store/postgres"
)

// awaitReady waits until a hub says that it is ready, or that it is not and why.
func (o *outage) awaitReady(h *hubProcess, whyNot string) {
	o.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	said := ""
	for late := time.Now().Add(patience); time.Now().Before(late); <-again.C {
		answer, err := http.Get("http://" + h.address + "/readyz")
		if err != nil {
			o.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			o.Fatal(err)
		}
		answer.Body.Close()
		said = string(body)
		if (answer.StatusCode == http.StatusOK) == (whyNot == "") && strings.Contains(said, whyNot) {
			return
		}
	}
	o.Fatalf("/readyz says %q, waited for %q", said, whyNot)
}

// checkStored checks that the database itself holds what a device saw acknowledged.
func (o *outage) checkStored(c *nodeClient) {
	o.Helper()
	s, err := postgres.OpenAsIs(o.Context(), o.db.Address(outageDatabase))
	if err != nil {
		o.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			o.Error(err)
		}
	}()
	for _, document := range []string{o.notes, o.dates} {
		id, err := crdt.ParseDocumentID(document)
		if err != nil {
			o.Fatal(err)
		}
		stored, err := s.Load(o.Context(), id)
		if err != nil {
			o.Fatal(err)
		}
		holds := make(map[string]bool)
		for _, b := range stored.Batches {
			for _, raw := range b.Chunks {
				change, err := crdt.Decode(raw, crdt.DefaultLimits)
				if err != nil {
					o.Fatal(err)
				}
				holds[change.Hash.String()] = true
			}
		}
		for _, e := range c.events("acked") {
			if e.Doc != document {
				continue
			}
			for _, head := range e.Heads {
				o.stored++
				if !holds[head] {
					o.Errorf("change %s of %s was acknowledged to %s and is not in the database", head, document, c.name)
				}
			}
		}
	}
}

// checkProposals checks that each proposal stands in one conflict.
func checkProposals(t *testing.T, a *api) (conflicts, proposals int) {
	t.Helper()
	known := make(map[string]string)
	all := a.conflicts("")
	for _, c := range all {
		for _, p := range c.Proposals {
			if other, twice := known[p.ID]; twice {
				t.Errorf("proposal %s stands in conflicts %s and %s", p.ID, other, c.ID)
			}
			known[p.ID] = c.ID
		}
	}
	return len(all), len(known)
}
