package hub_test

import (
	"errors"
	"fmt"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// logged examines all that is stored of a record, and counts the decisions.
func logged(t *testing.T, s store.Store, id crdt.RecordID) (decisions int) {
	t.Helper()
	stored, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := s.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	env := &conflicts.Env{Secret: identity.Secret, Limits: crdt.DefaultLimits}
	x := conflicts.NewExamination(id, env, conflicts.DefaultPolicy(), stored.Ledger)
	entries, err := s.History(t.Context(), stored.Supplier, id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		for _, past := range entries[i].Pasts() {
			decisions += len(past.Log)
			x.Add(past)
		}
	}
	rows, err := s.Conflicts(t.Context(), stored.Supplier, store.ConflictQuery{Record: id, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	merged, err := s.MergedEntries(t.Context(), stored.Supplier, store.MergedQuery{Record: id, Limit: 1000, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range x.Finish(stored.Heads.Heads, store.ConflictsOf(rows), merged) {
		t.Errorf("%s (%s)", f.What, f.Advice)
	}
	return decisions
}

// setsBudget is an edit of the budget.
func setsBudget(by conflicts.Principal, n int) conflicts.Edit {
	return conflicts.Edit{From: by, Fields: map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Int, Int: int64(n)}}}
}

func TestAppendThatFailedLeavesOneChainOfDecisions(t *testing.T) {
	olga, mia := principal("olga", conflicts.Owner), principal("mia", conflicts.Member)
	for fault, name := range map[storetest.Fault]string{storetest.NotDone: "not done", storetest.AnswerLost: "answer lost"} {
		t.Run(name, func(t *testing.T) {
			s := storetest.NewFaulty(openStore(t))
			h := startHub(t, s)
			id, _, err := h.Create(t.Context(), setsBudget(olga, 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Edit(t.Context(), id, setsBudget(mia, 2), nil); err != nil {
				t.Fatal(err)
			}
			rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 9})
			if err != nil || len(rows) != 1 {
				t.Fatalf("%d conflicts, %v", len(rows), err)
			}
			decide := conflicts.Resolution{By: olga, Conflict: rows[0].ID, Version: rows[0].Version, Action: conflicts.Keep}
			s.Fail(storetest.Append, fault)
			if _, err := h.Resolve(t.Context(), id, decide, nil); !errors.Is(err, hub.ErrUnavailable) {
				t.Fatalf("got error %v, want %v", err, hub.ErrUnavailable)
			}
			_, err = h.Resolve(t.Context(), id, decide, nil)
			if stored := errors.Is(err, conflicts.ErrUnknownConflict); err != nil && !stored || stored != (fault == storetest.AnswerLost) {
				t.Fatalf("again: %v", err)
			}
			if _, err := h.Edit(t.Context(), id, setsBudget(olga, 3), nil); err != nil {
				t.Fatal(err)
			}
			if n := logged(t, s, id); n != 3 {
				t.Errorf("%d decisions, want 3", n)
			}
		})
	}
}

func TestTwoHubsMakeOneChainOfDecisions(t *testing.T) {
	s := openStore(t)
	hubs := []*hub.Hub{startHub(t, s), startHub(t, s)}
	olga := principal("olga", conflicts.Owner)
	id, _, err := hubs[0].Create(t.Context(), setsBudget(olga, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	const each = 10
	failed := make(chan error, len(hubs))
	for n, h := range hubs {
		go func() { // ends when its edits are stored
			var err error
			for i := 0; i < each && err == nil; {
				_, err = h.Edit(t.Context(), id, setsBudget(olga, 100*(n+1)+i), nil)
				if errors.Is(err, hub.ErrUnavailable) {
					err = nil // the other was faster too often
					continue
				}
				i++
			}
			failed <- err
		}()
	}
	for range hubs {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	if n := logged(t, s, id); n != 1+2*each {
		t.Errorf("%d decisions, want %d", n, 1+2*each)
	}
	if got := fmt.Sprint(len(told(t, hubs[0], id))); got != fmt.Sprint(1+2*each) {
		t.Errorf("%s lines of history", got)
	}
}
