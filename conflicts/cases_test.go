package conflicts

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// The tests of this file are the cases of the product's text on critical
// fields, by their numbers.

func values(t *testing.T, got []any, want ...any) {
	t.Helper()
	text := func(vs []any) []string {
		var s []string
		for _, v := range vs {
			s = append(s, fmt.Sprint(v))
		}
		return s
	}
	if diff := cmp.Diff(text(want), text(got)); diff != "" {
		t.Fatalf("open proposals (-want +got):\n%s", diff)
	}
}

func TestCase01_OnlineEditWithNothingPending(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(10))
		out := b.push()
		w.verdict(out, "budget", EditAccepted, "", 12)
		w.accepted("budget", f.n(10), 2)
		if out.Hub != nil {
			t.Fatal("an accepted edit got a hub change")
		}
	})
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(10))
		out := b.push()
		w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
		w.accepted("budget", f.n(1), 1)
		row := w.pending("budget")
		if row.Version != 1 || row.Reason != NeedsReview || row.Base.Revision != 1 || row.Current.Revision != 1 {
			t.Fatalf("conflict %+v", row)
		}
		b.pull()
		if got := b.value("budget"); !got.Equal(f.n(1)) {
			t.Fatalf("the device shows %+v after the mirror", got)
		}
	})
	for _, mode := range []Review{EveryEdit, ConflictingEdits, Locked} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			o := w.device(olga)
			o.pull()
			o.set("budget", f.n(10))
			w.verdict(o.push(), "budget", EditAccepted, "", 12)
			w.accepted("budget", f.n(10), 2)
		})
	}
	story(t, modes(Locked), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(10))
		out := b.push()
		w.verdict(out, "budget", EditRejected, Forbidden, 3)
		w.accepted("budget", f.n(1), 1)
		w.noPending("budget")
		if out.Hub == nil {
			t.Fatal("a rejected edit was not answered")
		}
	})
}

func TestCase02_TwoDevicesOfflineFromOneRevision(t *testing.T) {
	for _, first := range []int64{10, 20} {
		second := 30 - first
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			b.ramble(40)
			a.set("budget", f.n(first))
			b.set("budget", f.n(second))
			w.verdict(a.push(), "budget", EditAccepted, "", 12)
			w.verdict(b.push(), "budget", EditDiverted, StaleBase, 10)
			w.accepted("budget", f.n(first), 2)
			row := w.pending("budget")
			if row.Base.Revision != 1 || row.Current.Revision != 2 || !row.Current.Value.Equal(f.n(first)) {
				t.Fatalf("base %+v, current %+v", row.Base, row.Current)
			}
			values(t, w.open("budget"), second)
		})
	}
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		b.set("budget", f.n(20))
		w.verdict(a.push(), "budget", EditDiverted, NeedsReview, 13)
		w.verdict(b.push(), "budget", EditDiverted, ConcurrentPending, 9)
		w.accepted("budget", f.n(1), 1)
		values(t, w.open("budget"), 10, 20)
	})
}

func TestCase03_BothSetTheSameNewValue(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.ramble(30)
		a.set("budget", f.n(10))
		b.set("budget", f.n(10))
		w.verdict(a.push(), "budget", EditAccepted, "", 12)
		out := b.push()
		w.verdict(out, "budget", EditNoChange, "", 2)
		w.accepted("budget", f.n(10), 2)
		if out.Hub == nil {
			t.Fatal("two live operations were left")
		}
	})
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		b.set("budget", f.n(10))
		a.push()
		w.verdict(b.push(), "budget", EditDiverted, ConcurrentPending, 5)
		row := w.pending("budget")
		if row.Version != 2 || len(row.Proposals) != 1 || len(row.Proposals[0].Authors) != 2 {
			t.Fatalf("conflict %+v", row)
		}
	})
}

func TestCase04_ThirdValueWhilePendingJoins(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		a.set("budget", f.n(10))
		b.set("budget", f.n(20))
		o.set("budget", f.n(30))
		a.push()
		b.push()
		before := w.pending("budget")
		out := o.push()
		w.verdict(out, "budget", EditDiverted, ConcurrentPending, 9)
		after := w.pending("budget")
		if after.ID != before.ID || after.Version != before.Version+1 || len(out.Conflicts) != 1 {
			t.Fatalf("conflict went from %+v to %+v, outcome tells %+v", before, after, out.Conflicts)
		}
		values(t, w.open("budget"), 20, 30)
	})
}

func TestCase05_ResolverSubmitsAnOldVersion(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		old := w.pending("budget")
		b.set("budget", f.n(20))
		b.push()
		before := string(w.rec.Ledger())
		_, err := w.rec.Resolve(Resolution{By: olga, Conflict: old.ID, Version: old.Version, Action: Keep, Policy: w.policy, Now: w.now})
		var stale *StaleError
		if !errors.As(err, &stale) || stale.Conflict.Version != 2 {
			t.Fatalf("got %v", err)
		}
		if string(w.rec.Ledger()) != before {
			t.Fatal("a refused resolution changed the ledger")
		}
		now := w.pending("budget")
		w.resolve("budget", Resolution{Action: Accept, Proposal: now.Proposals[0].ID})
		w.accepted("budget", f.n(10), 2)
		_, err = w.rec.Resolve(Resolution{By: olga, Conflict: now.ID, Version: now.Version, Action: Keep, Policy: w.policy, Now: w.now})
		if !errors.Is(err, ErrUnknownConflict) {
			t.Fatalf("the second resolver got %v", err)
		}
		_, err = w.rec.Resolve(Resolution{By: alice, Conflict: now.ID, Version: now.Version, Action: Keep, Policy: w.policy, Now: w.now})
		if !errors.Is(err, ErrForbidden) {
			t.Fatalf("a member who resolves got %v", err)
		}
	})
}

func TestCase06_AuthorEditsAgainWhileOwnProposalIsPending(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		for _, sawMirror := range []bool{false, true} {
			story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
				reason := NeedsReview
				if mode == ConflictingEdits {
					reason = StaleBase
					a.set("budget", f.n(5))
					a.push()
				}
				b.ramble(20)
				b.set("budget", f.n(10))
				b.push()
				before := w.pending("budget")
				if sawMirror {
					b.pull()
				}
				b.set("budget", f.n(20))
				wanted := reason
				if sawMirror {
					wanted = NeedsReview // the mirror told the current revision
				}
				w.verdict(b.push(), "budget", EditDiverted, wanted, 4)
				after := w.pending("budget")
				if after.ID != before.ID || after.Version != before.Version+1 {
					t.Fatalf("conflict went from %+v to %+v", before, after)
				}
				values(t, w.open("budget"), 20)
				if after.Proposals[0].State != Superseded {
					t.Fatalf("the first proposal is %s", after.Proposals[0].State)
				}
			})
		}
	}
}

func TestCase07_AuthorEditsBackToTheValueAtItsBase(t *testing.T) {
	for _, sawMirror := range []bool{false, true} {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			b.set("budget", f.n(10))
			b.push()
			opened := w.pending("budget")
			if sawMirror {
				b.pull() // a form saved unchanged after the mirror
			}
			b.set("budget", f.n(1))
			out := b.push()
			w.accepted("budget", f.n(1), 1)
			if sawMirror {
				w.verdict(out, "budget", EditNoChange, "", 1)
				values(t, w.open("budget"), 10)
				return
			}
			w.verdict(out, "budget", EditNoChange, "", 2)
			w.noPending("budget")
			if row := w.rows[opened.ID]; row.Version != 2 || row.Status != Withdrawn || row.Proposals[0].State != WithdrawnByAuth {
				t.Fatalf("conflict %+v", row)
			}
		})
	}
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		o.ramble(5)
		a.set("budget", f.n(10))
		a.push()
		b.set("budget", f.n(20))
		b.push()
		b.set("budget", f.n(1))
		w.verdict(b.push(), "budget", EditNoChange, "", 2)
		values(t, w.open("budget"), 10)
	})
}

func TestThereAndBackInOneBatchIsNothing(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.set("budget", f.n(1))
		a.set("budget", f.n(5))
		a.push()
		w.verdict(b.push(), "budget", EditNoChange, "", 1)
		w.noPending("budget")
		w.accepted("budget", f.n(5), 2)
	})
}

func TestConcurrentEditsOfOneBatchAreJudgedByHash(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		second := w.device(Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Member})
		second.pull()
		one := b.set("budget", f.n(20))
		two := second.set("budget", f.n(30))
		first, value := one, f.n(20)
		if two.Hash.Compare(one.Hash) < 0 {
			first, value = two, f.n(30)
		}
		backup := w.backups[len(w.backups)-1]
		for _, raws := range [][][]byte{{one.Raw, two.Raw}, {two.Raw, one.Raw}} {
			w.restore(backup)
			out := w.receive(bob, raws, nil)
			if out.Verdicts[0].Change != first.Hash.String() {
				t.Fatalf("verdicts %+v", out.Verdicts)
			}
			w.accepted("budget", value, 2)
			if row := w.pending("budget"); row.Reason != StaleBase {
				t.Fatalf("conflict %+v", row)
			}
		}
	})
}

// What else a batch holds counts for the order of its edits, but not in which
// order it came.
func TestOrderOfDeliveryNeverDecides(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		backup := w.backups[len(w.backups)-1]
		for range 200 {
			w.restore(backup)
			left, right := w.device(bob), w.device(bob)
			left.pull()
			right.pull()
			note := left.set("notes", f.s("on"))
			one := left.set("budget", f.n(20))
			two := right.set("budget", f.n(30))
			if one.Hash.Compare(two.Hash) > 0 || two.Hash.Compare(note.Hash) > 0 {
				continue // only then does the note matter
			}
			for _, raws := range [][][]byte{{note.Raw, one.Raw, two.Raw}, {two.Raw, note.Raw, one.Raw}} {
				w.restore(backup)
				out := w.receive(bob, raws, nil)
				if out.Verdicts[0].Change != two.Hash.String() {
					t.Fatalf("the later edit was judged first: %+v", out.Verdicts)
				}
			}
			return
		}
		t.Fatal("no hashes of the order that matters")
	})
}

func TestCase08_EditOnTopOfOwnProposalMeanwhileAccepted(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(5))
		a.push()
		c := w.device(Principal{Supplier: "s", User: "carol", Device: "carol-1", Role: Member})
		b.set("budget", f.n(20))
		b.push()
		c.copyFrom(b) // had synced the proposal, not the acceptance
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.pending("budget").Proposals[0].ID})
		w.accepted("budget", f.n(20), 3)
		b.set("budget", f.n(30))
		w.verdict(b.push(), "budget", EditAccepted, "", 12)
		w.accepted("budget", f.n(30), 4)
		c.set("budget", f.n(40))
		w.verdict(c.push(), "budget", EditDiverted, StaleBase, 10)
	})
	t.Run("co-author", func(t *testing.T) {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			c := w.device(Principal{Supplier: "s", User: "carol", Device: "carol-1", Role: Member})
			c.pull()
			a.set("budget", f.n(5))
			a.push()
			b.set("budget", f.n(20))
			b.push()
			c.set("budget", f.n(20))
			w.verdict(c.push(), "budget", EditDiverted, ConcurrentPending, 5)
			w.resolve("budget", Resolution{Action: Accept, Proposal: w.pending("budget").Proposals[0].ID})
			c.set("budget", f.n(40))
			w.verdict(c.push(), "budget", EditAccepted, "", 12)
		})
	})
}

func TestCase09_EditOnTopOfOwnProposalMeanwhileRejected(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("budget", f.n(5))
			a.push()
			b.set("budget", f.n(20))
			b.push()
			w.resolve("budget", Resolution{Action: Keep})
			b.set("budget", f.n(30))
			w.verdict(b.push(), "budget", EditDiverted, BuiltOnRejected, 8)
			b.pull()
			w.resolve("budget", Resolution{Action: Keep})
			b.pull()
			b.set("budget", f.n(40))
			out := b.push()
			if mode == EveryEdit {
				w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
			} else {
				w.verdict(out, "budget", EditAccepted, "", 12)
			}
		})
	}
}

func TestCase10_EditOnTopOfOwnProposalMeanwhileCustomValue(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Custom, Value: f.n(15)})
		w.accepted("budget", f.n(15), 2)
		b.set("budget", f.n(30))
		w.verdict(b.push(), "budget", EditDiverted, BuiltOnRejected, 8)
		row := w.pending("budget")
		if row.Base.Revision != 1 || row.Current.Revision != 2 {
			t.Fatalf("base %+v, current %+v", row.Base, row.Current)
		}
	})
}

func TestCase11_ClearConcurrentWithSet(t *testing.T) {
	for _, clear := range []crdt.Value{{}, {Kind: crdt.Null}, {Kind: crdt.Text}, {Kind: crdt.Str}} {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("budget", clear)
			b.set("budget", f.n(20))
			w.verdict(a.push(), "budget", EditAccepted, "", 12)
			w.accepted("budget", clear, 2)
			w.verdict(b.push(), "budget", EditDiverted, StaleBase, 10)
			if live := w.rec.fields.Live("budget", w.rec.graph.All()); len(live) != 0 {
				t.Fatalf("a cleared field shows %+v", live)
			}
		})
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("budget", clear)
			b.set("budget", f.n(20))
			w.verdict(b.push(), "budget", EditAccepted, "", 12)
			w.verdict(a.push(), "budget", EditDiverted, StaleBase, 10)
			w.accepted("budget", f.n(20), 2)
		})
	}
}

func TestCase12_FirstSetOfAnUnsetFieldByTwoDevices(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("wedding_date", f.s("2027-06-12"))
			b.set("wedding_date", f.s("2027-06-19"))
			w.verdict(a.push(), "wedding_date", EditAccepted, "", 6)
			w.verdict(b.push(), "wedding_date", EditDiverted, StaleBase, 10)
			w.accepted("wedding_date", f.s("2027-06-12"), 1)
		})
	}
}
