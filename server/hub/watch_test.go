package hub_test

import (
	"slices"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

// watch hears of a supplier over channels that have room for the first.
func watch(t *testing.T, h *hub.Hub, supplier string) (moved chan struct{}, notes chan hub.PresenceNote) {
	t.Helper()
	moved, notes = make(chan struct{}, 1), make(chan hub.PresenceNote, 1)
	stop := h.Watch(supplier, hub.Watcher{
		Moved: func() {
			select {
			case moved <- struct{}{}:
			default:
			}
		},
		Presence: func(n hub.PresenceNote) {
			select {
			case notes <- n:
			default:
			}
		},
	})
	t.Cleanup(stop)
	return moved, notes
}

func edits(t *testing.T, h *hub.Hub, who conflicts.Principal) crdt.RecordID {
	t.Helper()
	edit := conflicts.Edit{From: who, Fields: map[crdt.Path]crdt.Value{"notes": {Kind: crdt.Text, Str: "ivy"}}}
	id, _, err := h.Create(t.Context(), edit, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWatchersHearOfTheirSupplierAlone(t *testing.T) {
	h := startHub(t, openStore(t))
	olga := principal("olga", conflicts.Owner)
	moved, _ := watch(t, h, "studio")
	others, _ := watch(t, h, "barn")
	id := edits(t, h, olga)
	<-moved
	if err := h.Erase(t.Context(), id, olga); err != nil {
		t.Fatal(err)
	}
	<-moved
	if len(others) > 0 {
		t.Error("a watcher heard of another supplier")
	}
	stop := h.Watch("studio", hub.Watcher{Moved: func() { t.Error("a watcher heard of what came after it stopped") }})
	stop()
	stop()
	edits(t, h, olga)
}

func TestWatchersHearOfOtherNodes(t *testing.T) {
	hubs, bus, _ := nodes(t, 2)
	for _, deaf := range []bool{false, true} {
		bus.mu.Lock()
		bus.deaf = deaf
		bus.mu.Unlock()
		moved, _ := watch(t, hubs[1], "studio")
		edits(t, hubs[0], principal("olga", conflicts.Owner))
		<-moved
	}
}

func TestWatchersHearWhoIsThereOnWhateverNode(t *testing.T) {
	hubs, _, _ := nodes(t, 2)
	anna, _ := sharing(t, hubs[0], hubs[1])
	for _, h := range hubs {
		_, notes := watch(t, h, "studio")
		present := syncproto.Ephemeral{Record: anna.id, Count: 7, SessionID: "s", Data: []byte("typing")}
		if err := anna.device.Receive(t.Context(), present); err != nil {
			t.Fatal(err)
		}
		if n := <-notes; n.Record != anna.id || n.User != "anna" || n.Device != "anna-phone" || string(n.Data) != "typing" || n.At.IsZero() {
			t.Errorf("heard %+v", n)
		}
	}
}

// happenings are all that the store has of the hub's supplier.
func happenings(t *testing.T, s store.Store) []store.Entry {
	t.Helper()
	entries, err := s.Happenings(t.Context(), "studio", 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestThePostedIsStoredWithItsAnswerAndErasedWithItsRecord(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	id := edits(t, h, olga)
	call := conflicts.Activity{Kind: "call", Text: "Called", Data: []byte(`{"minutes":3}`)}
	answer := func(crdt.RecordID, *conflicts.Outcome) *store.Answer {
		return &store.Answer{Principal: "studio/olga", Key: "k", Status: 201, Body: []byte("{}")}
	}
	if _, err := h.Post(t.Context(), id, olga, call, answer); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Answer(t.Context(), "studio/olga", "k"); err != nil {
		t.Error(err)
	}
	got := happenings(t, s)[1].Batches[0].Origin
	if got.Kind != conflicts.KindActivity || got.Activity == nil || got.Activity.Text != "Called" || got.From != olga {
		t.Errorf("stored %+v", got)
	}
	if _, err := h.Post(t.Context(), id, principal("vera", conflicts.Viewer), call, nil); err != hub.ErrForbidden {
		t.Errorf("posted by a viewer: %v", err)
	}
	other := conflicts.Principal{Supplier: "barn", User: "olga", Role: conflicts.Owner}
	if _, err := h.Post(t.Context(), id, other, call, nil); err != store.ErrNotFound {
		t.Errorf("posted about another supplier's record: %v", err)
	}
	if err := h.Erase(t.Context(), id, olga); err != nil {
		t.Fatal(err)
	}
	for _, e := range happenings(t, s)[:2] {
		if len(e.Batches) > 0 {
			t.Errorf("entry %d still has %+v", e.Number, e.Batches)
		}
	}
}

func TestAnErasureTellsWhichConflictsEnd(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga, mia := principal("olga", conflicts.Owner), principal("mia", conflicts.Member)
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: olga, Fields: map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Int, Int: 1}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.Edit(t.Context(), id, conflicts.Edit{From: mia, Fields: map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Int, Int: 2}}}, nil)
	if err != nil || len(o.Conflicts) != 1 {
		t.Fatalf("%+v, %v", o, err)
	}
	if err := h.Erase(t.Context(), id, olga); err != nil {
		t.Fatal(err)
	}
	entries := happenings(t, s)
	steps := entries[len(entries)-1].Batches[0].Origin.Steps
	if steps == nil || !slices.ContainsFunc(steps.Conflicts, func(c conflicts.ConflictStep) bool {
		return c.ID == o.Conflicts[0].ID && c.Status == conflicts.Erased && c.Was == conflicts.Pending
	}) {
		t.Errorf("told %+v", steps)
	}
}
