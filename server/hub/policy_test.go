package hub_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// withFields is a policy that holds these fields critical too.
func withFields(paths ...crdt.Path) conflicts.Policy {
	p := *conflicts.DefaultPolicy()
	p.Version = 0
	for _, path := range paths {
		p.Fields = append(p.Fields, conflicts.FieldPolicy{Path: path, Kind: conflicts.Text, Review: conflicts.EveryEdit})
	}
	return p
}

// finished waits until the records of the studio are judged by its policy.
func finished(t *testing.T, h *hub.Hub) hub.PolicyJob {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 10*time.Second; runtime.Gosched() {
		if job := h.PolicyJob("studio"); job.Finished {
			return job
		}
	}
	t.Fatalf("the job does not end: %+v", h.PolicyJob("studio"))
	return hub.PolicyJob{}
}

func viewOf(t *testing.T, s store.Store, id crdt.RecordID) *conflicts.LedgerView {
	t.Helper()
	sum, err := s.Summary(t.Context(), "studio", id)
	if err != nil {
		t.Fatal(err)
	}
	view, err := conflicts.ReadLedger(sum.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// Case 24, with nobody who opens the record.
func TestRecordsAreJudgedByANewPolicyInTheBackground(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	olga := principal("olga", conflicts.Owner)
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	ben.connect(h, principal("ben", conflicts.Member))
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
	anna.set("planner", "Ada")
	ben.set("planner", "Ben")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.acked() && ben.graph.Len() == 3 })
	shown, other := ben.value("planner"), "Ada"
	if shown == other {
		other = "Ben"
	}

	set, err := h.SetPolicy(t.Context(), olga, withFields("planner"))
	if err != nil || set.Version != 2 {
		t.Fatalf("policy %+v, %v", set, err)
	}
	if job := finished(t, h); job.Done != 1 || job.Total != 1 || job.Failed != 0 {
		t.Errorf("job %+v", job)
	}
	view := viewOf(t, s, newID(1))
	if a := view.Accepted["planner"]; a.Revision != 1 || a.Value.Str != shown || a.Cause != conflicts.CauseCreated {
		t.Errorf("accepted %+v, want %q at revision 1", a, shown)
	}
	row, err := s.Conflict(t.Context(), "studio", view.Pending["planner"])
	if err != nil || len(row.Proposals) != 1 || row.Proposals[0].Value.Str != other {
		t.Fatalf("conflict %+v, %v, want one proposal %q", row, err, other)
	}

	// Back to automatic: critical until it is decided.
	if set, err = h.SetPolicy(t.Context(), olga, withFields()); err != nil || set.Version != 3 {
		t.Fatalf("policy %+v, %v", set, err)
	}
	finished(t, h)
	if _, critical := viewOf(t, s, newID(1)).Accepted["planner"]; !critical {
		t.Error("not critical any more, though nobody decided the conflict")
	}
	if _, err := h.Resolve(t.Context(), newID(1), conflicts.Resolution{
		By: olga, Conflict: row.ID, Version: row.Version, Action: conflicts.Keep,
	}, nil); err != nil {
		t.Fatal(err)
	}
	if _, critical := viewOf(t, s, newID(1)).Accepted["planner"]; critical {
		t.Error("still critical after the decision")
	}
}

func TestRestartedHubGoesOnJudgingByThePolicy(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	id, _, err := h.Create(t.Context(), conflicts.Edit{
		From: principal("olga", conflicts.Owner), Fields: map[crdt.Path]crdt.Value{"planner": {Kind: crdt.Str, Str: "Ada"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	p := withFields("planner") // stored, and the hub ended before the job
	p.Version = 2
	if err := s.SetPolicy(t.Context(), "studio", &p); err != nil {
		t.Fatal(err)
	}
	h = startHub(t, s)
	if _, err := h.Policy(t.Context(), "studio"); err != nil {
		t.Fatal(err)
	}
	finished(t, h)
	if a := viewOf(t, s, id).Accepted["planner"]; a.Revision != 1 || a.Value.Str != "Ada" {
		t.Errorf("accepted %+v", a)
	}
}

func TestPolicyIsSetByOwnersOnTopOfTheOneInForce(t *testing.T) {
	h := startHub(t, openStore(t))
	olga := principal("olga", conflicts.Owner)
	if _, err := h.SetPolicy(t.Context(), principal("mia", conflicts.Member), withFields()); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
	p := withFields("planner")
	p.Version = 1
	if _, err := h.SetPolicy(t.Context(), olga, p); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetPolicy(t.Context(), olga, p); !errors.Is(err, store.ErrStale) {
		t.Errorf("on top of a former version: %v", err)
	}
	now, err := h.Policy(t.Context(), "studio")
	if err != nil || now.Version != 2 || len(now.Fields) != 4 {
		t.Errorf("in force is %+v, %v", now, err)
	}
}

// lostAnswer stores a policy and says that it did not.
type lostAnswer struct{ store.Store }

func (s lostAnswer) SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error {
	return errors.Join(s.Store.SetPolicy(ctx, supplier, p), store.ErrUnavailable)
}

func TestPolicyWhoseAnswerWasLostIsInForce(t *testing.T) {
	h := startHub(t, lostAnswer{openStore(t)})
	if _, err := h.SetPolicy(t.Context(), principal("olga", conflicts.Owner), withFields("planner")); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if p, err := h.Policy(t.Context(), "studio"); err != nil || p.Version != 2 {
		t.Errorf("in force is %+v, %v", p, err)
	}
}
