package hub_test

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

func TestErasedRecordIsUnavailableForEverAndCannotBeBroughtBack(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
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

	if err := h.Erase(t.Context(), newID(1), principal("anna", conflicts.Member)); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member erases: %v", err)
	}
	if err := h.Erase(t.Context(), newID(2), olga); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a record that nobody has was erased: %v", err)
	}
	s.Fail(storetest.Erase, storetest.NotDone)
	if err := h.Erase(t.Context(), newID(1), olga); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("a failed erasure: %v", err)
	}
	if err := h.Erase(t.Context(), newID(1), olga); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{anna, ben} {
		for denied := false; !denied; {
			for _, o := range r.next() {
				denied = denied || o.Unavailable != ""
			}
		}
	}
	anna.push(anna.set("notes", "still here").Raw)
	if out := anna.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Errorf("a device that brings it back heard %+v", out)
	}
	again := newReplica(t, "anna", newID(1))
	again.graph = anna.graph
	again.connect(startHub(t, s), principal("anna", conflicts.Member))
	again.send()
	if out := again.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Errorf("after a restart it heard %+v", out)
	}
	rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 9})
	if err != nil || len(rows) != 1 || rows[0].Status != conflicts.Erased || rows[0].Proposals[0].Value.Str != "" {
		t.Errorf("conflicts %+v, %v", rows, err)
	}
	for name, command := range map[string]error{
		"restored": h.Restore(t.Context(), newID(1), olga, nil),
		"deleted":  h.Delete(t.Context(), newID(1), olga, nil),
		"erased":   h.Erase(t.Context(), newID(1), olga),
	} {
		if !errors.Is(command, store.ErrNotFound) {
			t.Errorf("%s once more: %v", name, command)
		}
	}
}

func TestDeletedRecordCanBeErased(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: olga, Fields: budget("100")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Delete(t.Context(), id, olga, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.Erase(t.Context(), id, olga); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Load(t.Context(), id); err != nil || st.State != store.Erased || len(st.Ledger) > 0 {
		t.Errorf("stored %+v, %v", st, err)
	}
}
