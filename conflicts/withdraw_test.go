package conflicts

import (
	"errors"
	"testing"

	"wedsync/crdt"
)

// withdraw takes the nth open proposal of a field back.
func (w *world) withdraw(by Principal, path crdt.Path, n int) *Outcome {
	w.t.Helper()
	w.kind, w.from = "withdraw", by
	x := Withdrawal{By: by, Conflict: w.pending(path).ID, Proposal: w.openID(path, n), Policy: w.policy}
	return w.do(func(r *Record) *Outcome {
		if x.Now.IsZero() {
			x.Now = w.now
		}
		out, err := r.Withdraw(x)
		if err != nil {
			w.t.Fatalf("withdraw: %v", err)
		}
		return out
	})
}

func TestConflictClosesWhenItsLastProposalIsWithdrawn(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(20))
		b.push()
		before := w.pending("budget")
		out := w.withdraw(alice, "budget", 0)
		if now := w.pending("budget"); now.Version != before.Version+1 || len(now.open()) != 1 || out.Hub != nil {
			t.Fatalf("after the first: %+v, hub change %v", now, out.Hub)
		}
		out = w.withdraw(bob, "budget", 0)
		w.noPending("budget")
		if row := w.rows[before.ID]; row.Status != Withdrawn || row.ClosedAt.IsZero() || row.Proposals[1].State != WithdrawnByAuth {
			t.Fatalf("closed as %+v", row)
		}
		if out.Hub == nil || len(out.Receipts) != 0 {
			t.Fatalf("hub change %v, receipts %+v", out.Hub, out.Receipts)
		}
		a.pull()
		if marks := a.value("sync_conflicts"); len(marks.Map) != 0 {
			t.Fatalf("sync_conflicts still says %+v", marks)
		}
		w.accepted("budget", f.n(1), 1)
		a.set("budget", f.n(30)) // on top of what was withdrawn
		w.verdict(a.push(), "budget", EditDiverted, NeedsReview, 13)
	})
}

func TestProposalStaysForTheAuthorsThatDidNotWithdraw(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(10))
		b.push()
		w.withdraw(alice, "budget", 0)
		p := w.pending("budget").Proposals[0]
		if p.State != Open || len(p.Authors) != 1 || p.Authors[0].User != "bob" {
			t.Fatalf("proposal %+v", p)
		}
		out := w.withdraw(olga, "budget", 0) // who may resolve
		w.noPending("budget")
		if len(out.Receipts) != 1 || out.Receipts[0].User != "bob" || out.Receipts[0].Outcome != WithdrawnByAuth {
			t.Fatalf("receipts %+v", out.Receipts)
		}
	})
}

func TestProposalIsWithdrawnByItsAuthorsAndResolversAlone(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		row, id := w.pending("budget"), w.openID("budget", 0)
		for _, c := range []struct {
			by                 Principal
			conflict, proposal string
			want               error
		}{
			{bob, row.ID, id, ErrForbidden},
			{guest, row.ID, id, ErrForbidden},
			{alice, row.ID, "x", ErrUnknownProposal},
			{alice, "x", id, ErrUnknownConflict},
		} {
			x := Withdrawal{By: c.by, Conflict: c.conflict, Proposal: c.proposal, Policy: w.policy, Now: w.now}
			if _, err := w.rec.Withdraw(x); !errors.Is(err, c.want) {
				t.Errorf("by %s of %s: %v, want %v", c.by.User, c.proposal, err, c.want)
			}
		}
		b.set("budget", f.n(20))
		b.push()
		w.withdraw(alice, "budget", 0)
		var stale *StaleError
		x := Withdrawal{By: alice, Conflict: row.ID, Proposal: id, Policy: w.policy, Now: w.now}
		if _, err := w.rec.Withdraw(x); !errors.As(err, &stale) || stale.Conflict.ID != row.ID {
			t.Errorf("again: %v", err)
		}
	})
}

func TestEachAuthorOfADecidedProposalGetsOneReceipt(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for _, d := range []*device{a, b} {
			d.set("budget", f.n(10))
			d.push()
		}
		w.edit(crm, map[crdt.Path]crdt.Value{"budget": f.n(20)}, nil)
		out := w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0), Note: "agreed"})
		got := map[string]State{}
		for _, r := range out.Receipts {
			got[r.User] = r.Outcome
			if d := r.Decision; d.By.User != "olga" || d.Note != "agreed" || d.Revision != 2 || !d.Value.Equal(f.n(10)) {
				t.Errorf("decision %+v", d)
			}
		}
		if len(out.Receipts) != 3 || got["alice"] != Accepted || got["bob"] != Accepted || got["crm"] != Rejected {
			t.Fatalf("receipts %+v", out.Receipts)
		}
	})
}
