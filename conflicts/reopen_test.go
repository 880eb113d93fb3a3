package conflicts

import (
	"errors"
	"testing"
	"time"
)

func (w *world) reopening(former Conflict) Reopening {
	return Reopening{By: olga, Former: former, Policy: w.policy, Now: w.now}
}

// reopen reopens a decided conflict and returns the new one.
func (w *world) reopen(former Conflict) Conflict {
	w.t.Helper()
	x := w.reopening(former)
	w.kind, w.from = "reopen", x.By
	w.do(func(r *Record) *Outcome {
		out, err := r.Reopen(x)
		if err != nil {
			w.t.Fatalf("reopen: %v", err)
		}
		return out
	})
	return w.pending(former.Field)
}

func TestReopenedConflictHasTheDecisionAsCurrentAndTheRejectedOpenAgain(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		former := w.rows[onlyRow(t, w)]
		c := w.reopen(former)
		if c.Reopens != former.ID || w.rows[former.ID].ReopenedAs != c.ID || c.Reason != Reopened {
			t.Fatalf("%+v reopens %+v", c, w.rows[former.ID])
		}
		if c.Base.Revision != 1 || c.Current.Revision != 2 || !c.Current.Value.Equal(f.n(10)) {
			t.Fatalf("base %+v, current %+v", c.Base, c.Current)
		}
		values(t, w.open("budget"), f.n(20).JSON())
		if p := c.Proposals[0]; len(c.Proposals) != 1 || p.Authors[0].User != "bob" || p.ID == former.Proposals[1].ID {
			t.Fatalf("proposals %+v", c.Proposals)
		}
		a.pull()
		if mark := a.value("sync_conflicts").Map["budget"]; mark.Str != c.ID {
			t.Fatalf("sync_conflicts names %+v, want %s", mark, c.ID)
		}
		b.set("budget", f.n(30)) // on top of the proposal that is open again
		w.verdict(b.push(), "budget", EditDiverted, StaleBase, 4)
		values(t, w.open("budget"), f.n(30).JSON())
		w.accepted("budget", f.n(10), 2)
		w.resolve("budget", Resolution{Action: Keep})
		w.accepted("budget", f.n(10), 3)
	})
}

// onlyRow is the id of the one conflict there is.
func onlyRow(t *testing.T, w *world) string {
	t.Helper()
	if len(w.rows) != 1 {
		t.Fatalf("%d conflicts", len(w.rows))
	}
	for id := range w.rows {
		return id
	}
	return ""
}

func TestConflictIsReopenedByResolversOnceInTimeAndWhileItsDecisionStands(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		pending := w.pending("budget")
		w.resolve("budget", Resolution{Action: Keep})
		decided := w.rows[pending.ID]
		refused := func(what string, x Reopening, want string) {
			t.Helper()
			var reopen *ReopenError
			if _, err := w.rec.Reopen(x); !errors.As(err, &reopen) || reopen.Reason != want {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		byMember := w.reopening(decided)
		byMember.By = alice
		if _, err := w.rec.Reopen(byMember); !errors.Is(err, ErrForbidden) {
			t.Errorf("by a member: %v", err)
		}
		late := w.reopening(decided)
		late.Now = decided.Decision.At.Add(25 * time.Hour)
		refused("late", late, "it was decided more than 24 hours ago")
		refused("undecided", w.reopening(pending), "nobody has decided the conflict")
		longer := *w.policy
		longer.ReopenHours = 1
		late.Policy, late.Now = &longer, decided.Decision.At.Add(2*time.Hour)
		refused("after the policy's window", late, "it was decided more than 1 hours ago")

		c := w.reopen(decided)
		refused("twice", w.reopening(w.rows[decided.ID]), "conflict "+c.ID+" is pending for the field")
		w.withdraw(alice, "budget", 0)
		refused("once more", w.reopening(w.rows[decided.ID]), "it was reopened as conflict "+c.ID)
		a.set("budget", f.n(40))
		a.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		refused("after another decision", w.reopening(decided), "the field has another value since")
	})
}

// An actor that was bound after the decision is its principal's, and so are the
// proposals that come back: an edit on top of one takes its place.
func TestReopenedProposalOfAnActorBoundSinceIsItsPrincipals(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("budget", text("a lot")) // a first upload binds nobody
	a.push()
	w.resolve("budget", Resolution{Action: Keep})
	former := w.rows[onlyRow(t, w)]
	a.set("notes", text("hello"))
	a.push()
	c := w.reopen(former)
	if got := c.Proposals[0].Authors; len(got) != 1 || got[0].User != "alice" {
		t.Fatalf("authors %+v", got)
	}
	a.set("budget", scalars.n(30))
	a.push()
	values(t, w.open("budget"), 30)
}

// A field that is not critical until the batch at hand may come to show another
// value, or a conflict, with that batch: its former decision is history.
func TestFieldThatWasNotCriticalMeanwhileIsNotReopened(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		whole := w.policy
		a.set("budget", f.n(10))
		a.push()
		w.resolve("budget", Resolution{Action: Keep})
		former := w.rows[onlyRow(t, w)]
		policy := *whole
		policy.Fields = policy.Fields[:2]
		w.policy = &policy
		a.pull()
		a.set("budget", f.s("lots"))
		a.push()
		w.policy = whole
		var again *ReopenError
		if _, err := w.rec.Reopen(w.reopening(former)); !errors.As(err, &again) {
			t.Fatalf("got %v", err)
		}
		w.replay = nil // of changing policies
	})
}
