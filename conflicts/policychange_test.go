package conflicts

import (
	"testing"

	"wedsync/crdt"
)

// withVenue is a policy that holds venue.name critical too.
func withVenue(review Review) *Policy {
	p := modes(review)
	p.Version++
	p.Fields = append(p.Fields, FieldPolicy{Path: "venue.name", Kind: Text, Review: review})
	return p
}

func venue(name, city string) crdt.Value {
	return crdt.Value{Kind: crdt.Map, Map: map[string]crdt.Value{"name": str(name), "city": str(city)}}
}

func TestCase24_FieldTurnsCriticalWhileValuesConflict(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		plain := w.policy
		a.set("venue", venue("Barn", "Kiel"))
		a.push()
		b.pull()
		b.ramble(10)
		a.set("venue.name", str("Castle"))
		b.set("venue.name", str("Palace"))
		a.push()
		b.push()
		w.policy = withVenue(EveryEdit)
		a.pull()
		a.set("notes", f.s("on"))
		out := a.push() // next opened
		w.accepted("venue.name", str("Palace"), 1)
		values(t, w.open("venue.name"), "Castle")
		if out.Hub == nil {
			t.Fatal("the losing value was left in the document")
		}
		w.policy = plain // back to automatic: critical until decided
		b.pull()
		b.set("venue.name", str("Tent"))
		w.verdict(b.push(), "venue.name", EditDiverted, ConcurrentPending, 9)
		w.resolve("venue.name", Resolution{Action: Keep})
		b.pull()
		b.set("venue.name", str("Boat"))
		if out := b.push(); len(out.Verdicts) != 0 || out.Hub != nil {
			t.Fatalf("judged after it was decided: %+v", out)
		}
		if _, ok := w.rec.View().Accepted["venue.name"]; ok {
			t.Fatal("still critical")
		}
		w.policy = withVenue(EveryEdit) // and critical again
		b.set("notes", f.s("off"))
		b.push()
		w.accepted("venue.name", str("Boat"), 3)
		w.replay = nil // of changing policies
	})
}

// What a field shows when it turns critical again and does not fit opens a
// conflict for that reason, measured against the revision that its author knew.
func TestUnfitValueOfAFieldThatTurnsCriticalAgain(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		whole := w.policy
		policy := *whole
		policy.Fields = policy.Fields[:2]
		w.policy = &policy
		a.set("budget", f.s("lots"))
		a.push()
		w.policy = whole
		a.set("notes", f.s("on"))
		a.push()
		w.accepted("budget", f.n(1), 1)
		if row := w.pending("budget"); row.Reason != InvalidValue || row.Base.Revision != 1 || row.Proposals[0].Reason != InvalidValue {
			t.Fatalf("conflict %+v", row)
		}
		w.replay = nil // of changing policies
	})
}

// What a field accepted before it was dropped reads as its new kind does, also
// when what it shows now is no value of that kind.
func TestFieldThatTurnsCriticalAgainShowsItsValueAsItsNewKindDoes(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		money := w.policy
		anything := modes(ConflictingEdits)
		anything.Fields[2].Kind = Any
		w.policy = anything
		a.set("budget", crdt.Value{Kind: crdt.Counter, Int: 10})
		a.push()
		dropped := modes(EveryEdit)
		dropped.Fields = dropped.Fields[:2]
		w.policy = dropped
		a.set("budget", f.s("lots"))
		a.push()
		w.policy = money
		a.set("notes", f.s("on"))
		a.push()
		if row := w.pending("budget"); row.Reason != InvalidValue {
			t.Fatalf("conflict %+v", row)
		}
		if v := w.rec.View().Accepted["budget"].Value; !v.Equal(crdt.Value{Kind: crdt.Int, Int: 10}) {
			t.Fatalf("the accepted counter is shown as %+v", v)
		}
		w.replay = nil // of changing policies
	})
}

// A dropped field whose conflict nobody decided, for its author took the edit
// back, waits for nobody any more: restarted or not, the hub lets it go.
func TestDroppedFieldIsLetGoWhenItsConflictIsWithdrawn(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("budget", f.n(10))
		a.push()
		policy := *w.policy
		policy.Fields = policy.Fields[:2]
		w.policy = &policy
		a.set("budget", f.n(1))
		w.verdict(a.push(), "budget", EditNoChange, "", 2)
		w.noPending("budget")
		if _, ok := w.rec.View().Accepted["budget"]; ok {
			t.Fatal("still critical")
		}
		a.set("budget", f.n(20))
		if out := a.push(); len(out.Verdicts) != 0 || out.Hub != nil {
			t.Fatalf("judged though it is not critical: %+v", out)
		}
		w.replay = nil // of changing policies
	})
}

func TestCase27_DeviceReplacesTheParentObject(t *testing.T) {
	for _, mode := range []Review{EveryEdit, ConflictingEdits} {
		story(t, withVenue(mode), func(t *testing.T, w *world, f form, a, b *device) {
			a.set("venue", venue("Barn", "Kiel"))
			w.verdict(a.push(), "venue.name", EditAccepted, "", 6)
			b.pull()
			b.ramble(5)
			b.set("venue", venue("Barn", "Bonn"))
			out := b.push()
			w.verdict(out, "venue.name", EditNoChange, "", 1)
			if out.Hub != nil {
				t.Fatal("a parent that says the same got a hub change")
			}
			b.set("venue", venue("Castle", "Rome"))
			a.set("venue.name", str("Palace"))
			out = b.push()
			if mode == EveryEdit {
				w.verdict(out, "venue.name", EditDiverted, NeedsReview, 13)
				a.pull()
				if got := a.value("venue").Map["city"]; got.Str != "Rome" {
					t.Fatalf("the city is %+v", got)
				}
				w.accepted("venue.name", str("Barn"), 1)
				return
			}
			w.verdict(out, "venue.name", EditAccepted, "", 12)
			w.verdict(a.push(), "venue.name", EditDiverted, StaleBase, 10)
			w.accepted("venue.name", str("Castle"), 2)
		})
	}
}

func TestEveryLiveParentShowsTheAcceptedValue(t *testing.T) {
	story(t, withVenue(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("venue", venue("Barn", "Kiel"))
		b.ramble(5)
		b.set("venue", venue("Castle", "Bonn"))
		a.push()
		b.push()
		w.accepted("venue.name", str("Barn"), 1)
		live := w.rec.fields.Live("venue.name", w.rec.graph.All())
		if len(live) != 2 || live[0].Value.Str != "Barn" || live[1].Value.Str != "Barn" {
			t.Fatalf("live values %+v", live)
		}
	})
}

func TestDeletedParentComesBackWithTheCriticalKeyAlone(t *testing.T) {
	story(t, withVenue(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("venue", venue("Barn", "Kiel"))
		a.push()
		b.pull()
		b.set("venue", crdt.Value{})
		w.verdict(b.push(), "venue.name", EditDiverted, NeedsReview, 13)
		b.pull()
		if got := b.value("venue"); len(got.Map) != 1 || got.Map["name"].Str != "Barn" {
			t.Fatalf("venue is %+v", got)
		}
	})
}

func TestAnIncompleteUploadCanBeJudgedAsItStands(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("budget", scalars.n(10))
	a.set("budget", scalars.n(20))
	raws := a.unsent()
	w.receive(alice, raws[:1], a.graph.Heads())
	var j Judgement
	w.do(func(r *Record) *Outcome {
		if j.Now.IsZero() {
			j = Judgement{Policy: w.policy, Now: w.now, By: olga}
		}
		return r.Judge(j)
	})
	w.accepted("budget", scalars.n(10), 1)
	w.verdict(a.push(), "budget", EditDiverted, NeedsReview, 13) // an ordinary edit
	w.checkReplay()
}

func TestLateJudgementSealsWhatItAnswers(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a, b := w.device(alice), w.device(bob)
	a.set("budget", scalars.n(10))
	b.set("budget", scalars.n(20))
	a.copyFrom(b)
	raws := a.unsent()
	w.receive(alice, raws[:1], a.graph.Heads())
	out := a.push()
	loaded, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range []*Record{w.rec, loaded} {
		for i := range rec.graph.Len() - 1 {
			if by, ok := rec.graph.Sealed(rec.graph.At(i).Hash); !ok || by != out.Hub.Hash {
				t.Fatalf("change %d is answered by %s", i, by)
			}
		}
	}
}
