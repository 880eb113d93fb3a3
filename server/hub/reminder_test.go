package hub_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// inTime runs a hub over a store in fake time.
func inTime(t *testing.T, run func(t *testing.T, s *storetest.Faulty, h *hub.Hub, m *prometheus.Registry)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		kept, err := open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		s, m := storetest.NewFaulty(kept), prometheus.NewRegistry()
		h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Registerer: m})
		if err != nil {
			t.Fatal(err)
		}
		run(t, s, h, m)
		h.Close()
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
}

// disputed makes a record with a conflict about its budget.
func disputed(t *testing.T, h *hub.Hub) (id crdt.RecordID, conflict string) {
	t.Helper()
	budget := func(n int64) map[crdt.Path]crdt.Value {
		return map[crdt.Path]crdt.Value{"budget": {Kind: crdt.Int, Int: n}}
	}
	id, _, err := h.Create(t.Context(), conflicts.Edit{From: principal("olga", conflicts.Owner), Fields: budget(1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.Edit(t.Context(), id, conflicts.Edit{From: principal("mia", conflicts.Member), Fields: budget(2)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id, o.Conflicts[0].ID
}

// reminders are the conflicts that the journal reminds of, and when.
func reminders(t *testing.T, s store.Store) (conflicts []string, at []time.Time) {
	t.Helper()
	for _, b := range entries(t, s) {
		if (b.Origin.Kind == "reminder") != (len(b.Origin.Reminded) > 0) || len(b.Origin.Reminded) > 0 && len(b.Chunks) > 0 {
			t.Errorf("batch %+v", b)
		}
		for _, id := range b.Origin.Reminded {
			conflicts, at = append(conflicts, id), append(at, b.Origin.At)
		}
	}
	return conflicts, at
}

func TestConflictIsRemindedOfEachTimeThePolicySaysAndNeverExpires(t *testing.T) {
	inTime(t, func(t *testing.T, s *storetest.Faulty, h *hub.Hub, m *prometheus.Registry) {
		id, conflict := disputed(t, h)
		opened := time.Now()
		row := func() conflicts.Conflict {
			c, err := s.Conflict(t.Context(), "studio", conflict)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		before := row()
		time.Sleep(conflicts.DefaultRemindAfter - 2*time.Minute)
		if told, _ := reminders(t, s); len(told) != 0 {
			t.Fatalf("reminded of %v too early", told)
		}
		time.Sleep(conflicts.DefaultRemindAfter + 6*time.Minute)
		told, at := reminders(t, s)
		if !slices.Equal(told, []string{conflict, conflict}) {
			t.Fatalf("reminded of %v", told)
		}
		for n, when := range at {
			if late := when.Sub(opened) - time.Duration(n+1)*conflicts.DefaultRemindAfter; late < 0 || late > 3*time.Minute {
				t.Errorf("reminder %d is %s late", n, late)
			}
		}
		now := row()
		if now.Reminders != 2 || !now.RemindedAt.Equal(at[1]) || now.Version != before.Version || now.Status != conflicts.Pending {
			t.Errorf("conflict %+v", now)
		}
		if metric(t, m, "wedsync_conflicts_pending") != 1 || metric(t, m, "wedsync_reminders_total") != 2 {
			t.Error("not measured")
		}
		if age := metric(t, m, "wedsync_conflicts_oldest_seconds"); age < (2 * conflicts.DefaultRemindAfter).Seconds() {
			t.Errorf("the oldest is %v seconds old", age)
		}
		_, err := h.Resolve(t.Context(), id, conflicts.Resolution{
			By: principal("olga", conflicts.Owner), Conflict: conflict, Version: before.Version, Action: conflicts.Keep,
		}, nil)
		if err != nil {
			t.Fatalf("decided by the version from before the reminders: %v", err)
		}
		time.Sleep(2 * conflicts.DefaultRemindAfter)
		if told, _ := reminders(t, s); len(told) != 2 {
			t.Errorf("reminded of what is decided: %v", told)
		}
		if metric(t, m, "wedsync_conflicts_pending") != 0 || metric(t, m, "wedsync_conflicts_oldest_seconds") != 0 {
			t.Error("still measured as pending")
		}
	})
}

func TestSupplierThatWantsNoRemindersGetsNone(t *testing.T) {
	inTime(t, func(t *testing.T, s *storetest.Faulty, h *hub.Hub, _ *prometheus.Registry) {
		never, hour := uint64(0), uint64(3600)
		p := withFields()
		p.RemindAfter = &never
		if _, err := h.SetPolicy(t.Context(), principal("olga", conflicts.Owner), p); err != nil {
			t.Fatal(err)
		}
		disputed(t, h)
		time.Sleep(10 * conflicts.DefaultRemindAfter)
		if told, _ := reminders(t, s); len(told) != 0 {
			t.Errorf("reminded of %v", told)
		}
		p.RemindAfter = &hour
		if _, err := h.SetPolicy(t.Context(), principal("olga", conflicts.Owner), p); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if told, _ := reminders(t, s); len(told) != 1 {
			t.Errorf("reminded of %v, once it is wanted", told)
		}
	})
}

func TestLookingForOldConflictsIsOneQueryAMinute(t *testing.T) {
	inTime(t, func(t *testing.T, s *storetest.Faulty, h *hub.Hub, _ *prometheus.Registry) {
		disputed(t, h)
		synctest.Wait()
		looks, queries := s.Calls(storetest.Waiting), s.Calls(storetest.Conflicts)
		time.Sleep(time.Hour)
		synctest.Wait() // the last look begins as the sleep ends
		if n := s.Calls(storetest.Waiting) - looks; n != 60 {
			t.Errorf("%d looks in an hour", n)
		}
		if n := s.Calls(storetest.Conflicts) - queries; n != 0 {
			t.Errorf("%d queries though nothing is old", n)
		}
	})
}

func TestReminderIsMadeOnceWhateverBecameOfAFailedAppend(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"not written": storetest.NotDone, "answer lost": storetest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, s *storetest.Faulty, h *hub.Hub, _ *prometheus.Registry) {
				_, conflict := disputed(t, h)
				time.Sleep(conflicts.DefaultRemindAfter - 2*time.Minute)
				s.Fail(storetest.Append, fault)
				time.Sleep(10 * time.Minute)
				if told, _ := reminders(t, s); !slices.Equal(told, []string{conflict}) {
					t.Errorf("reminded of %v", told)
				}
			})
		})
	}
}

// metric is the value of a metric without labels.
func metric(t *testing.T, m *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
