package conflicts

import (
	"testing"
	"time"
)

// remind reminds of what has been quiet for a time.
func (w *world) remind(after time.Duration) *Outcome {
	w.t.Helper()
	return w.do(func(r *Record) *Outcome {
		out, err := r.Remind(after, w.now)
		if err != nil {
			w.t.Fatalf("remind: %v", err)
		}
		return out
	})
}

func TestReminderMovesNothingButItsOwnMarks(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(20))
		b.push()
		before := w.pending("budget")
		if out := w.remind(time.Hour); len(out.Reminded) != 0 || !out.Empty() {
			t.Fatalf("reminded of %v after a moment", out.Reminded)
		}
		w.now = w.now.Add(time.Hour)
		out := w.remind(time.Hour)
		now := w.pending("budget")
		if len(out.Reminded) != 1 || out.Hub != nil || len(out.Stored) != 0 || len(out.Conflicts) != 1 || !out.LedgerChanged {
			t.Fatalf("outcome %+v", out)
		}
		if now.Version != before.Version || now.Reminders != 1 || !now.RemindedAt.Equal(w.now) || len(now.open()) != len(before.open()) {
			t.Fatalf("conflict %+v, before %+v", now, before)
		}
		if out := w.remind(time.Hour); len(out.Reminded) != 0 {
			t.Fatal("reminded twice within the time")
		}
		w.now = w.now.Add(time.Hour)
		if out := w.remind(time.Hour); len(out.Reminded) != 1 || w.pending("budget").Reminders != 2 {
			t.Fatalf("the second time: %+v", out)
		}
		w.resolve("budget", Resolution{By: olga, Action: Keep})
		w.now = w.now.Add(time.Hour)
		if out := w.remind(time.Hour); len(out.Reminded) != 0 {
			t.Fatal("reminded of a conflict that was decided")
		}
	})
}

func TestNobodyIsRemindedOfADeletedRecord(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(20))
		b.push()
		r, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Delete(olga, w.policy, w.now); err != nil {
			t.Fatal(err)
		}
		if out, err := r.Remind(time.Hour, w.now.Add(time.Hour)); err != nil || len(out.Reminded) != 0 {
			t.Fatalf("reminded of %v, %v", out.Reminded, err)
		}
	})
}

func TestPolicySaysWhenPeopleAreReminded(t *testing.T) {
	seconds := func(d time.Duration) *uint64 {
		n := uint64(d / time.Second)
		return &n
	}
	for _, c := range []struct {
		after *uint64
		want  time.Duration
		fits  bool
	}{
		{nil, 72 * time.Hour, true},
		{seconds(0), 0, true},
		{seconds(time.Hour), time.Hour, true},
		{seconds(time.Hour - time.Second), 0, false},
		{seconds(MaxRemindAfter + time.Second), 0, false},
	} {
		p := DefaultPolicy()
		p.RemindAfter = c.after
		if err := p.Check(); (err == nil) != c.fits || c.fits && p.Reminds() != c.want {
			t.Errorf("%v: %v, reminds after %s", c.after, err, p.Reminds())
		}
	}
}
