package hub_test

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

// Case 17, with devices: one that listens, and one that edits what is deleted.
func TestCase17_DeletedRecordIsUnavailableAndComesBackWithWhatWasOffered(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("budget", "100")
	anna.syncUntil(anna.acked)
	ben.connect(h, principal("ben", conflicts.Member))
	ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })
	anna.set("budget", "200")
	anna.syncUntil(func() bool { return anna.acked() && anna.value("budget") == "100" })
	ben.syncUntil(func() bool { return ben.acked() && ben.graph.Len() == anna.graph.Len() })
	rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 9})
	if err != nil || len(rows) != 1 {
		t.Fatalf("conflicts %+v, %v", rows, err)
	}

	if err := h.Delete(t.Context(), newID(1), principal("anna", conflicts.Member), nil); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member deletes: %v", err)
	}
	if err := h.Delete(t.Context(), newID(1), olga, nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{anna, ben} {
		for denied := false; !denied; {
			for _, o := range r.next() {
				denied = denied || o.Unavailable != ""
			}
		}
	}
	if _, err := s.Summary(t.Context(), "studio", newID(1)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted record is read: %v", err)
	}
	row, err := s.Conflict(t.Context(), "studio", rows[0].ID)
	if err != nil || row.Status != conflicts.RecordDeleted {
		t.Errorf("conflict %+v, %v", row, err)
	}
	keep := conflicts.Resolution{By: olga, Conflict: row.ID, Version: row.Version, Action: conflicts.Keep}
	if _, err := h.Resolve(t.Context(), newID(1), keep, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("decided though the record is deleted: %v", err)
	}
	offered := ben.set("notes", "written meanwhile")
	ben.push(offered.Raw)
	if out := ben.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Errorf("the offer was answered by %+v", out)
	}
	if err := h.Delete(t.Context(), newID(1), olga, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}

	if err := h.Restore(t.Context(), newID(1), olga, nil); err != nil {
		t.Fatal(err)
	}
	ben.peer = newPeer()
	for _, o := range ben.next() { // without a word of his own
		ben.take(o)
	}
	ben.syncUntil(ben.acked)
	anna.syncUntil(func() bool { return anna.value("notes") == "written meanwhile" })
	if row, err = s.Conflict(t.Context(), "studio", rows[0].ID); err != nil || row.Status != conflicts.Pending {
		t.Errorf("conflict %+v, %v", row, err)
	}
	keep.Version = row.Version
	if _, err := h.Resolve(t.Context(), newID(1), keep, nil); err != nil {
		t.Error(err)
	}
	if err := h.Restore(t.Context(), newID(1), olga, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("restored twice: %v", err)
	}
}
