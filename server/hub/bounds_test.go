package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

func startLimited(t *testing.T, s store.Store, l hub.Limits) *hub.Hub {
	t.Helper()
	l.ComeBack = atOnce
	h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler), Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// setMany makes a change of n operations.
func (r *replica) setMany(n int) *crdt.Change {
	r.t.Helper()
	c := &crdt.Change{
		Deps: slices.Clone(r.graph.Heads()), Actor: r.actor, Seq: r.graph.Seq(r.actor) + 1,
		StartOp: r.graph.MaxOp() + 1, NumOps: n,
	}
	for i := range n {
		c.Ops = append(c.Ops, crdt.Op{
			ID: crdt.OpID{Counter: c.StartOp + uint64(i), Actor: r.actor}, Key: fmt.Sprintf("%d/%d", c.Seq, i), Action: crdt.Set,
			Value: crdt.Value{Kind: crdt.Null},
		})
	}
	decoded, err := crdt.Decode(crdt.Encode(c), limits)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.graph.Add(decoded); err != nil {
		r.t.Fatal(err)
	}
	return decoded
}

func TestChangesOfManyOperationsAreJudgedInPortions(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Owner))
	ben.connect(h, principal("ben", conflicts.Owner))
	var chunks [][]byte
	for range 3 { // two fit one portion
		chunks = append(chunks, anna.setMany(60_000).Raw)
	}
	chunks = append(chunks, anna.set("budget", "100").Raw)
	anna.push(chunks...)
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.graph.Len() == anna.graph.Len() })
	if got := len(entries(t, s)); got != 2 {
		t.Errorf("%d batches, want 2", got)
	}
	row, err := s.Summary(t.Context(), "studio", newID(1))
	if err != nil {
		t.Fatal(err)
	}
	view, err := conflicts.ReadLedger(row.Ledger)
	if err != nil || view.Accepted["budget"].Written.Str != "100" {
		t.Errorf("accepted %+v, %v, want 100", view, err)
	}
}

func TestMessagesUnderWayAreBoundedForAllDevicesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := holdStore(t)
		h := startLimited(t, s, hub.Limits{InFlight: 2000})
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(2))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.push(anna.set("notes", strings.Repeat("a", 3000)).Raw) // more than the budget goes alone
		<-s.appends
		sent := false
		go func() {
			ben.push(ben.set("notes", "b").Raw)
			sent = true
		}()
		synctest.Wait()
		if sent {
			t.Error("a message was taken although the budget is spent")
		}
		s.release <- nil
		<-s.appends
		synctest.Wait()
		if !sent {
			t.Error("a message was not taken although the budget is free")
		}
		s.release <- nil
	})
}

func TestDeviceThatDoesNotReadItsAnswersIsNotReadFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startLimited(t, openStore(t), hub.Limits{Denials: 3})
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range 10 {
				if anna.device.Receive(ctx, syncproto.BadRecord{DocumentID: "nonsense"}) != nil {
					return
				}
				asked++
			}
		}()
		synctest.Wait()
		if asked != 3 {
			t.Errorf("%d questions were taken, want 3", asked)
		}
		if out := anna.next(); len(out) != 3 {
			t.Errorf("%d answers, want 3", len(out))
		}
		synctest.Wait()
		if asked != 6 {
			t.Errorf("%d questions were taken after the answers were read, want 6", asked)
		}
		cancel()
		synctest.Wait()
	})
}

func TestLongDocumentIDsAreNotAnswered(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	for range hub.DefaultLimits.Malformed {
		if err := anna.device.Receive(t.Context(), syncproto.BadRecord{DocumentID: strings.Repeat("x", 1<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	anna.silent("of ids that are none")
	if err := anna.device.Receive(t.Context(), syncproto.BadRecord{DocumentID: strings.Repeat("x", 1<<20)}); err == nil {
		t.Error("ids that are none go on for ever")
	}
	if code := anna.device.Code(); code != hub.Misbehaved {
		t.Errorf("close code %d, want %d", code, hub.Misbehaved)
	}
}

func TestPresenceThatIsNotReadKeepsTheNewestWithinItsBytes(t *testing.T) {
	h := startLimited(t, openStore(t), hub.Limits{EphemeralBytes: 2500, Ephemerals: 4})
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
	send := func(count uint64, size int) {
		e := syncproto.Ephemeral{Record: newID(1), Count: count, SessionID: "s", Data: bytes.Repeat([]byte{1}, size)}
		if err := anna.device.Receive(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	counts := func() (got []uint64) {
		settle(t, h, anna)
		for _, o := range ben.next() {
			got = append(got, o.Presence.Message.Count)
		}
		return got
	}
	for i := range uint64(5) {
		send(i, 1000)
	}
	if got := counts(); !slices.Equal(got, []uint64{3, 4}) {
		t.Errorf("got %v, want the two that fit", got)
	}
	for i := range uint64(6) {
		send(i, 1)
	}
	if got := counts(); !slices.Equal(got, []uint64{2, 3, 4, 5}) {
		t.Errorf("got %v, want the four newest", got)
	}
	send(7, 5000)
	if got := counts(); !slices.Equal(got, []uint64{7}) {
		t.Errorf("got %v, want one that is larger than all", got)
	}
}

func TestRoomsThatNobodyNeedsAreDropped(t *testing.T) {
	s := openStore(t)
	h := startLimited(t, s, hub.Limits{OpenBytes: 1})
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	for i := range 20 { // asked for, and announced by somebody who has nothing to show
		anna.id = newID(byte(i))
		anna.send()
	}
	anna.set("notes", "0")
	anna.announce()
	edit := conflicts.Edit{From: principal("anna", conflicts.Member), Fields: map[crdt.Path]crdt.Value{"sync_conflicts": {}}}
	if _, _, err := h.Create(t.Context(), edit, nil); err == nil {
		t.Error("created a record of fields that cannot be written")
	}
	anna.device.Leave()
	for i := range 20 {
		settle(t, h, &replica{id: newID(byte(i))})
	}
	h.Close()
	if n := hub.Rooms(h); n != 0 {
		t.Errorf("%d rooms are left", n)
	}
}

func TestDeviceThatLeftStaysAway(t *testing.T) {
	s := holdStore(t)
	h := startHub(t, s)
	anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.push(anna.set("notes", "peonies").Raw)
	<-s.appends
	ben.send() // waits in the queue when ben leaves
	ben.device.Leave()
	s.release <- nil
	anna.syncUntil(anna.acked)
	settle(t, h, anna)
	if n := hub.Members(h, newID(1)); n != 1 {
		t.Errorf("%d members, want anna alone", n)
	}
}

func TestNoMoreThanTheLimitIsRememberedOfNamelessDevicesThatLeft(t *testing.T) {
	h := startLimited(t, openStore(t), hub.Limits{Contacts: 3})
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	for i := range 10 {
		r := newReplica(t, "ben", newID(1))
		// A device without a name of its own cannot come back; the store is not told of it.
		r.device = join(t, h, conflicts.Principal{Supplier: "studio", User: "ben", Role: conflicts.Member}, syncproto.Joined{PeerID: fmt.Sprint(i)})
		r.peer = newPeer()
		t.Cleanup(r.device.Leave)
		r.syncUntil(func() bool { return r.value("notes") == "peonies" && r.acked() })
		r.device.Leave()
	}
	settle(t, h, anna)
	status, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var devices []string
	for _, d := range status.Items[0].Devices {
		devices = append(devices, d.Device)
	}
	if want := []string{"anna-phone", "7", "8", "9"}; !slices.Equal(devices, want) {
		t.Errorf("devices %v, want %v", devices, want)
	}
}
