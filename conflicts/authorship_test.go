package conflicts

import (
	"errors"
	"testing"

	"wedsync/crdt"
)

func TestChangeCarriedByTheAuthorsOtherDevice(t *testing.T) {
	second := Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Owner}
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("notes", f.s("hi"))
		b.push()
		b.set("budget", f.n(10))
		out := b.deliver(second, b.unsent())
		v := w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
		if v.Author != (Author{User: "bob", Device: "bob-1", Role: Member, CarriedBy: "bob-2"}) {
			t.Fatalf("author %+v", v.Author)
		}
	})
}

func TestViewersChangesAreNotTaken(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		g := w.device(guest)
		g.pull()
		g.set("notes", f.s("hi"))
		raws := append([][]byte{w.rec.graph.At(0).Raw}, g.unsent()...)
		out := g.deliver(guest, raws)
		if !out.Empty() || len(out.Refused) != 1 || out.Refused[0].Reason != RefusedReadOnly {
			t.Fatalf("outcome %+v", out)
		}
		out = g.deliver(alice, g.unsent()) // the role was raised
		if len(out.Stored) != 1 {
			t.Fatalf("outcome %+v", out)
		}
	})
}

func TestUnboundActorsProposalsPassToWhoeverBindsIt(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a, b := w.device(alice), w.device(bob)
	a.set("notes", texts.s("new"))
	b.copyFrom(a)
	a.set("budget", scalars.n(10))
	b.ramble(5)
	b.set("budget", scalars.n(20))
	b.copyFrom(a)
	b.push() // a first upload: binds nobody
	if got := w.pending("budget").Proposals[0].Authors[0]; got.Actor != a.actor.String() || got.User != "" {
		t.Fatalf("author %+v", got)
	}
	a.set("notes", texts.s("more"))
	out := a.deliver(alice, a.unsent())
	if len(out.Conflicts) != 1 {
		t.Fatalf("the conflict's row was not told: %+v", out)
	}
	if got := w.pending("budget").Proposals[0].Authors[0]; got != alice.author() {
		t.Fatalf("author %+v", got)
	}
	a.set("budget", scalars.n(11))
	w.verdict(a.push(), "budget", EditDiverted, StaleBase, 4)
	w.checkReplay()
}

func TestWaitingChangeKeepsItsDeliverer(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		o := w.device(olga)
		o.pull()
		first := o.set("notes", f.s("first"))
		b.copyFrom(o)
		b.set("budget", f.n(10))
		raws := b.unsent()
		out := w.receive(bob, raws[1:], b.graph.Heads())
		if len(out.Stored) != 0 {
			t.Fatalf("stored %+v", out.Stored)
		}
		if got := w.rec.graph.Waiting(); len(got) != 1 {
			t.Fatalf("waiting %v", got)
		}
		out = w.receive(olga, [][]byte{first.Raw}, o.graph.Heads())
		v := w.verdict(out, "budget", EditDiverted, NeedsReview, 13)
		if v.Author != bob.author() {
			t.Fatalf("author %+v", v.Author)
		}
		if len(out.Stored) != 3 || len(w.rec.carriers) != 0 {
			t.Fatalf("stored %d changes, remembers %v", len(out.Stored), w.rec.carriers)
		}
	})
}

func TestRefusalsNameWhatWasWrong(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("notes", f.s("one"))
		b.push()
		twin := w.device(bob)
		twin.pull()
		twin.actor = b.actor
		b.set("notes", f.s("two"))
		b.push()
		twin.set("notes", f.s("three"))
		out := twin.deliver(bob, twin.unsent())
		if len(out.Refused) != 1 || out.Refused[0].Reason != RefusedEquivocation {
			t.Fatalf("outcome %+v", out)
		}
		far := crdt.Change{Actor: "0123456789abcdef", Seq: 1, StartOp: 1 << 20, Deps: w.rec.graph.Heads(), Ops: []crdt.Op{
			{Key: "x", Action: crdt.Set, Value: num(1)},
		}, NumOps: 1}
		out = w.receive(bob, [][]byte{crdt.Encode(&far)}, nil)
		if len(out.Refused) != 1 || out.Refused[0].Reason != RefusedLimit {
			t.Fatalf("outcome %+v", out.Refused)
		}
	})
}

func TestARaisedRoleCountsFromTheDevicesOwnConnection(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("notes", f.s("hi"))
		b.push()
		b.who.Role = Owner
		b.set("budget", f.n(10))
		w.verdict(b.push(), "budget", EditAccepted, "", 12)
	})
}

func TestDevicesLeaveRoomForTheHub(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	w.env.Limits.MaxChanges = 64
	w.rec = New(w.id, w.env, w.policy)
	a := w.device(alice)
	a.set("budget", scalars.n(1))
	a.push()
	a.ramble(56)
	a.set("budget", scalars.n(2))
	a.ramble(5)
	out := a.push()
	if len(out.Refused) == 0 || out.Refused[0].Reason != RefusedLimit || out.Hub == nil {
		t.Fatalf("outcome %+v", out)
	}
	w.resolve("budget", Resolution{Action: Keep})
	for {
		_, err := w.rec.Edit(Edit{From: olga, Fields: fieldsOf("notes", num(int64(w.rec.graph.Len()))), Policy: w.policy, Now: w.now})
		if errors.Is(err, ErrFull) {
			return
		}
		if err != nil || w.rec.graph.Len() > 64 {
			t.Fatalf("%d changes, %v", w.rec.graph.Len(), err)
		}
	}
}
