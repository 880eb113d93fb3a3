package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

func TestTwoDevicesShareARecord(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	ben := newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))

	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
	ben.set("notes", "peonies and ivy")
	ben.syncUntil(ben.acked)
	anna.syncUntil(func() bool { return anna.value("notes") == "peonies and ivy" })
	if !slices.Equal(anna.graph.Heads(), ben.graph.Heads()) {
		t.Errorf("heads differ: %v and %v", anna.graph.Heads(), ben.graph.Heads())
	}
}

func TestUnknownRecordIsUnavailableAtOnce(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.send()
	out := anna.next()
	if len(out) != 1 || out[0].Unavailable != anna.id.DocumentID() {
		t.Fatalf("got %+v, want unavailable", out)
	}
}

func TestAskerGetsARecordThatIsCreatedLater(t *testing.T) {
	h := startHub(t, openStore(t))
	ben := newReplica(t, "ben", newID(1))
	ben.connect(h, principal("ben", conflicts.Member))
	ben.send()
	if out := ben.next(); out[0].Unavailable == "" {
		t.Fatalf("got %+v, want unavailable", out)
	}
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
}

func TestAnotherSuppliersRecordLooksUnknown(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)

	stranger := principal("eve", conflicts.Owner)
	stranger.Supplier = "other"
	eve := newReplica(t, "eve", newID(1))
	eve.connect(h, stranger)
	eve.send()
	if out := eve.next(); len(out) != 1 || out[0].Unavailable != eve.id.DocumentID() {
		t.Errorf("asking: got %+v, want unavailable", out)
	}
	eve.set("notes", "stolen")
	eve.send()
	if out := eve.next(); len(out) != 1 || out[0].Unavailable != eve.id.DocumentID() {
		t.Errorf("pushing: got %+v, want unavailable", out)
	}
	viewer := newReplica(t, "vera", newID(2))
	viewer.connect(h, principal("vera", conflicts.Viewer))
	viewer.set("notes", "new")
	viewer.send()
	if out := viewer.next(); len(out) != 1 || out[0].Unavailable != viewer.id.DocumentID() {
		t.Errorf("a viewer pushing a new record: got %+v, want unavailable", out)
	}
}

// heldStore lets appends through one by one.
type heldStore struct {
	store.Store
	appends chan []store.Commit // one is sent for each append, before it is stored
	release chan error          // nil stores; an error is returned instead
}

func (s *heldStore) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	s.appends <- commits
	if err := <-s.release; err != nil {
		return nil, err
	}
	return s.Store.Append(ctx, commits)
}

// pass answers the next append.
func (s *heldStore) pass(err error) {
	<-s.appends
	s.release <- err
}

func holdStore(t *testing.T) *heldStore {
	return &heldStore{openStore(t), make(chan []store.Commit), make(chan error)}
}

func TestNobodyHearsOfAChangeBeforeItIsStored(t *testing.T) {
	s := holdStore(t)
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	ben := newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	ben.send()
	ben.next() // unavailable

	anna.set("notes", "peonies")
	anna.send()
	for _, o := range anna.next() {
		anna.take(o) // the hub asks for the change, the replica sends it
	}
	<-s.appends
	for _, r := range []*replica{anna, ben} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out, err := r.device.Next(ctx, nil); err == nil {
			t.Fatalf("heard %+v before the append returned", out)
		}
	}
	s.release <- nil
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
}

func TestFailedAppendSendsItsDeviceAwayAndKeepsNothing(t *testing.T) {
	s := holdStore(t)
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.send()
	for _, o := range anna.next() {
		anna.take(o)
	}
	<-s.appends
	s.release <- errors.New("disk full")
	<-anna.device.Done()
	if code := anna.device.Code(); code != hub.TryAgain {
		t.Errorf("close code %d, want %d", code, hub.TryAgain)
	}
	anna.connect(h, principal("anna", conflicts.Member))
	go func() { // the second append
		<-s.appends
		s.release <- nil
	}()
	anna.syncUntil(anna.acked)
}

func TestRoomsShareATransactionWhileOneIsFlushed(t *testing.T) {
	s := holdStore(t)
	h := startHub(t, s)
	const records = 5
	var replicas []*replica
	for i := range records {
		r := newReplica(t, "anna", newID(byte(i)))
		r.connect(h, conflicts.Principal{Supplier: "studio", User: "anna", Device: string(rune('a' + i)), Role: conflicts.Member})
		r.set("notes", "peonies")
		r.send()
		for _, o := range r.next() {
			r.take(o)
		}
		replicas = append(replicas, r)
	}
	first := <-s.appends
	for len(first) < records {
		s.release <- nil
		next := <-s.appends
		first = append(first, next...)
		if len(next) == 1 && len(first) < records {
			continue
		}
	}
	s.release <- nil
	for _, r := range replicas {
		r.syncUntil(r.acked)
	}
}

func TestSlowDeviceGetsOneMessageForManyChanges(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	ben := newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })

	const changes = 20
	for i := range changes {
		anna.set("notes", string(rune('a'+i)))
		anna.syncUntil(anna.acked)
	}
	messages := 0
	for ben.value("notes") != string(rune('a'+changes-1)) {
		for _, o := range ben.next() {
			messages++
			ben.take(o)
		}
	}
	if messages > 2 { // the one made for the first change, and one for all others
		t.Errorf("%d messages for %d changes", messages, changes)
	}
}

func TestEqualHeadsOpenNothing(t *testing.T) {
	s := openStore(t)
	anna := newReplica(t, "anna", newID(1))
	anna.set("notes", "peonies")
	func() {
		h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		anna.connect(h, principal("anna", conflicts.Member))
		anna.syncUntil(anna.acked)
	}()
	loads := &countedStore{Store: s}
	h := startHub(t, loads)
	anna.connect(h, principal("anna", conflicts.Member))
	anna.syncUntil(anna.acked)
	if loads.loads != 0 {
		t.Errorf("%d records loaded to answer equal heads", loads.loads)
	}
}

type countedStore struct {
	store.Store
	loads int
}

func (s *countedStore) Load(ctx context.Context, id crdt.RecordID) (*store.Stored, error) {
	s.loads++
	return s.Store.Load(ctx, id)
}

func TestRecordClosedForMemoryStillServesItsMembers(t *testing.T) {
	s := openStore(t)
	h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Limits: hub.Limits{OpenBytes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	anna := newReplica(t, "anna", newID(1))
	ben := newReplica(t, "ben", newID(1))
	other := newReplica(t, "anna", newID(2))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	other.connect(h, principal("carl", conflicts.Member))
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
	for i := range 5 {
		other.set("notes", string(rune('a'+i))) // opening the one closes the other
		other.syncUntil(other.acked)
		anna.set("notes", string(rune('a'+i)))
		anna.syncUntil(anna.acked)
		ben.syncUntil(func() bool { return ben.value("notes") == string(rune('a'+i)) })
	}
}

func TestSameDeviceUnderTheSamePeerReplacesItsOlderConnection(t *testing.T) {
	h := startHub(t, openStore(t))
	who := principal("anna", conflicts.Member)
	older := join(t, h, who, syncproto.Joined{PeerID: "peer-1"})
	t.Cleanup(older.Leave)
	stranger := who
	stranger.User = "ben"
	other := join(t, h, stranger, syncproto.Joined{PeerID: "peer-1"})
	t.Cleanup(other.Leave)
	if code := older.Code(); code != 0 {
		t.Errorf("another user's connection closed the older one with %d", code)
	}
	newer := join(t, h, who, syncproto.Joined{PeerID: "peer-1"})
	t.Cleanup(newer.Leave)
	if code := older.Code(); code != hub.Replaced {
		t.Errorf("older connection has code %d, want %d", code, hub.Replaced)
	}
	if code := other.Code(); code != 0 {
		t.Errorf("another user's connection was closed with %d", code)
	}
}

func TestPresenceReachesTheOthersOfTheRecordOnce(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	ben := newReplica(t, "ben", newID(1))
	carl := newReplica(t, "carl", newID(2))
	for _, r := range []*replica{anna, ben, carl} {
		r.connect(h, principal(string(r.actor[:4]), conflicts.Member))
	}
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
	carl.set("notes", "0")
	carl.syncUntil(carl.acked)
	presence := syncproto.Ephemeral{Record: newID(1), Count: 1, SessionID: "s", Data: []byte("cursor")}
	if err := anna.device.Receive(t.Context(), presence); err != nil {
		t.Fatal(err)
	}
	out := ben.next()
	if len(out) != 1 || out[0].Presence == nil || out[0].Presence.From != anna.device.PeerID() {
		t.Fatalf("ben got %+v", out)
	}
	for _, r := range []*replica{anna, carl} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out, err := r.device.Next(ctx, nil); err == nil {
			t.Errorf("%s got %+v", r.actor, out)
		}
	}
}

func TestDeviceWithoutARecordIsSentAllOfItUnopened(t *testing.T) {
	s := openStore(t)
	h := startLimited(t, s, hub.Limits{OpenBytes: 1})
	anna, other := newReplica(t, "anna", newID(1)), newReplica(t, "other", newID(2))
	anna.connect(h, principal("anna", conflicts.Member))
	other.connect(h, principal("carl", conflicts.Member))
	for i := range 5 {
		anna.set("budget", string(rune('0'+i))) // the later ones are diverted
		anna.syncUntil(anna.acked)
	}
	other.set("notes", "closes the first")
	other.syncUntil(other.acked)
	settle(t, h, anna)
	for i, role := range []conflicts.Role{conflicts.Owner, conflicts.Viewer} {
		name := fmt.Sprint("fresh-", i)
		fresh := newReplica(t, name, newID(1))
		fresh.connect(h, principal(name, role))
		fresh.syncUntil(func() bool { return slices.Equal(fresh.graph.Heads(), anna.graph.Heads()) })
		if got, want := fresh.value("budget"), anna.value("budget"); got != want {
			t.Errorf("the %s sees budget %q, want %q", role, got, want)
		}
	}
	if hub.Opened(h, newID(1)) {
		t.Error("the record was opened")
	}
}

// restsAMinute is a hub that closes records after a minute, with a device that has one.
func restsAMinute(t *testing.T) (*hub.Hub, *replica) {
	h := startLimited(t, openStore(t), hub.Limits{Rest: time.Minute})
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	return h, anna
}

func TestRecordThatRestsIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, anna := restsAMinute(t)
		<-time.After(59 * time.Second)
		synctest.Wait()
		if !hub.Opened(h, newID(1)) {
			t.Error("closed after 59 of 60 seconds")
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if hub.Opened(h, newID(1)) {
			t.Error("open after it rested for two minutes")
		}
		anna.set("notes", "peonies, no lilies")
		anna.syncUntil(anna.acked)
	})
}

// A device on a slow network takes its messages later than its record is closed.
func TestEditIsAcknowledgedThoughItsRecordWasClosedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, anna := restsAMinute(t)
		for _, notes := range []string{"roses", "ivy"} {
			anna.set("notes", notes)
			anna.send()
			settle(t, h, anna) // what answers the first is not taken, and nothing can answer the second
		}
		time.Sleep(3 * time.Minute) // of a bubble
		if hub.Opened(h, anna.id) {
			t.Fatal("the record is still open")
		}
		anna.hearUntil(anna.acked)
	})
}
