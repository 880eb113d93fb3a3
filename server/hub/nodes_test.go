package hub_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/syncproto"
)

// A bus is how the stores of several hubs in one test hear of each other. A
// deaf bus loses all that it is given.
type bus struct {
	limits    hub.Limits // of the hubs
	mu        sync.Mutex
	deaf      bool
	listeners map[*shared]store.Listener
}

func newBus() *bus {
	return &bus{limits: hub.Limits{Follow: 20 * time.Millisecond}, listeners: make(map[*shared]store.Listener)}
}

// A shared store is what one of several hubs sees of a store.
type shared struct {
	store.Store
	bus       *bus
	listening chan struct{} // closed once its hub does
	looked    sync.Map      // records of which it was asked what they have later
}

func (s *shared) Later(ctx context.Context, id crdt.RecordID, version uint64) (*store.Stored, error) {
	s.looked.Store(id, true)
	return s.Store.Later(ctx, id, version)
}

func (s *shared) Shared() bool { return true }

func (s *shared) each(f func(store.Listener)) {
	s.bus.mu.Lock()
	var others []store.Listener
	for other, l := range s.bus.listeners {
		if other != s && !s.bus.deaf {
			others = append(others, l)
		}
	}
	s.bus.mu.Unlock()
	for _, l := range others {
		f(l)
	}
}

func (s *shared) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	stale, err := s.Store.Append(ctx, commits)
	for _, c := range commits {
		s.each(func(l store.Listener) { l.Moved(c.Supplier) })
	}
	return stale, err
}

func (s *shared) SetPolicy(ctx context.Context, supplier string, p *conflicts.Policy) error {
	err := s.Store.SetPolicy(ctx, supplier, p)
	s.each(func(l store.Listener) { l.Moved(supplier) })
	return err
}

func (s *shared) SetRole(ctx context.Context, supplier, user string, role conflicts.Role) (uint64, error) {
	version, err := s.Store.SetRole(ctx, supplier, user, role)
	s.each(func(l store.Listener) { l.Moved(supplier) })
	return version, err
}

func (s *shared) Revoke(ctx context.Context, supplier string, d store.DeviceID, at time.Time) (uint64, error) {
	version, err := s.Store.Revoke(ctx, supplier, d, at)
	s.each(func(l store.Listener) { l.Moved(supplier) })
	return version, err
}

func (s *shared) Listen(ctx context.Context, l store.Listener) error {
	s.bus.mu.Lock()
	s.bus.listeners[s] = l
	s.bus.mu.Unlock()
	close(s.listening)
	<-ctx.Done()
	s.bus.mu.Lock()
	delete(s.bus.listeners, s)
	s.bus.mu.Unlock()
	return nil
}

func (s *shared) Tell(_ context.Context, message []byte) error {
	s.each(func(l store.Listener) { l.Told(message) })
	return nil
}

// nodes starts hubs that share one store.
func nodes(t *testing.T, n int) ([]*hub.Hub, *bus, store.Store) {
	t.Helper()
	b := newBus()
	s := openStore(t)
	var hubs []*hub.Hub
	for range n {
		h, _ := node(t, s, b)
		hubs = append(hubs, h)
	}
	return hubs, b, s
}

// node starts one of several hubs, which listens then.
func node(t *testing.T, s store.Store, b *bus) (*hub.Hub, *shared) {
	t.Helper()
	seen := &shared{Store: s, bus: b, listening: make(chan struct{})}
	h, err := hub.New(t.Context(), hub.Options{
		Store: seen, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler),
		Limits: b.limits,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	<-seen.listening // what is told before reaches nobody
	return h, seen
}

// sharing are two devices that hold one record, each at a hub.
func sharing(t *testing.T, one, other *hub.Hub) (anna, ben *replica) {
	t.Helper()
	anna, ben = newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(one, principal("anna", conflicts.Member))
	ben.connect(other, principal("ben", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" && ben.acked() })
	return anna, ben
}

func TestDeviceHearsOfWhatAnotherNodeStored(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		t.Run(map[bool]string{false: "by a ring", true: "by looking"}[deaf], func(t *testing.T) {
			hubs, bus, _ := nodes(t, 2)
			bus.deaf = deaf
			anna := newReplica(t, "anna", newID(1))
			ben := newReplica(t, "ben", newID(1))
			anna.connect(hubs[0], principal("anna", conflicts.Member))
			ben.connect(hubs[1], principal("ben", conflicts.Member))
			ben.send() // asks before there is anything
			if out := ben.next(); len(out) != 1 || out[0].Unavailable == "" {
				t.Fatalf("got %+v, want unavailable", out)
			}
			anna.set("notes", "peonies")
			anna.syncUntil(anna.acked)
			ben.syncUntil(func() bool { return ben.value("notes") == "peonies" })
			for i := range 5 {
				ben.set("notes", fmt.Sprint("ivy ", i))
				ben.syncUntil(ben.acked)
				anna.syncUntil(func() bool { return slices.Equal(anna.graph.Heads(), ben.graph.Heads()) })
				anna.set("notes", fmt.Sprint("peonies ", i))
				anna.syncUntil(anna.acked)
				ben.syncUntil(func() bool { return slices.Equal(anna.graph.Heads(), ben.graph.Heads()) })
			}
		})
	}
}

func TestTwoNodesThatDivertAtOnceOpenOneConflict(t *testing.T) {
	hubs, _, s := nodes(t, 2)
	olga := newReplica(t, "olga", newID(1))
	olga.connect(hubs[0], principal("olga", conflicts.Owner))
	olga.set("wedding_date", "2027-06-12")
	olga.syncUntil(olga.acked)
	var devices []*replica
	for i, name := range []string{"anna", "ben"} {
		r := newReplica(t, name, newID(1))
		r.connect(hubs[i], principal(name, conflicts.Member))
		r.syncUntil(func() bool { return r.value("wedding_date") == "2027-06-12" && r.acked() })
		devices = append(devices, r)
	}
	var both sync.WaitGroup
	var sent []crdt.Hash
	for i, r := range devices {
		sent = append(sent, r.set("wedding_date", fmt.Sprintf("2027-07-%02d", i+1)).Hash)
		both.Go(r.send)
	}
	both.Wait()
	all := []*replica{olga, devices[0], devices[1]}
	alike := func() bool {
		return slices.Equal(olga.graph.Heads(), devices[0].graph.Heads()) && slices.Equal(olga.graph.Heads(), devices[1].graph.Heads())
	}
	for _, r := range all {
		r.syncUntil(func() bool { return r.acked() && has(r, sent...) && r.value("wedding_date") == "2027-06-12" })
	}
	// Who synced first may have a hub change yet to hear of.
	for _, r := range all {
		r.syncUntil(func() bool {
			return r.acked() && has(r, olga.graph.Heads()...) && has(r, devices[0].graph.Heads()...) && has(r, devices[1].graph.Heads()...)
		})
	}
	if !alike() {
		t.Errorf("heads differ: %v, %v and %v", olga.graph.Heads(), devices[0].graph.Heads(), devices[1].graph.Heads())
	}
	rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Status != conflicts.Pending || len(rows[0].Proposals) != 2 {
		t.Errorf("two edits apart led to %+v, want one pending conflict with both", rows)
	}
}

func has(r *replica, all ...crdt.Hash) bool {
	return !slices.ContainsFunc(all, func(h crdt.Hash) bool { return !r.graph.Has(h) })
}

func TestPolicyReachesTheOtherNodes(t *testing.T) {
	hubs, _, _ := nodes(t, 2)
	who := principal("olga", conflicts.Owner)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(hubs[1], principal("anna", conflicts.Member))
	if _, err := hubs[1].Policy(t.Context(), who.Supplier); err != nil {
		t.Fatal(err)
	}
	set, err := hubs[0].SetPolicy(t.Context(), who, conflicts.Policy{Fields: []conflicts.FieldPolicy{
		{Path: "notes", Kind: conflicts.Text, Review: conflicts.EveryEdit},
	}})
	if err != nil {
		t.Fatal(err)
	}
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for got, err := hubs[1].Policy(t.Context(), who.Supplier); err != nil || got.Version != set.Version; got, err = hubs[1].Policy(t.Context(), who.Supplier) {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}

func TestDeletionReachesTheDevicesOfOtherNodes(t *testing.T) {
	hubs, _, _ := nodes(t, 2)
	anna, ben := sharing(t, hubs[0], hubs[1])
	if err := hubs[0].Delete(t.Context(), anna.id, principal("olga", conflicts.Owner), nil); err != nil {
		t.Fatal(err)
	}
	ben.denied()
	if err := hubs[1].Restore(t.Context(), anna.id, principal("olga", conflicts.Owner), nil); err != nil {
		t.Fatal(err)
	}
	ben.set("notes", "ivy")
	ben.syncUntil(ben.acked)
	anna.syncUntil(func() bool { return anna.value("notes") == "ivy" })
}

// A device may have a record read from the store before the node hears that it moved on.
func TestDevicesHearOfWhatTheirNodeReadBeforeItWasTold(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		t.Run(map[bool]string{false: "edit", true: "deletion"}[deleted], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, s := newBus(), openStore(t)
				b.deaf, b.limits.Follow = true, time.Hour
				one, _ := node(t, s, b)
				other, _ := node(t, s, b)
				anna := newReplica(t, "anna", newID(1))
				anna.connect(one, principal("anna", conflicts.Member))
				first := anna.set("notes", "peonies")
				anna.set("notes", "roses")
				anna.syncUntil(anna.acked)
				ben := newReplica(t, "ben", anna.id)
				ben.connect(other, principal("ben", conflicts.Member))
				synctest.Wait() // the node follows the studio from here on
				ben.syncUntil(func() bool { return has(ben, anna.graph.Heads()...) && ben.acked() })
				if hub.Opened(other, ben.id) {
					t.Fatal("the second node has opened the record")
				}

				if deleted {
					if err := one.Delete(t.Context(), anna.id, olgaOwns, nil); err != nil {
						t.Fatal(err)
					}
				} else {
					anna.set("notes", "ivy")
					anna.syncUntil(anna.acked)
				}
				cid := newReplica(t, "cid", anna.id)
				if _, err := cid.graph.Add(mustDecode(t, first.Raw)); err != nil {
					t.Fatal(err)
				}
				cid.connect(other, principal("cid", conflicts.Member))
				if deleted {
					cid.send()
					cid.denied()
					ben.denied()
					return
				}
				cid.syncUntil(func() bool { return cid.value("notes") == "ivy" })
				ben.hearUntil(func() bool { return ben.value("notes") == "ivy" })
			})
		})
	}
}

func TestPresenceCrossesNodes(t *testing.T) {
	hubs, _, _ := nodes(t, 3)
	anna, ben := sharing(t, hubs[0], hubs[2])
	present := syncproto.Ephemeral{Record: anna.id, Count: 7, SessionID: "s", Data: []byte("typing")}
	if err := anna.device.Receive(t.Context(), present); err != nil {
		t.Fatal(err)
	}
	for {
		for _, o := range ben.next() {
			if o.Presence != nil {
				if o.Presence.From != "anna" || !reflect.DeepEqual(o.Presence.Message, present) {
					t.Fatalf("got %+v", o.Presence)
				}
				return
			}
		}
	}
}

func TestAChangeThatTwoNodesReceiveIsStoredOnce(t *testing.T) {
	hubs, _, _ := nodes(t, 2)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(hubs[0], principal("anna", conflicts.Member))
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	again := newReplica(t, "anna", newID(1))
	again.connect(hubs[1], conflicts.Principal{Supplier: "studio", User: "anna", Device: "anna-phone", Role: conflicts.Member})
	for i := range anna.graph.Len() {
		if _, err := again.graph.AddHub(mustDecode(t, anna.graph.At(i).Raw)); err != nil {
			t.Fatal(err)
		}
	}
	c := anna.set("notes", "ivy")
	if _, err := again.graph.Add(mustDecode(t, c.Raw)); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Go(anna.send)
	both.Go(again.send)
	both.Wait()
	anna.syncUntil(anna.acked)
	again.syncUntil(again.acked)
}

func TestSupplierThatComesDoesNotHaveOthersRecordsReadAgain(t *testing.T) {
	b := newBus()
	s := openStore(t)
	one, _ := node(t, s, b)
	other, seen := node(t, s, b)
	anna, ben := sharing(t, one, other)
	anna.set("notes", "ivy")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "ivy" })
	seen.looked.Clear()

	// Of the second supplier the node has heard once its device hears of the other node.
	stranger := func(name string) conflicts.Principal {
		return conflicts.Principal{Supplier: "barn", User: name, Device: name, Role: conflicts.Member}
	}
	cid, dan := newReplica(t, "cid", newID(2)), newReplica(t, "dan", newID(2))
	cid.connect(one, stranger("cid"))
	dan.connect(other, stranger("dan"))
	cid.set("notes", "moss")
	cid.syncUntil(cid.acked)
	dan.syncUntil(func() bool { return dan.value("notes") == "moss" && dan.acked() })
	cid.set("notes", "fern")
	cid.syncUntil(cid.acked)
	dan.syncUntil(func() bool { return dan.value("notes") == "fern" })
	if err := hub.Settle(t.Context(), other, anna.id); err != nil {
		t.Fatal(err)
	}
	if _, looked := seen.looked.Load(anna.id); looked {
		t.Error("a record was read again that has not moved")
	}
}

func TestStatusKnowsWithinTwoSecondsWhatDevicesOfAnotherNodeHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hubs, _, _ := nodes(t, 2)
		anna, ben := sharing(t, hubs[0], hubs[1])
		synctest.Wait()
		here := func(state string) {
			t.Helper()
			if st := stateOf(t, hubs[0], "ben"); st.State != state || st.Connected {
				t.Errorf("got %+v, want %s", st, state)
			}
		}
		if _, err := hubs[0].SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 1}); err != nil { // it was noted nowhere yet
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		here(hub.InSync)
		anna.set("notes", "ivy")
		anna.syncUntil(anna.acked)
		here(hub.DeviceBehind)
		ben.syncUntil(func() bool { return ben.value("notes") == "ivy" && ben.acked() })
		time.Sleep(2 * time.Second)
		here(hub.InSync)
	})
}

func TestStatusPrefersWhatAnotherNodeHeardLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hubs, _, _ := nodes(t, 2)
		anna, ben := sharing(t, hubs[0], hubs[0])
		ben.device.Leave()
		anna.set("notes", "ivy")
		anna.syncUntil(anna.acked)
		if st := stateOf(t, hubs[0], "ben"); st.State != hub.DeviceBehind {
			t.Fatalf("after ben left: %+v", st)
		}
		time.Sleep(time.Second)
		ben.connect(hubs[1], principal("ben", conflicts.Member))
		ben.syncUntil(func() bool { return ben.value("notes") == "ivy" && ben.acked() })
		time.Sleep(2 * time.Second)
		if st := stateOf(t, hubs[0], "ben"); st.State != hub.InSync {
			t.Errorf("on another node it caught up: %+v", st)
		}
	})
}
