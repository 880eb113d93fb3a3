package conflicts

import (
	"math"
	"testing"

	"wedsync/crdt"
)

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
			{},
			f.s("nothing"),
			{Kind: crdt.Map, Map: map[string]crdt.Value{}},
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
		a.set("venue_name", scalars.s(""))
		b.set("venue_name", scalars.s("Barn"))
		a.copyFrom(b)
		a.push()
		w.accepted("budget", scalars.n(20), 1)
		values(t, w.open("budget"), 10)
		w.accepted("wedding_date", crdt.Value{}, 0)
		w.accepted("venue_name", scalars.s("Barn"), 1)
		w.noPending("venue_name")
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

// One author's two devices edit apart and one goes on with both: what it types
// then goes on with what it typed just before, not with the other device's.
func TestFoldingGoesOnFromTheLastEdit(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		tab := w.device(alice)
		tab.pull()
		a.set("budget", f.n(10))
		tab.set("budget", f.n(20))
		a.copyFrom(tab)
		between := a.set("budget", f.n(30))
		last := a.set("budget", f.n(40))
		out := a.push()
		if len(out.Verdicts) != 2 {
			t.Fatalf("%d edits, want the one that stands apart and the others: %+v", len(out.Verdicts), out.Verdicts)
		}
		for _, v := range out.Verdicts {
			if v.Change == between.Hash.String() {
				t.Fatalf("an edit ends with what the next one replaced: %+v", out.Verdicts)
			}
		}
		if v := w.verdict(out, "budget", EditDiverted, NeedsReview, 4); v.Change != last.Hash.String() {
			t.Fatalf("the last edit ends with %s, not %s", v.Change, last.Hash)
		}
	})
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
