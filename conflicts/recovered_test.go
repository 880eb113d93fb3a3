package conflicts

import (
	"slices"
	"testing"

	"wedsync/crdt"
)

// restore makes the hub forget everything but its secret and a backup.
func (w *world) restore(b origin) {
	w.t.Helper()
	w.ledger, w.batches = b.ledger, slices.Clip(b.batches)
	rec, err := Load(w.id, w.env, w.policy, w.ledger, w.batches)
	if err != nil {
		w.t.Fatalf("load the backup: %v", err)
	}
	w.rec, w.rows = rec, map[string]Conflict{}
	w.log, w.pasts = rec.ledger.Log, slices.Clip(b.pasts)
	for _, f := range rec.ledger.Fields {
		if f.Pending != nil {
			w.rows[f.Pending.ID] = f.Pending.row()
		}
	}
	w.mergedRows = map[string]Merged{}
	for _, m := range rec.ledger.Merged {
		w.mergedRows[m.ID] = m.row()
	}
	w.replay, w.origin = nil, b
}

func TestCase30_WipedStoreComesBackFromDevices(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		b.set("venue_name", f.s("Castle"))
		b.push()
		w.resolve("venue_name", Resolution{Action: Keep})
		o.pull()
		o.set("budget", f.n(5))
		o.push() // accepted without a hub change
		b.pull()
		b.set("budget", f.n(20))
		b.push() // pending
		id := w.rec.View().Pending["budget"]
		a.pull()
		b.set("budget", f.n(25)) // never reached the hub
		w.restore(origin{})

		out := a.push()
		if !w.rec.Listed() {
			t.Fatal("the record did not come back")
		}
		w.accepted("budget", f.n(5), 1)
		w.accepted("venue_name", f.s("Barn"), 1)
		w.noPending("venue_name")
		if cause := w.rec.View().Accepted["budget"].Cause; cause != CauseRecovered {
			t.Fatalf("cause %s", cause)
		}
		if r := w.rec.View().Recovery; r == nil || !r.At.Equal(w.now) {
			t.Fatalf("the loss is told as %+v", r)
		}
		if got := w.pending("budget").ID; got != id {
			t.Fatalf("pending conflict %s, was %s", got, id)
		}
		values(t, w.open("budget"), 20)
		if out.Hub == nil || out.Hub.Actor == w.rec.hubActor(0) {
			t.Fatalf("the hub writes under %v", out.Hub)
		}

		out = b.push()
		w.verdict(out, "budget", EditDiverted, StaleBase, 4)
		values(t, w.open("budget"), 25)
		w.accepted("budget", f.n(5), 1)
		b.pull()
		if got := b.value("budget"); !got.Equal(f.n(5)) {
			t.Fatalf("the device shows %+v", got)
		}
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		w.accepted("budget", f.n(25), 2)
		if w.rec.View().Recovery == nil {
			t.Fatal("the loss is forgotten although a venue stands that nobody decided since")
		}
		w.edit(olga, fieldsOf("venue_name", f.s("Mill")), nil)
		if r := w.rec.View().Recovery; r != nil {
			t.Fatalf("all is decided anew, and still %+v", r)
		}
	})
}

func TestRecordThatIsBroughtBackSaysByWhom(t *testing.T) {
	w, a, b := textWorld(t, modes(EveryEdit))
	backup := w.backups[len(w.backups)-1]
	a.set("budget", num(2))
	a.push()
	w.resolve("budget", Resolution{Action: Keep})
	b.pull()
	b.set("notes", num(1))
	w.restore(backup)
	unsent := b.unsent()
	b.deliver(b.who, unsent[:len(unsent)-1])
	if r := w.rec.View().Recovery; r == nil || r.From.User != "bob" || r.From.Device != "bob-1" || !r.At.IsZero() {
		t.Errorf("before all is here: %+v", r)
	}
	b.push()
	if r := w.rec.View().Recovery; r == nil || r.From.User != "" || r.At.IsZero() {
		t.Errorf("after: %+v", r)
	}
}

func TestCase30_OlderBackupIsCaughtUpByDevices(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		backup := w.backups[len(w.backups)-1]
		pending := w.pending("budget")
		a.pull()
		a.set("notes", f.s("lost note"))
		a.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: pending.Proposals[0].ID})
		a.set("wedding_date", f.s("2027-06-12"))
		a.push()
		b.pull()
		b.set("venue_name", f.s("Castle")) // was not stored before the loss
		w.restore(backup)

		// bob brings alice's change too; the hub had taken it before.
		out := b.push()
		for _, r := range out.Refused {
			t.Logf("refused %s: %v", r.Reason, r.Err)
		}
		w.accepted("budget", f.n(20), 2)
		if row := w.rows[pending.ID]; row.Status != Resolved || row.Proposals[0].State != Accepted {
			t.Fatalf("conflict %+v", row)
		}
		w.noPending("budget")
		if got := w.rec.fields.Value("budget", w.rec.graph.All()); !got.Equal(f.n(20)) {
			t.Fatalf("the document shows %+v", got)
		}
		a.push()
		if missing := w.rec.graph.Missing(b.graph.Heads()); len(missing) != 0 {
			t.Fatalf("the hub misses %v", missing)
		}
		w.verdict(out, "venue_name", EditDiverted, NeedsReview, 13)
		if w.rec.ledger.Epoch != 1 {
			t.Fatalf("epoch %d", w.rec.ledger.Epoch)
		}
	})
}

func TestLostRecordWaitsForAllThatItsBringerHas(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		backup := w.backups[len(w.backups)-1]
		w.resolve("budget", Resolution{Action: Keep})
		b.pull()
		b.set("budget", f.n(30))
		w.restore(backup)
		raws := b.unsent()
		if len(raws) != 2 {
			t.Fatalf("%d changes are lost", len(raws))
		}
		out := w.receive(bob, raws[:1], b.graph.Heads())
		if w.rec.Settled() || out.Hub != nil || len(out.Verdicts) != 0 {
			t.Fatalf("judged before it was whole: %+v", out)
		}
		if _, err := w.rec.Edit(Edit{From: olga, Fields: map[crdt.Path]crdt.Value{"notes": f.s("x")}, Policy: w.policy, Now: w.now}); err != ErrIntroducing {
			t.Fatalf("an edit meanwhile got %v", err)
		}
		out = w.receive(bob, raws[1:], b.graph.Heads())
		w.accepted("budget", f.n(1), 2)
		w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
	})
}

func TestClearedFieldWithAPendingConflictIsNotTakenForUnset(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		o.set("budget", crdt.Value{})
		o.push()
		b.pull()
		b.set("budget", f.n(20))
		b.push()
		a.pull()
		w.restore(origin{})
		a.push()
		w.accepted("budget", crdt.Value{}, 1)
		values(t, w.open("budget"), 20)
	})
}

func TestHubChangeOfAnotherRecordProvesNothing(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		hub := b.push().Hub
		other := New(crdt.RecordID{9}, w.env, w.policy)
		if c := decode(t, hub.Raw); other.genuine(c) || !w.rec.genuine(c) {
			t.Fatal("a tag must hold for its own record alone")
		}
		c := decode(t, hub.Raw)
		c.Time++
		if w.rec.genuine(c) {
			t.Fatal("a tag must hold for the whole change")
		}
		foreign := New(w.id, &Env{Secret: []byte("another"), Limits: w.env.Limits}, w.policy)
		if foreign.genuine(decode(t, hub.Raw)) || foreign.isHubActor(hub.Actor) {
			t.Fatal("with another secret former hub changes are ordinary history")
		}
	})
}
