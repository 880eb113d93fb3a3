package hub_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// told is the history of a record in few words, newest first.
func told(t *testing.T, h *hub.Hub, id crdt.RecordID) []string {
	t.Helper()
	page, err := h.History(t.Context(), "studio", id, conflicts.HistoryQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range page.Events {
		line := fmt.Sprintf("%s %s: %v → %v, %s", e.Kind, e.Field, e.Before.JSON(), e.After.JSON(), e.Author.User)
		if e.Entry != nil {
			line += fmt.Sprintf(", #%d", e.Entry.Number)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestHistoryIsReadFromTheStoreWhoeverMadeIt(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	id := newID(1)
	anna := newReplica(t, "anna", id)
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("budget", "100")
	anna.syncUntil(anna.acked)
	anna.set("notes", "peonies")
	anna.set("budget", "200")
	anna.syncUntil(anna.acked)
	olga := principal("olga", conflicts.Owner)
	queue, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 9})
	if err != nil || len(queue) != 1 {
		t.Fatalf("%d conflicts, %v", len(queue), err)
	}
	if _, err := h.Resolve(t.Context(), id, conflicts.Resolution{
		By: olga, Conflict: queue[0].ID, Version: queue[0].Version, Action: conflicts.Keep, Note: "too much",
	}, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"resolve budget: 100 → 100, olga, #2",
		"sync budget: 100 → 200, anna",
		"sync notes: <nil> → peonies, anna",
		"sync budget: <nil> → 100, anna, #1",
	}
	for name, h := range map[string]*hub.Hub{"the same hub": h, "another hub": startHub(t, s)} {
		if got := told(t, h, id); !slices.Equal(got, want) {
			t.Errorf("%s tells\n%q\nwant\n%q", name, got, want)
		}
	}
	if _, err := h.History(t.Context(), "other", id, conflicts.HistoryQuery{Limit: 9}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another supplier gets %v", err)
	}
	if err := h.Delete(t.Context(), id, olga, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.History(t.Context(), "studio", id, conflicts.HistoryQuery{Limit: 9}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted record has a history: %v", err)
	}
	if err := h.Restore(t.Context(), id, olga, nil); err != nil {
		t.Fatal(err)
	}
	if got := told(t, h, id)[:2]; !slices.Equal(got, []string{"restore : <nil> → <nil>, olga", "delete : <nil> → <nil>, olga"}) {
		t.Errorf("told first %q", got)
	}
}

func TestHistoryHoldsUpNeitherItsRecordNorAnother(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	edit := conflicts.Edit{From: olga, Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "peonies"}}}
	id, _, err := h.Create(t.Context(), edit, nil)
	if err != nil {
		t.Fatal(err)
	}
	release := s.Hold(storetest.History)
	page := make(chan hub.HistoryPage, 1)
	go func() { // ends once the store is released
		p, err := h.History(t.Context(), "studio", id, conflicts.HistoryQuery{Limit: 9})
		if err != nil {
			t.Error(err)
		}
		page <- p
	}()
	edit.Fields = map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "ivy"}}
	if _, err := h.Edit(t.Context(), id, edit, nil); err != nil {
		t.Fatal(err)
	}
	release()
	if p := <-page; len(p.Events) == 0 {
		t.Error("nothing was told")
	}
	s.Fail(storetest.History, storetest.NotDone)
	if _, err := h.History(t.Context(), "studio", id, conflicts.HistoryQuery{Limit: 9}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got error %v, want %v", err, store.ErrUnavailable)
	}
}
