package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

// silent fails if anything is due to a device now.
func (r *replica) silent(what string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	if out, err := r.device.Next(ctx, nil); err == nil {
		r.t.Errorf("%s: %s heard %+v", what, r.actor, out)
	}
}

// announce tells the hub of heads without sending what leads to them.
func (r *replica) announce() {
	r.t.Helper()
	m := syncproto.Message{Heads: r.graph.Heads(), Have: []syncproto.Have{{}}}
	r.sendData(m.Append(nil))
}

// push sends changes and announces the replica's heads.
func (r *replica) push(changes ...[]byte) {
	r.t.Helper()
	m := syncproto.Message{Heads: r.graph.Heads(), Have: []syncproto.Have{{}}, Changes: changes}
	r.sendData(m.Append(nil))
}

// takeReady takes what is ready, and counts it.
func (r *replica) takeReady() int {
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	out, _ := r.device.Next(ctx, nil) // nothing is ready
	for _, o := range out {
		r.take(o)
	}
	return len(out)
}

// settle waits until the hub has dealt with what was sent to a record.
func settle(t *testing.T, h *hub.Hub, r *replica) {
	t.Helper()
	if err := hub.Settle(t.Context(), h, r.id); err != nil {
		t.Fatal(err)
	}
}

func TestUnjudgedUploadIsShownToNobody(t *testing.T) {
	h := startHub(t, openStore(t))
	anna, ben, carl := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1)), newReplica(t, "carl", newID(1))
	for _, r := range []*replica{anna, ben, carl} {
		r.connect(h, principal(string(r.actor[:4]), conflicts.Member))
	}
	first := anna.set("budget", "100")
	anna.set("notes", "not sent yet")
	anna.push(first.Raw)
	anna.next() // is asked for the rest

	second := ben.set("venue_name", "Barn")
	ben.push(second.Raw) // another first upload of the same record
	carl.send()
	settle(t, h, carl)
	for _, o := range ben.next() {
		m, err := syncproto.DecodeMessage(o.Sync)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Changes) > 0 || len(m.Heads) != 1 || m.Heads[0] != second.Hash {
			t.Errorf("ben heard of %d changes and heads %v, want only that his own is stored", len(m.Changes), m.Heads)
		}
	}
	carl.silent("before the upload is complete")

	anna.peer = newPeer()
	anna.syncUntil(anna.acked)
	carl.syncUntil(func() bool { return carl.value("budget") == "100" })
	ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })
	anna.syncUntil(func() bool { return anna.acked() && anna.graph.Len() == ben.graph.Len() })
}

func TestUploadOfAVanishedDeviceGoesOnWhenItComesBack(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	first := anna.set("budget", "100")
	anna.set("notes", "peonies")
	anna.push(first.Raw)
	anna.next()
	anna.device.Leave()

	ben.connect(h, principal("ben", conflicts.Member))
	ben.send()
	if out := ben.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Fatalf("got %+v, want unavailable", out)
	}
	if rows, err := s.List(t.Context(), "studio", newID(0), 10); err != nil || len(rows) != 0 {
		t.Errorf("listed %v, %v", rows, err)
	}
	anna.connect(h, principal("anna", conflicts.Member))
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
}

func TestAskingForARecordClaimsNothing(t *testing.T) {
	h := startHub(t, openStore(t))
	stranger := principal("eve", conflicts.Owner)
	stranger.Supplier = "other"
	eve, anna := newReplica(t, "eve", newID(1)), newReplica(t, "anna", newID(1))
	eve.connect(h, stranger)
	eve.send()
	if out := eve.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Fatalf("got %+v, want unavailable", out)
	}
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	eve.silent("of another supplier's record")
	presence := syncproto.Ephemeral{Record: newID(1), Count: 1, SessionID: "s", Data: []byte("cursor")}
	for _, r := range []*replica{anna, eve} {
		if err := r.device.Receive(t.Context(), presence); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, h, anna)
	eve.silent("presence of another supplier")
	anna.silent("presence of another supplier")
}

func TestAnnouncedRecordBelongsToItsAnnouncerUntilThatOneLeaves(t *testing.T) {
	h := startHub(t, openStore(t))
	stranger := principal("eve", conflicts.Owner)
	stranger.Supplier = "other"
	eve, anna := newReplica(t, "eve", newID(1)), newReplica(t, "anna", newID(1))
	eve.connect(h, stranger)
	eve.set("notes", "hers")
	eve.announce()
	eve.next() // is asked for it
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.announce()
	if out := anna.next(); len(out) != 1 || out[0].Unavailable == "" {
		t.Fatalf("got %+v, want unavailable", out)
	}
	eve.device.Leave()
	anna.announce()
	anna.next()
	anna.push(anna.graph.At(0).Raw)
	anna.syncUntil(anna.acked)
}

// inBubble runs a test on fake time.
func inBubble(t *testing.T, test func(t *testing.T, h *hub.Hub, s store.Store)) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		test(t, startHub(t, s), s)
	})
}

func TestAskerWaitsTenSecondsForAnAnnouncedRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.set("notes", "peonies")
		anna.announce()
		anna.next()
		begun := time.Now()
		ben.send()
		out, err := ben.device.Next(t.Context(), nil)
		if err != nil || len(out) != 1 || out[0].Unavailable == "" {
			t.Fatalf("got %+v, %v, want unavailable", out, err)
		}
		if waited := time.Since(begun); waited != 10*time.Second {
			t.Errorf("waited %v", waited)
		}
		anna.push(anna.graph.At(0).Raw)
		anna.syncUntil(anna.acked)
		ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
	})
}

func TestAskerWaitsNoLongerThanItsAnnouncerStays(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.set("notes", "peonies")
		anna.announce()
		anna.next()
		ben.send()
		synctest.Wait()
		ben.silent("while somebody announces it")
		begun := time.Now()
		anna.device.Leave()
		out, err := ben.device.Next(t.Context(), nil)
		if err != nil || len(out) != 1 || out[0].Unavailable == "" {
			t.Fatalf("got %+v, %v, want unavailable", out, err)
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestViewersAnnouncementIsNotAwaited(t *testing.T) {
	h := startHub(t, openStore(t))
	vera, ben := newReplica(t, "vera", newID(1)), newReplica(t, "ben", newID(1))
	vera.connect(h, principal("vera", conflicts.Viewer))
	ben.connect(h, principal("ben", conflicts.Member))
	vera.set("notes", "hers")
	vera.announce()
	ben.send()
	for _, r := range []*replica{vera, ben} {
		if out := r.next(); len(out) != 1 || out[0].Unavailable == "" {
			t.Errorf("%s got %+v, want unavailable", r.actor, out)
		}
	}
}

func TestRelaysOfARecordThatManyFollowArePaced(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		const followers, changes = 30, 10
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("notes", "0")
		anna.syncUntil(anna.acked)
		devices := make([]*replica, followers)
		for i := range devices {
			devices[i] = newReplica(t, "ben", newID(1))
			devices[i].connect(h, conflicts.Principal{Supplier: "studio", User: "ben", Device: string(rune('a' + i)), Role: conflicts.Member})
			devices[i].syncUntil(func() bool { return devices[i].value("notes") == "0" && devices[i].acked() })
		}
		synctest.Wait()
		begun := time.Now()
		heard := make([]int, followers)
		for i := range changes {
			anna.set("notes", string(rune('a'+i)))
			anna.syncUntil(anna.acked) // the author is answered at once
			synctest.Wait()
			for i, r := range devices {
				heard[i] += r.takeReady()
			}
		}
		if waited := time.Since(begun); waited > time.Millisecond {
			t.Errorf("the author waited %v", waited)
		}
		for i, r := range devices {
			messages := heard[i]
			for r.value("notes") != string(rune('a'+changes-1)) {
				for _, o := range r.next() {
					messages++
					r.take(o)
				}
			}
			if messages > 2 {
				t.Errorf("%d messages for %d changes within a moment", messages, changes)
			}
		}
		if waited := time.Since(begun); waited > 2*hub.DefaultLimits.Pace {
			t.Errorf("followers waited %v", waited)
		}
	})
}
