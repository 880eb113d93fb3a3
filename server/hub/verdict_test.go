package hub_test

import (
	"errors"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

func budget(value string) map[crdt.Path]crdt.Value {
	return map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Str, Str: value}}
}

// Crash or not, a decision and its receipts are stored together.
func TestReceiptIsStoredWithTheDecision(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	olga, mia := principal("olga", conflicts.Owner), principal("mia", conflicts.Member)
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: olga, Fields: budget("100")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.Edit(t.Context(), id, conflicts.Edit{From: mia, Fields: budget("200")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	row := o.Conflicts[0]
	keep := conflicts.Resolution{By: olga, Conflict: row.ID, Version: row.Version, Action: conflicts.Keep}
	for _, fault := range []storetest.Fault{storetest.NotDone, storetest.AnswerLost} {
		s.Fail(storetest.Append, fault)
		if _, err := h.Resolve(t.Context(), id, keep, nil); err == nil {
			t.Fatal("a failed append was called a decision")
		}
		row, err := s.Conflict(t.Context(), "studio", row.ID)
		if err != nil {
			t.Fatal(err)
		}
		receipts, err := s.Receipts(t.Context(), "studio", "mia", "phone", "", 9)
		if err != nil {
			t.Fatal(err)
		}
		if decided := row.Status == conflicts.Resolved; decided != (len(receipts) == 1) || decided != (fault == storetest.AnswerLost) {
			t.Errorf("the conflict is %s, and there are %d receipts", row.Status, len(receipts))
		}
	}
}

func TestWithdrawnProposalLeavesTheDocumentInTheSameCommit(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	who := principal("anna", conflicts.Member)
	anna.connect(h, who)
	anna.set("budget", "100")
	anna.syncUntil(anna.acked)
	first := anna.set("budget", "200")
	anna.syncUntil(func() bool { return anna.acked() && anna.graph.Has(first.Hash) && anna.value("budget") == "100" })
	rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Status: conflicts.Pending, Limit: 9})
	if err != nil || len(rows) != 1 {
		t.Fatalf("pending %v, %v", rows, err)
	}
	o, err := h.Withdraw(t.Context(), newID(1), conflicts.Withdrawal{By: who, Conflict: rows[0].ID, Proposal: rows[0].Proposals[0].ID}, nil)
	if err != nil || o.Hub == nil {
		t.Fatalf("outcome %+v, %v", o, err)
	}
	anna.syncUntil(func() bool { return anna.graph.Has(o.Hub.Hash) })
	if marks := anna.fields("sync_conflicts").Value("sync_conflicts", anna.graph.All()); len(marks.Map) != 0 {
		t.Errorf("sync_conflicts still says %+v", marks)
	}
	row, err := s.Conflict(t.Context(), "studio", rows[0].ID)
	if err != nil || row.Status != conflicts.Withdrawn {
		t.Errorf("conflict %+v, %v", row, err)
	}
}

func TestReopenedConflictIsPendingAndTheFormerNamesIt(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga, mia := principal("olga", conflicts.Owner), principal("mia", conflicts.Member)
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: olga, Fields: budget("100")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.Edit(t.Context(), id, conflicts.Edit{From: mia, Fields: budget("200")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	former := o.Conflicts[0]
	keep := conflicts.Resolution{By: olga, Conflict: former.ID, Version: former.Version, Action: conflicts.Keep}
	if _, err := h.Resolve(t.Context(), id, keep, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Reopen(t.Context(), id, mia, former.ID, nil); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
	if _, err := h.Reopen(t.Context(), id, olga, former.ID, nil); err != nil {
		t.Fatal(err)
	}
	var again *conflicts.ReopenError
	if _, err := h.Reopen(t.Context(), id, olga, former.ID, nil); !errors.As(err, &again) {
		t.Errorf("again: %v", err)
	}
	pending, err := s.Conflict(t.Context(), "studio", viewOf(t, s, id).Pending["budget"])
	if err != nil || pending.Reopens != former.ID || len(pending.Proposals) != 1 || pending.Proposals[0].State != conflicts.Open {
		t.Errorf("pending %+v, %v", pending, err)
	}
	if former, err = s.Conflict(t.Context(), "studio", former.ID); err != nil || former.ReopenedAs != pending.ID {
		t.Errorf("former %+v, %v", former, err)
	}
}

// A crash between store and answer: the hub that comes after is asked again, as
// the first one never answered.
func TestDecisionAskedForAgainAfterACrashHasOneReceipt(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"not written": storetest.NotDone, "answer lost": storetest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			s := storetest.NewFaulty(openStore(t))
			crashes := startHub(t, s)
			olga, mia := principal("olga", conflicts.Owner), principal("mia", conflicts.Member)
			id, _, err := crashes.Create(t.Context(), conflicts.Edit{From: olga, Fields: budget("100")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			o, err := crashes.Edit(t.Context(), id, conflicts.Edit{From: mia, Fields: budget("200")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			row := o.Conflicts[0]
			keep := conflicts.Resolution{By: olga, Conflict: row.ID, Version: row.Version, Action: conflicts.Keep}
			answer := func(crdt.RecordID, *conflicts.Outcome) *store.Answer {
				return &store.Answer{Principal: "olga", Key: "k", Status: 200, Body: []byte("decided")}
			}
			s.Fail(storetest.Append, fault)
			if _, err := crashes.Resolve(t.Context(), id, keep, answer); err == nil {
				t.Fatal("a failed append was called a decision")
			}

			h := startHub(t, s) // the former one is not told
			_, err = s.Answer(t.Context(), "olga", "k")
			if stored := err == nil; stored != (fault == storetest.AnswerLost) {
				t.Fatalf("the answer: %v", err)
			}
			for range 2 { // the second time also where the first was stored after the crash
				_, err = h.Resolve(t.Context(), id, keep, answer)
			}
			if err == nil {
				t.Error("one decision was taken twice")
			}
			for _, device := range []string{"phone", "tablet"} {
				receipts, err := s.Receipts(t.Context(), "studio", "mia", device, "", 9)
				if err != nil || len(receipts) != 1 || receipts[0].Outcome != conflicts.Rejected {
					t.Errorf("%s has receipts %+v, %v", device, receipts, err)
				}
			}
			verdicts := 0
			for _, b := range entries(t, s) {
				for _, v := range b.Origin.Verdicts {
					if v.Outcome == string(conflicts.Rejected) {
						verdicts++
					}
				}
			}
			if verdicts != 1 {
				t.Errorf("the journal has %d verdicts of one decision", verdicts)
			}
		})
	}
}
