package conflicts

import (
	"errors"
	"fmt"
	"math"
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
			if row := w.rows[opened.ID]; row.Status != Withdrawn || row.Proposals[0].State != WithdrawnByAuth {
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

func TestCase13_TextTypedByTwoPeopleNeverBlends(t *testing.T) {
	play := func(mode Review, one, two int) func(t *testing.T, w *world, f form, a, b *device) {
		return func(t *testing.T, w *world, f form, a, b *device) {
			if f == scalars {
				a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Barn"})
				w.seen[name(crdt.Value{Kind: crdt.Text, Str: "Barn"})] = true
				a.push()
				b.pull()
			}
			type typing struct {
				d    *device
				text string
			}
			typings := []typing{{a, "Barnyard"}, {b, "Bar Nine"}}
			for _, n := range []int{one, two} {
				typings[n].d.typeInto("venue_name", typings[n].text)
			}
			for _, n := range []int{one, two} {
				typings[n].d.push()
			}
			switch mode {
			case EveryEdit:
				values(t, w.open("venue_name"), typings[one].text, typings[two].text)
			case ConflictingEdits:
				w.accepted("venue_name", crdt.Value{Kind: crdt.Text, Str: typings[one].text}, 2)
				values(t, w.open("venue_name"), typings[two].text)
			}
		}
	}
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), play(mode, 0, 1))
		story(t, modes(mode), play(mode, 1, 0))
	}
	t.Run("interleaved", func(t *testing.T) {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("venue_name", crdt.Value{Kind: crdt.Text, Str: "Bar"})
			a.push()
			b.pull()
			for _, d := range []*device{a, b} {
				if got := d.value("venue_name"); got.Str != "Bar" {
					t.Fatalf("%s shows %+v", d.who.Device, got)
				}
			}
			a.typeInto("venue_name", "Bar A")
			b.typeInto("venue_name", "Bar B")
			a.push()
			b.push()
			a.typeInto("venue_name", "Bar Aha")
			b.typeInto("venue_name", "Bar Bob")
			w.verdict(a.push(), "venue_name", EditAccepted, "", 7)
			b.push()
			w.accepted("venue_name", crdt.Value{Kind: crdt.Text, Str: "Bar Aha"}, w.rec.View().Accepted["venue_name"].Revision)
			values(t, w.open("venue_name"), "Bar Bob")
		})
	})
}

func TestCase14_OtherKindsOfValuesCompareCanonically(t *testing.T) {
	const noon = 1_812_801_600_000 // 2027-06-12T12:00:00Z
	for _, same := range []struct {
		path  crdt.Path
		value crdt.Value
	}{
		{"budget", crdt.Value{Kind: crdt.Text, Str: "1.0"}},
		{"budget", crdt.Value{Kind: crdt.Counter, Int: 1}},
		{"budget", crdt.Value{Kind: crdt.Float, Float: 1}},
		{"budget", crdt.Value{Kind: crdt.Uint, Uint: 1}},
		{"venue_name", crdt.Value{Kind: crdt.Text, Str: " Barn "}},
		{"wedding_date", crdt.Value{Kind: crdt.Timestamp, Int: noon}},
	} {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			o := w.device(olga)
			o.pull()
			o.set("wedding_date", f.s("2027-06-12"))
			o.push()
			b.pull()
			b.set(same.path, same.value)
			out := b.push()
			w.verdict(out, same.path, EditNoChange, "", 1)
			w.noPending(same.path)
		})
	}
	for _, unfit := range []struct {
		path  crdt.Path
		value crdt.Value
	}{
		{"budget", crdt.Value{Kind: crdt.Text, Str: "12,500"}},
		{"budget", crdt.Value{Kind: crdt.Timestamp, Int: noon}},
		{"venue_name", crdt.Value{Kind: crdt.Counter, Int: 7}},
		{"venue_name", crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"a": {Kind: crdt.Int, Int: 1}}}},
	} {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			b.set(unfit.path, unfit.value)
			w.verdict(b.push(), unfit.path, EditDiverted, InvalidValue, 11)
			w.resolve(unfit.path, Resolution{Action: Accept, Proposal: w.pending(unfit.path).Proposals[0].ID})
			w.accepted(unfit.path, unfit.value, 2)
		})
	}
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(9))
		a.set("budget", f.n(8))
		a.push()
		b.push()
		c := w.pending("budget")
		_, err := w.rec.Resolve(Resolution{
			By: olga, Conflict: c.ID, Version: c.Version, Action: Custom, Value: f.s("a lot"), Policy: w.policy, Now: w.now,
		})
		var unfit *UnfitError
		if !errors.As(err, &unfit) {
			t.Fatalf("an ill-fitting custom value got %v", err)
		}
	})
}

func TestCase15_OneChangeEditsNotesAndBudget(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.change(func(c *crdt.Builder) {
			c.Set("notes", f.s("call them"))
			c.Set("budget", f.n(10))
		})
		w.verdict(b.push(), "budget", EditDiverted, NeedsReview, 13)
		a.pull()
		if got := a.value("notes"); !got.Equal(f.s("call them")) {
			t.Fatalf("notes are %+v", got)
		}
		if got := a.value("budget"); !got.Equal(f.n(1)) {
			t.Fatalf("budget is %+v", got)
		}
	})
}

func TestCase16_TwentyOfflineEditsAreOne(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for n := range int64(20) {
			b.set("budget", f.n(100+n))
		}
		out := b.push()
		if len(out.Verdicts) != 1 {
			t.Fatalf("verdicts %+v", out.Verdicts)
		}
		row := w.pending("budget")
		if len(row.Proposals) != 1 || row.Version != 1 {
			t.Fatalf("conflict %+v", row)
		}
		values(t, w.open("budget"), 119)
	})
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		for n := range int64(20) {
			b.set("budget", f.n(100+n))
		}
		b.push()
		w.accepted("budget", f.n(119), 2)
	})
}

func TestCase25_LateDeviceWithTheLongerHistory(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			o := w.device(olga)
			o.pull()
			b.ramble(200)
			b.set("budget", f.n(99))
			o.set("budget", f.n(50))
			o.push()
			w.accepted("budget", f.n(50), 2)
			out := b.push()
			w.verdict(out, "budget", EditDiverted, StaleBase, 10)
			w.accepted("budget", f.n(50), 2)
			if out.Hub == nil || out.Stored[len(out.Stored)-1] != out.Hub {
				t.Fatal("the edit was not mirrored in its own commit")
			}
			for _, c := range out.Stored[:len(out.Stored)-1] {
				if by, _ := w.rec.graph.Sealed(c.Hash); by != out.Hub.Hash {
					t.Fatal("a diverted change may travel without its answer")
				}
			}
			a.pull()
			if got := a.value("budget"); !got.Equal(f.n(50)) {
				t.Fatalf("another device shows %+v", got)
			}
		})
	}
}

func TestCase26_WhatDevicesMayNotWrite(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(10))
		b.push()
		a.pull()
		id := w.rec.View().Pending["budget"]
		for _, forged := range []crdt.Value{
			{}, f.s("nothing"), {Kind: crdt.Map, Map: map[string]crdt.Value{}},
			{Kind: crdt.Map, Map: map[string]crdt.Value{"budget": {Kind: crdt.Str, Str: "x"}, "venue_name": {Kind: crdt.Str, Str: id}}},
		} {
			a.ramble(20)
			c := a.set(marksPath, forged)
			out := a.push()
			if out.Hub == nil || len(out.Trespassed) != 1 || out.Trespassed[0] != c.Hash {
				t.Fatalf("not undone or not reported: %+v", out.Trespassed)
			}
			a.pull()
			if got := a.value(marksPath).Map["budget"]; got.Str != id || got.Kind != crdt.Str {
				t.Fatalf("the device shows %+v", got)
			}
		}
	})
	t.Run("under the hub actor", func(t *testing.T) {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			b.actor = w.rec.hubActor(0)
			b.set("budget", f.n(10))
			out := b.push()
			if len(out.Stored) != 0 || len(out.Refused) != 1 || out.Refused[0].Reason != RefusedHubActor {
				t.Fatalf("outcome %+v", out)
			}
		})
	})
	t.Run("under another user's actor", func(t *testing.T) {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("notes", f.s("mine"))
			a.push()
			b.pull()
			b.actor = a.actor
			b.set("budget", f.n(10))
			out := b.push()
			if len(out.Stored) != 0 || len(out.Refused) != 1 || out.Refused[0].Reason != RefusedForged {
				t.Fatalf("outcome %+v", out)
			}
		})
	})
}

func TestCase28_DeviceClocksNeverOrder(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		a.clock = 4_102_444_800 // 2100
		b.set("budget", f.n(20))
		a.set("budget", f.n(10))
		w.verdict(b.push(), "budget", EditAccepted, "", 12)
		w.verdict(a.push(), "budget", EditDiverted, StaleBase, 10)
		p := w.pending("budget").Proposals[0]
		if p.EditedAt.Year() != 2100 || p.ReceivedAt.Year() != 2026 {
			t.Fatalf("proposal %+v", p)
		}
	})
}

func TestImpossibleClocksHarmNothing(t *testing.T) {
	for _, clock := range []int64{math.MinInt64, -1, math.MaxInt64, 1 << 40} {
		story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
			b.clock = clock
			b.set("budget", f.n(20))
			w.verdict(b.push(), "budget", EditDiverted, NeedsReview, 13)
			if year := w.pending("budget").Proposals[0].EditedAt.Year(); year != 1970 && year != 9999 {
				t.Fatalf("edited in %d", year)
			}
		})
	}
}

func TestDivertedEditIsAnsweredEvenWhereNothingIsLeftToWrite(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.ramble(50)
		b.set("budget", f.n(20))
		a.set("budget", f.n(30))
		a.push()
		b.pull()
		b.set("budget", f.n(30))
		out := b.push()
		if len(out.Verdicts) != 2 || out.Verdicts[0].Rule != 10 || out.Verdicts[1].Rule != 2 {
			t.Fatalf("verdicts %+v", out.Verdicts)
		}
		w.noPending("budget")
		if out.Hub == nil || len(out.Conflicts) != 1 || out.Conflicts[0].Status != Withdrawn {
			t.Fatalf("outcome %+v", out)
		}
		a.pull()
		if got := a.value("budget"); !got.Equal(f.n(30)) {
			t.Fatalf("a device shows %+v", got)
		}
	})
}

func TestCase29_MadeAndCorrectedOfflineThenUploaded(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits, Locked} {
		for _, f := range []form{scalars, texts} {
			w := newWorld(t, modes(mode))
			a := w.device(alice)
			a.set("wedding_date", f.s("2027-06-12"))
			a.set("wedding_date", f.s("2027-06-19"))
			raws := a.unsent()
			out := w.receive(alice, raws[:1], a.graph.Heads())
			if w.rec.Listed() || len(out.Stored) != 1 || out.Hub != nil {
				t.Fatalf("half an upload was judged: %+v", out)
			}
			a.push()
			if !w.rec.Listed() {
				t.Fatal("the upload is complete and not listed")
			}
			w.accepted("wedding_date", f.s("2027-06-19"), 1)
			if cause := w.rec.View().Accepted["wedding_date"].Cause; cause != CauseCreated {
				t.Fatalf("cause %s", cause)
			}
			w.checkReplay()
		}
	}
	t.Run("typing into an empty field", func(t *testing.T) {
		for _, mode := range []Review{EveryEdit, ConflictingEdits} {
			w := newWorld(t, modes(mode))
			a := w.device(alice)
			a.set("notes", texts.s("new"))
			a.push()
			for i, text := range []string{"G", "Gr", "Gra", "Gran", "Grand"} {
				a.typeInto("venue_name", text)
				out := a.push()
				w.verdict(out, "venue_name", EditAccepted, "", 6)
				w.accepted("venue_name", texts.s(text), uint64(i+1))
				if out.Hub != nil {
					t.Fatal("typing got a hub change")
				}
			}
			w.now = w.now.Add(firstTyping)
			a.typeInto("venue_name", "Grand H")
			out := a.push()
			if mode == EveryEdit {
				w.verdict(out, "venue_name", EditDiverted, NeedsReview, 13)
			} else {
				w.verdict(out, "venue_name", EditAccepted, "", 7)
			}
			w.checkReplay()
		}
	})
	t.Run("several values", func(t *testing.T) {
		w := newWorld(t, modes(EveryEdit))
		a := w.device(alice)
		a.set("notes", texts.s("new"))
		b := w.device(bob)
		b.copyFrom(a)
		a.set("budget", scalars.n(10))
		b.ramble(10)
		b.set("budget", scalars.n(20))
		b.set("wedding_date", scalars.s("next summer"))
		a.copyFrom(b)
		a.push()
		w.accepted("budget", scalars.n(20), 1)
		values(t, w.open("budget"), 10)
		w.accepted("wedding_date", crdt.Value{}, 0)
		if row := w.pending("wedding_date"); row.Reason != InvalidValue {
			t.Fatalf("conflict %+v", row)
		}
		if len(w.rec.ledger.Actors) != 0 {
			t.Fatalf("a first upload bound %v", w.rec.ledger.Actors)
		}
		w.checkReplay()
	})
}

func TestCase31_NothingIsFoldedAcrossBases(t *testing.T) {
	for _, batches := range []int{1, 2} {
		story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
			b.ramble(50)
			b.set("budget", f.n(20))
			first := b.unsent()
			a.set("budget", f.n(30))
			a.push()
			b.pull()
			if got := b.value("budget"); !got.Equal(f.n(20)) {
				t.Fatalf("the device shows %+v", got)
			}
			if batches == 2 {
				out := w.receive(bob, first, b.graph.Heads())
				w.verdict(out, "budget", EditDiverted, StaleBase, 10)
			}
			b.set("budget", f.n(40))
			out := b.push()
			w.verdict(out, "budget", EditDiverted, NeedsReview, 4)
			if batches == 1 {
				v := out.Verdicts[0]
				if v.Rule != 10 || v.Reason != StaleBase {
					t.Fatalf("the first edit: %+v", v)
				}
			}
			row := w.pending("budget")
			if row.Reason != StaleBase || row.Version != 2 || row.Proposals[0].State != Superseded {
				t.Fatalf("conflict %+v", row)
			}
			values(t, w.open("budget"), 40)
			w.accepted("budget", f.n(30), 2)
		})
	}
}

func TestCase32_FormSavedWithTheOldValue(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits, Locked} {
		story(t, modes(mode), func(t *testing.T, w *world, f form, a, b *device) {
			o := w.device(olga)
			o.pull()
			o.set("budget", f.n(30))
			o.push()
			b.ramble(30)
			b.set("budget", f.n(1))
			out := b.push()
			w.verdict(out, "budget", EditNoChange, "", 1)
			w.accepted("budget", f.n(30), 2)
			w.noPending("budget")
			if out.Hub == nil {
				t.Fatal("the old value was left in the document")
			}
		})
	}
}

func TestCase33_OneAuthorsTwoDevices(t *testing.T) {
	second := Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Member}
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b2 := w.device(second)
		b2.pull()
		b.set("budget", f.n(10))
		b2.set("budget", f.n(20))
		b.push()
		b2.push()
		values(t, w.open("budget"), 10, 20)
		b.pull()
		b.copyFrom(b2)
		b.set("budget", f.n(30))
		w.verdict(b.push(), "budget", EditDiverted, NeedsReview, 4)
		values(t, w.open("budget"), 30)
		row := w.pending("budget")
		if row.Proposals[0].State != Superseded || row.Proposals[1].State != Superseded {
			t.Fatalf("conflict %+v", row)
		}
	})
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b2 := w.device(second)
		b2.pull()
		b.set("budget", f.n(10))
		b2.set("budget", f.n(10))
		b.push()
		w.verdict(b2.push(), "budget", EditDiverted, ConcurrentPending, 5)
		row := w.pending("budget")
		if len(row.Proposals) != 1 || len(row.Proposals[0].Authors) != 1 || row.Version != 2 {
			t.Fatalf("conflict %+v", row)
		}
	})
}

func TestCase34_CustomValueThatEqualsAnOpenProposal(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		b.set("budget", f.n(20))
		a.push()
		b.push()
		out := w.resolve("budget", Resolution{Action: Custom, Value: crdt.Value{Kind: crdt.Text, Str: "20.00"}})
		row := out.Conflicts[0]
		if row.Proposals[0].State != Rejected || row.Proposals[1].State != Accepted || row.Status != Resolved {
			t.Fatalf("conflict %+v", row)
		}
		if len(out.Verdicts) != 2 {
			t.Fatalf("verdicts %+v", out.Verdicts)
		}
	})
}
