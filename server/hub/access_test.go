package hub_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
	"wedsync/syncproto"
)

var (
	olga  = principal("olga", conflicts.Owner)
	annas = store.DeviceID{User: "anna", Device: "anna-phone"}
)

// ended waits until a device is closed, and says how.
func ended(t *testing.T, d *hub.Device) hub.CloseCode {
	t.Helper()
	select {
	case <-d.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the device is not closed")
	}
	return d.Code()
}

// shut checks that nothing is taken from a device nor given to it any more.
func shut(t *testing.T, r *replica) {
	t.Helper()
	heard := syncproto.Sync{Record: r.id, Message: &syncproto.Message{Heads: r.graph.Heads()}}
	if err := r.device.Receive(t.Context(), heard); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("a message was taken, %v", err)
	}
	if out, err := r.device.Take(nil); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("it was given %d messages, %v", len(out), err)
	}
}

// must fails the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRevocationClosesTheDeviceAndKeepsItOut(t *testing.T) {
	h := startHub(t, openStore(t))
	anna, ben := sharing(t, h, h)
	must(t, h.Revoke(t.Context(), olga, annas))
	if code := ended(t, anna.device); code != hub.Revoked {
		t.Errorf("closed with %d, want %d", code, hub.Revoked)
	}
	shut(t, anna)
	ben.set("notes", "ivy")
	ben.syncUntil(ben.acked)
	who := principal("anna", conflicts.Member)
	unnamed := who
	unnamed.Device = ""
	for _, p := range []conflicts.Principal{who, unnamed} {
		if _, err := h.Join(t.Context(), p, syncproto.Joined{PeerID: "anna", StorageID: "anna-phone"}); !errors.Is(err, hub.ErrRevoked) {
			t.Errorf("came back as %+v: %v", p, err)
		}
	}
	if _, err := h.Admit(t.Context(), who); !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("admitted with a token of the device: %v", err)
	}
	must(t, h.Readmit(t.Context(), olga, annas))
	anna.connect(h, who)
	anna.syncUntil(func() bool { return anna.value("notes") == "ivy" && anna.acked() })
}

func TestNarrowedRoleEndsTheConnectionAndHoldsWhenItComesBack(t *testing.T) {
	h := startHub(t, openStore(t))
	anna, ben := sharing(t, h, h)
	must(t, h.SetRole(t.Context(), olga, "anna", conflicts.Viewer))
	if code := ended(t, anna.device); code != hub.GoingAway {
		t.Errorf("closed with %d, want %d", code, hub.GoingAway)
	}
	shut(t, anna)
	anna.connect(h, principal("anna", conflicts.Member))
	ben.set("notes", "ivy")
	ben.syncUntil(ben.acked)
	anna.syncUntil(func() bool { return anna.value("notes") == "ivy" })
	anna.set("notes", "moss")
	anna.send()
	settle(t, h, ben)
	if ben.value("notes") != "ivy" {
		t.Errorf("a viewer wrote %q", ben.value("notes"))
	}
	got, err := h.Admit(t.Context(), principal("anna", conflicts.Owner))
	if err != nil || got.Role != conflicts.Viewer {
		t.Errorf("admitted as %q, %v; want the lesser role", got.Role, err)
	}
	got, err = h.Admit(t.Context(), principal("ben", conflicts.Viewer))
	if err != nil || got.Role != conflicts.Viewer {
		t.Errorf("admitted as %q, %v; want the token's role", got.Role, err)
	}

	// What is given back is heard of too.
	must(t, h.SetRole(t.Context(), olga, "anna", ""))
	if code := ended(t, anna.device); code != hub.GoingAway {
		t.Errorf("closed with %d, want %d", code, hub.GoingAway)
	}
	anna.connect(h, principal("anna", conflicts.Member))
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "moss" })
}

func TestUserWithoutAccessIsShutOutWithAllDevices(t *testing.T) {
	h := startHub(t, openStore(t))
	anna, ben := sharing(t, h, h)
	tablet := join(t, h, conflicts.Principal{Supplier: "studio", User: "anna", Role: conflicts.Member}, syncproto.Joined{PeerID: "tablet", StorageID: "tablet"})
	t.Cleanup(tablet.Leave)
	must(t, h.SetRole(t.Context(), olga, "anna", conflicts.NoRole))
	for _, d := range []*hub.Device{anna.device, tablet} {
		if code := ended(t, d); code != hub.Revoked {
			t.Errorf("closed with %d, want %d", code, hub.Revoked)
		}
	}
	if _, err := h.Admit(t.Context(), principal("anna", conflicts.Owner)); !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("admitted: %v", err)
	}
	if code := ben.device.Code(); code != 0 {
		t.Errorf("another user's device closed with %d", code)
	}
}

func TestAccessOfOneSupplierIsNoMatterOfAnother(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	stranger := conflicts.Principal{Supplier: "barn", User: "anna", Device: "anna-phone", Role: conflicts.Owner}
	must(t, h.Revoke(t.Context(), conflicts.Principal{Supplier: "barn", User: "bo", Role: conflicts.Owner}, annas))
	must(t, h.SetRole(t.Context(), conflicts.Principal{Supplier: "barn", User: "bo", Role: conflicts.Owner}, "anna", conflicts.NoRole))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	if code := anna.device.Code(); code != 0 {
		t.Errorf("closed with %d by another supplier's owner", code)
	}
	if _, err := h.Admit(t.Context(), stranger); !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("admitted: %v", err)
	}
	devices, err := h.Devices(t.Context(), conflicts.Principal{Supplier: "barn", User: "bo", Role: conflicts.Owner})
	if err != nil || len(devices) != 1 || devices[0].RevokedAt.IsZero() || devices[0].Connected {
		t.Errorf("another supplier's owner sees %+v, %v", devices, err)
	}
}

// A lateStore answers who may do what late: what it read may be the former.
type lateStore struct {
	store.Store
	read    chan bool // one is sent when the first answer is read
	release chan bool // closed to let it go
	asked   atomic.Bool
}

func (s *lateStore) AccessOf(ctx context.Context, supplier string) (store.Access, error) {
	a, err := s.Store.AccessOf(ctx, supplier)
	if !s.asked.Swap(true) {
		s.read <- true
		<-s.release
	}
	return a, err
}

func TestRevocationWhileADeviceJoinsIsNotMissed(t *testing.T) {
	s := &lateStore{Store: openStore(t), read: make(chan bool), release: make(chan bool)}
	h := startHub(t, s)
	joined := make(chan error, 1)
	go func() {
		_, err := h.Join(t.Context(), principal("anna", conflicts.Member), syncproto.Joined{PeerID: "anna", StorageID: "anna"})
		joined <- err
	}()
	<-s.read
	must(t, h.Revoke(t.Context(), olga, annas))
	close(s.release)
	if err := <-joined; !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("joined all the same: %v", err)
	}
}

func TestVisitEndsWithTheAccess(t *testing.T) {
	h := startHub(t, openStore(t))
	var visits []*hub.Visit
	for _, name := range []string{"anna", "ben", "cid"} {
		v, err := h.Visit(t.Context(), principal(name, conflicts.Member))
		must(t, err)
		visits = append(visits, v)
	}
	anna, ben, cid := visits[0], visits[1], visits[2]
	cid.Leave()
	must(t, h.Revoke(t.Context(), olga, annas))
	must(t, h.SetRole(t.Context(), olga, "ben", conflicts.Viewer))
	must(t, h.SetRole(t.Context(), olga, "cid", conflicts.Viewer))
	if err := <-anna.Ended; !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("the revoked one was told %v", err)
	}
	if err := <-ben.Ended; !errors.Is(err, hub.ErrRoleChanged) {
		t.Errorf("the one who may do less was told %v", err)
	}
	anna.Leave()
	ben.Leave()
	if len(cid.Ended) != 0 {
		t.Error("one who had left was told")
	}
	if _, err := h.Visit(t.Context(), principal("anna", conflicts.Member)); !errors.Is(err, hub.ErrRevoked) {
		t.Errorf("visits again: %v", err)
	}
}

func TestNobodyIsAdmittedWhileNobodyCanTell(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	s.Fail(storetest.AccessOf, storetest.NotDone, storetest.NotDone)
	if _, err := h.Admit(t.Context(), principal("anna", conflicts.Member)); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("admitted: %v", err)
	}
	_, err := h.Join(t.Context(), principal("anna", conflicts.Member), syncproto.Joined{PeerID: "anna"})
	if !errors.Is(err, hub.ErrUnavailable) || hub.CloseCodeOf(err) != hub.TryAgain {
		t.Errorf("joined: %v", err)
	}
}

func TestRevocationWhoseAnswerWasLostHoldsForWhoComesNext(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	s.Fail(storetest.Revoke, storetest.AnswerLost)
	s.Fail(storetest.AccessOf, storetest.NotDone)
	if err := h.Revoke(t.Context(), olga, annas); err == nil {
		t.Fatal("no error")
	}
	if _, err := h.Admit(t.Context(), olga); err != nil {
		t.Fatal(err)
	}
	if code := ended(t, anna.device); code != hub.Revoked {
		t.Errorf("closed with %d, want %d", code, hub.Revoked)
	}
}

func TestOwnersAloneSayWhoMayDoWhatAndNotOfThemselves(t *testing.T) {
	h := startHub(t, openStore(t))
	own := olga
	own.Device = "desk"
	for what, c := range map[string]struct {
		err, want error
	}{
		"a member sets a role":          {h.SetRole(t.Context(), principal("ben", conflicts.Member), "anna", conflicts.Viewer), hub.ErrForbidden},
		"a member revokes":              {h.Revoke(t.Context(), principal("ben", conflicts.Member), annas), hub.ErrForbidden},
		"a member readmits":             {h.Readmit(t.Context(), principal("ben", conflicts.Member), annas), hub.ErrForbidden},
		"a viewer names another's":      {h.NameDevice(t.Context(), principal("ben", conflicts.Viewer), annas, "x"), store.ErrNotFound},
		"an owner lowers themselves":    {h.SetRole(t.Context(), olga, "olga", conflicts.Member), hub.ErrOneself},
		"an owner shuts themselves out": {h.SetRole(t.Context(), olga, "olga", conflicts.NoRole), hub.ErrOneself},
		"an owner revokes this device":  {h.Revoke(t.Context(), own, store.DeviceID{User: "olga", Device: "desk"}), hub.ErrOneself},
		"an owner revokes another own":  {h.Revoke(t.Context(), own, store.DeviceID{User: "olga", Device: "lost"}), nil},
		"an owner stays one":            {h.SetRole(t.Context(), olga, "olga", conflicts.Owner), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got error %v, want %v", what, c.err, c.want)
		}
	}
	if _, err := h.Users(t.Context(), principal("ben", conflicts.Member)); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member sees users: %v", err)
	}
}

func TestDevicesAreListedForThoseWhoMaySeeThem(t *testing.T) {
	h := startHub(t, openStore(t))
	anna, ben := sharing(t, h, h)
	must(t, h.NameDevice(t.Context(), principal("anna", conflicts.Viewer), annas, "Anna's phone"))
	must(t, h.SetRole(t.Context(), olga, "cid", conflicts.Viewer))
	must(t, h.Revoke(t.Context(), olga, store.DeviceID{User: "ben", Device: "lost"}))
	ben.device.Leave()

	all, err := h.Devices(t.Context(), olga)
	must(t, err)
	if len(all) != 3 {
		t.Fatalf("%d devices, want those of anna and ben and the lost one", len(all))
	}
	if d := all[0]; d.Name != "Anna's phone" || !d.Connected || d.Role != conflicts.Member || d.ByStorageID || d.FirstSeen.IsZero() || d.ID != hub.DeviceKey(annas) {
		t.Errorf("anna's is %+v", d)
	}
	if d := all[1]; d.User != "ben" || d.Connected || d.Role != "" || !d.RevokedAt.IsZero() {
		t.Errorf("ben's is %+v", d)
	}
	if d := all[2]; d.Device != "lost" || d.RevokedAt.IsZero() || !d.LastSeen.IsZero() {
		t.Errorf("the lost one is %+v", d)
	}
	own, err := h.Devices(t.Context(), principal("anna", conflicts.Member))
	must(t, err)
	if len(own) != 1 || own[0].ID != hub.DeviceKey(annas) {
		t.Errorf("anna sees %+v", own)
	}
	if _, err := h.Device(t.Context(), principal("anna", conflicts.Member), all[1].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("anna finds ben's: %v", err)
	}
	users, err := h.Users(t.Context(), olga)
	must(t, err)
	want := []hub.KnownUser{
		{User: "anna", Devices: 1, Connected: 1, LastSeen: all[0].LastSeen},
		{User: "ben", Devices: 2, LastSeen: all[1].LastSeen},
		{User: "cid", Role: conflicts.Viewer},
	}
	if !slices.Equal(users, want) {
		t.Errorf("users are %+v, want %+v", users, want)
	}
	if code := anna.device.Code(); code != 0 {
		t.Errorf("closed with %d", code)
	}
}

func TestDevicesThatMayBeTakenForEachOtherHaveIDsOfTheirOwn(t *testing.T) {
	seen := make(map[string]store.DeviceID)
	for _, d := range []store.DeviceID{{User: "ab", Device: "c"}, {User: "a", Device: "bc"}, {User: "", Device: "abc"}, {User: "a\x00b", Device: "c"}} {
		id := hub.DeviceKey(d)
		if other, known := seen[id]; known || len(id) != 24 {
			t.Errorf("%v has the id %q like %v", d, id, other)
		}
		seen[id] = d
	}
}

// within is how soon a change of access holds on every node.
const within = time.Second

func TestAccessHoldsOnEveryNodeWithinASecond(t *testing.T) {
	for name, deaf := range map[string]bool{"by a ring": false, "by looking": true} {
		t.Run(name, func(t *testing.T) {
			hubs, bus, _ := nodes(t, 3)
			bus.deaf = deaf
			anna, ben := sharing(t, hubs[0], hubs[1])
			// The third node has a listener only.
			listener, err := hubs[2].Visit(t.Context(), principal("anna", conflicts.Member))
			must(t, err)
			defer listener.Leave()

			began := time.Now()
			must(t, hubs[0].SetRole(t.Context(), olga, "ben", conflicts.Viewer))
			if code := ended(t, ben.device); code != hub.GoingAway {
				t.Errorf("the one who may do less: closed with %d, want %d", code, hub.GoingAway)
			}
			shut(t, ben)
			must(t, hubs[1].Revoke(t.Context(), olga, annas))
			if code := ended(t, anna.device); code != hub.Revoked {
				t.Errorf("the revoked one: closed with %d, want %d", code, hub.Revoked)
			}
			shut(t, anna)
			if err := <-listener.Ended; !errors.Is(err, hub.ErrRevoked) {
				t.Errorf("its listener was told %v", err)
			}
			if took := time.Since(began); took > 2*within {
				t.Errorf("two changes took %v", took)
			}
			for i, h := range hubs {
				if _, err := h.Admit(t.Context(), principal("anna", conflicts.Member)); !errors.Is(err, hub.ErrRevoked) {
					t.Errorf("node %d admits: %v", i, err)
				}
				if code := hub.CloseCodeOf(joinError(t, h)); code != hub.Revoked {
					t.Errorf("node %d answers with %d", i, code)
				}
			}
		})
	}
}

// joinError is what the revoked device is told.
func joinError(t *testing.T, h *hub.Hub) error {
	t.Helper()
	_, err := h.Join(t.Context(), principal("anna", conflicts.Member), syncproto.Joined{PeerID: "anna"})
	return err
}

func TestNodeThatNobodyVisitedHearsOfARevocation(t *testing.T) {
	hubs, _, s := nodes(t, 2)
	if _, err := hubs[1].Admit(t.Context(), principal("anna", conflicts.Member)); err != nil {
		t.Fatal(err)
	}
	must(t, hubs[0].Revoke(t.Context(), olga, annas))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for {
		_, err := hubs[1].Admit(t.Context(), principal("anna", conflicts.Member))
		if errors.Is(err, hub.ErrRevoked) {
			break
		}
		must(t, err)
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("still admitted")
		}
	}
	if a, err := s.AccessOf(t.Context(), "studio"); err != nil || a.Version != 1 {
		t.Errorf("access of version %d, %v", a.Version, err)
	}
}
