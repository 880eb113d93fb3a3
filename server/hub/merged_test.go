package hub_test

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// pairApart are two connected devices of which the second has not sent yet what
// it wrote beside the first.
func pairApart(t *testing.T, h *hub.Hub) (anna, ben *replica) {
	t.Helper()
	anna, ben = newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
	ben.set("notes", "likes lilies")
	anna.set("notes", "likes peonies")
	anna.syncUntil(anna.acked)
	return anna, ben
}

func mergedOf(t *testing.T, s store.Store) []conflicts.Merged {
	t.Helper()
	all, err := s.MergedEntries(t.Context(), "studio", store.MergedQuery{Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMergedEntryIsStoredWithTheChangesThatMadeIt(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"not written": storetest.NotDone, "answer lost": storetest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			s := storetest.NewFaulty(openStore(t))
			h := startHub(t, s)
			_, ben := pairApart(t, h)
			s.Fail(storetest.Append, fault)
			ben.send()
			for code := ben.device.Code(); code != hub.TryAgain; code = ben.device.Code() {
				for _, o := range ben.nextOrClosed() {
					ben.take(o)
				}
			}
			if got := len(mergedOf(t, s)); got != map[storetest.Fault]int{storetest.NotDone: 0, storetest.AnswerLost: 1}[fault] {
				t.Errorf("%d entries after the failure", got)
			}
			ben.connect(h, principal("ben", conflicts.Member))
			ben.syncUntil(ben.acked)
			all := mergedOf(t, s)
			if len(all) != 1 || all[0].Status != conflicts.MergedOpen || len(all[0].Values) != 2 || viewOf(t, s, newID(1)).Merged["notes"] != all[0].ID {
				t.Errorf("entries %+v", all)
			}
		})
	}
}

// nextOrClosed is what the hub sends next, nothing if it closed the connection.
func (r *replica) nextOrClosed() []hub.Outgoing {
	r.t.Helper()
	out, err := r.device.Next(r.t.Context(), nil)
	if err != nil {
		<-r.device.Done()
	}
	return out
}

func TestValueThatLostIsUsedAfterARestart(t *testing.T) {
	s := openStore(t)
	anna, m := func() (*replica, conflicts.Merged) {
		h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		anna, ben := pairApart(t, h)
		ben.syncUntil(ben.acked)
		return anna, mergedOf(t, s)[0]
	}()
	h := startHub(t, s)
	other := m.Values[1]
	use := conflicts.MergedUse{By: principal("mia", conflicts.Member), Entry: m.ID, Value: other.Change}
	viewer := use
	viewer.By.Role = conflicts.Viewer
	if _, err := h.UseMerged(t.Context(), newID(1), viewer, nil); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a viewer: %v", err)
	}
	if _, err := h.UseMerged(t.Context(), newID(1), use, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.UseMerged(t.Context(), newID(1), use, nil); !errors.Is(err, conflicts.ErrUnknownMerged) {
		t.Errorf("again: %v", err)
	}
	closed := mergedOf(t, s)
	if len(closed) != 1 || closed[0].Status != conflicts.MergedUsed || closed[0].ClosedBy.User != "mia" {
		t.Errorf("entries %+v", closed)
	}
	logged(t, s, newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.syncUntil(func() bool { return anna.value("notes") == other.Value.Str && anna.acked() })
}

func TestDismissalIsKeptInTheJournal(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	_, ben := pairApart(t, h)
	ben.syncUntil(ben.acked)
	m := mergedOf(t, s)[0]
	logged(t, s, newID(1))
	if _, err := h.DismissMerged(t.Context(), newID(1), principal("mia", conflicts.Member), m.ID, nil); err != nil {
		t.Fatal(err)
	}
	all := entries(t, s)
	if last := all[len(all)-1]; last.Origin.Kind != "dismiss" || last.Origin.From.User != "mia" || last.Origin.Chosen != "notes" || len(last.Chunks) != 0 {
		t.Errorf("the journal ends with %+v", last)
	}
	if view := viewOf(t, s, newID(1)); len(view.Merged) != 0 {
		t.Errorf("open are %v", view.Merged)
	}
}
