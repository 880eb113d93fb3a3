package hub_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

// entries are the batches of a supplier's journal that devices brought.
func entries(t *testing.T, s store.Store) (all []store.Batch) {
	t.Helper()
	page, err := s.Journal(t.Context(), "studio", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page {
		all = append(all, e.Batches...)
	}
	return all
}

func TestReconnectingDevicesConvergeWhateverBecameOfAFailedAppend(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"not written": storetest.NotDone, "answer lost": storetest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			s := storetest.NewFaulty(openStore(t))
			h := startHub(t, s)
			anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
			anna.connect(h, principal("anna", conflicts.Owner))
			ben.connect(h, principal("ben", conflicts.Owner))
			anna.set("budget", "100")
			anna.syncUntil(anna.acked)
			ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })

			s.Fail(storetest.Append, fault)
			anna.set("budget", "200")
			anna.send()
			<-anna.device.Done()
			if code := anna.device.Code(); code != hub.TryAgain {
				t.Errorf("close code %d, want %d", code, hub.TryAgain)
			}
			anna.connect(h, principal("anna", conflicts.Owner))
			anna.syncUntil(anna.acked)
			ben.syncUntil(func() bool { return ben.value("budget") == "200" && ben.acked() })
			if !slices.Equal(anna.graph.Heads(), ben.graph.Heads()) {
				t.Errorf("heads differ: %v and %v", anna.graph.Heads(), ben.graph.Heads())
			}
			verdicts := 0
			for _, b := range entries(t, s) {
				verdicts += len(b.Origin.Verdicts)
			}
			if verdicts != 2 { // of the upload and of the edit
				t.Errorf("%d verdicts of 2 edits", verdicts)
			}
		})
	}
}

func TestDeviceThatOnlySpokeIsAnsweredAfterAFailedAppend(t *testing.T) {
	s := holdStore(t)
	h := startHub(t, s)
	anna, ben, carl := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1)), newReplica(t, "carl", newID(1))
	for _, r := range []*replica{anna, ben, carl} {
		r.connect(h, principal(string(r.actor[:4]), conflicts.Member))
	}
	anna.set("notes", "0")
	go s.pass(nil)
	anna.syncUntil(anna.acked)
	go s.pass(nil)
	anna.set("notes", "1")
	anna.syncUntil(anna.acked)
	carl.syncUntil(func() bool { return carl.value("notes") == "1" && carl.acked() })

	anna.set("notes", "2")
	anna.send()
	<-s.appends
	// While that is stored, one more change and a question gather for the next turn.
	carl.set("notes", "3")
	carl.send()
	ben.send()
	s.release <- nil
	<-s.appends
	s.release <- errors.New("disk full")
	<-carl.device.Done()
	ben.syncUntil(func() bool { return ben.value("notes") == "2" })
}

// staleStore leaves out the first commits of each append, as if a record had
// moved on.
type staleStore struct {
	store.Store
	left atomic.Int32
}

func (s *staleStore) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	if s.left.Add(-1) >= 0 {
		return []crdt.RecordID{commits[0].Record}, nil
	}
	return s.Store.Append(ctx, commits)
}

func TestTurnThatWasStaleIsStagedAgainWhole(t *testing.T) {
	s := &staleStore{Store: openStore(t)}
	registry := prometheus.NewRegistry()
	h, err := hub.New(t.Context(), hub.Options{Store: s, Engine: noEngine{}, Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Owner))
	anna.set("budget", "100")
	anna.syncUntil(anna.acked)

	s.left.Store(2)
	anna.set("budget", "200")
	anna.syncUntil(anna.acked)
	row, err := s.Summary(t.Context(), "studio", newID(1))
	if err != nil {
		t.Fatal(err)
	}
	view, err := conflicts.ReadLedger(row.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	if got := view.Accepted["budget"].Written.Str; got != "200" {
		t.Errorf("accepted budget %q, want 200", got)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "wedsync_changes_refused_total" {
			t.Errorf("refused: %v", f)
		}
	}
}

// brokenStore refuses the commits of one record.
type brokenStore struct {
	store.Store
	record crdt.RecordID
}

func (s *brokenStore) Append(ctx context.Context, commits []store.Commit) ([]crdt.RecordID, error) {
	for _, c := range commits {
		if c.Record == s.record {
			return nil, &store.CommitError{Record: c.Record, Reason: "breaks a rule"}
		}
	}
	return s.Store.Append(ctx, commits)
}

func TestCommitThatBreaksARuleFailsAlone(t *testing.T) {
	held := holdStore(t)
	held.Store = &brokenStore{held.Store, newID(2)}
	h := startHub(t, held)
	first, bad, good := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(2)), newReplica(t, "carl", newID(3))
	for i, r := range []*replica{first, bad, good} {
		who := principal(string(r.actor[:4]), conflicts.Member)
		r.connect(h, who)
		r.set("notes", "peonies")
		r.send()
		for _, o := range r.next() {
			r.take(o)
		}
		if i == 0 {
			<-held.appends // the others share the next
		}
	}
	held.release <- nil
	go func() {
		for range held.appends {
			held.release <- nil
		}
	}()
	t.Cleanup(func() { close(held.appends) })
	<-bad.device.Done()
	for _, r := range []*replica{first, good} {
		r.syncUntil(r.acked)
	}
	if code := bad.device.Code(); code != hub.TryAgain {
		t.Errorf("close code %d, want %d", code, hub.TryAgain)
	}
}

// corruptStore cannot read one record.
type corruptStore struct {
	store.Store
	record crdt.RecordID
	loads  atomic.Int32
}

func (s *corruptStore) Load(ctx context.Context, id crdt.RecordID) (*store.Stored, error) {
	if id == s.record {
		s.loads.Add(1)
		return nil, store.ErrCorrupt
	}
	return s.Store.Load(ctx, id)
}

func TestCorruptRecordIsUnavailableAndItsDevicesStay(t *testing.T) {
	inner := openStore(t)
	func() {
		h, err := hub.New(t.Context(), hub.Options{Store: inner, Engine: noEngine{}})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for i := range 2 {
			r := newReplica(t, "anna", newID(byte(i)))
			r.connect(h, principal("anna", conflicts.Member))
			r.set("notes", "peonies")
			r.syncUntil(r.acked)
			r.device.Leave()
		}
	}()
	s := &corruptStore{Store: inner, record: newID(0)}
	h := startHub(t, s)
	bad, good := newReplica(t, "ben", newID(0)), newReplica(t, "ben", newID(1))
	bad.connect(h, principal("ben", conflicts.Member))
	good.device = bad.device
	good.peer = newPeer()
	for range 3 {
		bad.send()
		if out := bad.next(); len(out) != 1 || out[0].Unavailable == "" {
			t.Fatalf("got %+v, want unavailable", out)
		}
	}
	good.syncUntil(func() bool { return good.value("notes") == "peonies" })
	if n := s.loads.Load(); n != 1 {
		t.Errorf("the corrupt record was loaded %d times", n)
	}
}
