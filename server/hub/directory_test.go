package hub_test

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
)

var olgaOwns = principal("olga", conflicts.Owner)

// made makes a client record through the API.
func made(t *testing.T, h *hub.Hub) crdt.RecordID {
	t.Helper()
	id, _, err := h.Create(t.Context(), conflicts.Edit{
		From: olgaOwns, Fields: map[crdt.Path]crdt.Value{"name": {Kind: crdt.Str, Str: "Ada & Ben"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// opens has a device of the studio open its directory.
func opens(t *testing.T, h *hub.Hub, user string, role conflicts.Role) *replica {
	t.Helper()
	r := newReplica(t, user, h.DirectoryID("studio"))
	r.connect(h, principal(user, role))
	r.send()
	return r
}

// listed are the records that a replica of a directory lists, in order of their
// document ids.
func (r *replica) listed() []string {
	r.t.Helper()
	return slices.Sorted(maps.Keys(r.fields("records").Value("records", r.graph.All()).Map))
}

func documents(ids ...crdt.RecordID) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.DocumentID())
	}
	slices.Sort(all)
	return all
}

// lists waits until the replica lists exactly these records and says so.
func (r *replica) lists(ids ...crdt.RecordID) {
	r.t.Helper()
	r.syncUntil(func() bool { return r.graph.Len() > 0 && slices.Equal(r.listed(), documents(ids...)) && r.acked() })
}

// writes are the changes of the studio's directory that the hub wrote, with the
// times at which it did.
func writes(t *testing.T, s store.Store) (at []time.Time, ops int) {
	t.Helper()
	entries, err := s.Journal(t.Context(), "studio", 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, b := range e.Batches {
			if b.Origin.Kind != conflicts.KindDirectory || !b.Hub {
				continue
			}
			at = append(at, b.Origin.At)
			c, err := crdt.Decode(b.Chunks[len(b.Chunks)-1], crdt.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			ops += c.NumOps
		}
	}
	return at, ops
}

func apart(t *testing.T, at []time.Time) {
	t.Helper()
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < time.Second {
			t.Errorf("change %d of the directory came %v after the one before", i, gap)
		}
	}
}

func TestDeviceFindsEveryListedRecordInTheDirectory(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		one, two, gone := made(t, h), made(t, h), made(t, h)
		if err := h.Delete(t.Context(), gone, olgaOwns, nil); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		for _, role := range []conflicts.Role{conflicts.Viewer, conflicts.Member, conflicts.Owner} {
			opens(t, h, string(role), role).lists(one, two)
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("a directory that was not there took %v", waited)
		}
		if at, _ := writes(t, s); len(at) != 1 {
			t.Errorf("it took %d changes", len(at))
		}
	})
}

func TestDirectoryOfNoRecordsOpensEmpty(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		one := made(t, h)
		anna.lists(one)
	})
}

func TestOpenDirectoryFollowsItsRecordsWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		one, two := made(t, h), made(t, h)
		steps := []struct {
			do   func(id crdt.RecordID) error
			want []crdt.RecordID
		}{
			{func(crdt.RecordID) error { return nil }, []crdt.RecordID{one, two}},
			{func(id crdt.RecordID) error { return h.Delete(t.Context(), id, olgaOwns, nil) }, []crdt.RecordID{two}},
			{func(id crdt.RecordID) error { return h.Restore(t.Context(), id, olgaOwns, nil) }, []crdt.RecordID{one, two}},
			{func(id crdt.RecordID) error { return h.Erase(t.Context(), id, olgaOwns) }, []crdt.RecordID{two}},
		}
		for i, step := range steps {
			begun := time.Now()
			if err := step.do(one); err != nil {
				t.Fatal(err)
			}
			anna.lists(step.want...)
			if waited := time.Since(begun); waited > time.Second {
				t.Errorf("step %d took %v", i, waited)
			}
		}
		ben := newReplica(t, "ben", newID(9))
		ben.connect(h, principal("ben", conflicts.Member))
		ben.set("name", "from a device")
		ben.syncUntil(ben.acked)
		anna.lists(two, ben.id)
	})
}

func TestRecordThatIsBeingUploadedIsNotListedYet(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		ben := newReplica(t, "ben", newID(9))
		ben.connect(h, principal("ben", conflicts.Member))
		first := ben.set("name", "half")
		ben.set("notes", "not sent yet")
		ben.push(first.Raw)
		settle(t, h, ben)
		time.Sleep(5 * time.Second) // of a bubble
		synctest.Wait()
		anna.silent("an upload that is not complete")
		ben.syncUntil(ben.acked)
		anna.lists(ben.id)
	})
}

func TestDirectoryIsWrittenOncePerSecondHoweverMuchHappens(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		var all []crdt.RecordID
		for range 100 {
			all = append(all, made(t, h))
			time.Sleep(50 * time.Millisecond)
		}
		anna.lists(all...)
		at, ops := writes(t, s)
		apart(t, at)
		if len(at) > 7 || ops != 1+len(all) {
			t.Errorf("5 seconds of 100 new records took %d changes with %d operations", len(at), ops)
		}
	})
}

func TestDirectoryThatNobodyOpensCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.NewFaulty(openStore(t))
		h := startHub(t, s)
		ben := newReplica(t, "ben", newID(9))
		ben.connect(h, principal("ben", conflicts.Member))
		ben.set("name", "from a device")
		ben.syncUntil(ben.acked)
		made(t, h)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := s.Calls(storetest.Count); n != 0 {
			t.Errorf("all records were looked at %d times", n)
		}
		id := h.DirectoryID("studio")
		if heads, err := s.Heads(t.Context(), []crdt.RecordID{id}); err != nil || len(heads) != 0 {
			t.Errorf("there is a directory: %v, %v", heads, err)
		}
		// One that was open, and is not any more, is left alone.
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists(all(t, s)...)
		anna.device.Leave()
		settle(t, h, anna)
		before, _ := writes(t, s)
		made(t, h)
		time.Sleep(time.Hour)
		synctest.Wait()
		if after, _ := writes(t, s); len(after) != len(before) {
			t.Errorf("it was written %d times while nobody had it open", len(after)-len(before))
		}
		anna.connect(h, principal("anna", conflicts.Member))
		anna.lists(all(t, s)...)
	})
}

// all are the studio's listed records.
func all(t *testing.T, s store.Store) (ids []crdt.RecordID) {
	t.Helper()
	page, err := s.List(t.Context(), "studio", crdt.RecordID{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page {
		ids = append(ids, row.Record)
	}
	return slices.Compact(ids)
}

func TestDirectoryIsItsSuppliersAloneBeforeAndAfterItIsMade(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		lost := (&conflicts.Env{Secret: []byte("of a hub that was lost")}).DirectoryID("studio")
		deny := func(who conflicts.Principal, id crdt.RecordID) {
			t.Helper()
			r := newReplica(t, who.User, id)
			r.connect(h, who)
			for range 2 {
				r.send()
				out, err := r.device.Next(t.Context(), nil)
				if err != nil || len(out) != 1 || out[0].Unavailable != id.DocumentID() {
					t.Errorf("got %+v, %v, want unavailable", out, err)
				}
				r.set("records", "mine")
			}
			if heads, err := s.Heads(t.Context(), []crdt.RecordID{id}); err != nil || heads[id].Supplier == who.Supplier && who.Supplier != "studio" {
				t.Errorf("it belongs to %q, %v", heads[id].Supplier, err)
			}
		}
		rival := conflicts.Principal{Supplier: "mill", User: "eve", Device: "eve-phone", Role: conflicts.Owner}
		deny(rival, h.DirectoryID("studio"))
		deny(principal("anna", conflicts.Owner), lost)
		opens(t, h, "anna", conflicts.Member).lists()
		deny(rival, h.DirectoryID("studio"))
		if heads, err := s.Heads(t.Context(), []crdt.RecordID{lost}); err != nil || len(heads) > 0 {
			t.Errorf("a directory of another secret was stored: %v, %v", heads, err)
		}
	})
}

func TestDeviceThatWritesIntoTheDirectoryIsRefusedAndHearsOn(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		one := made(t, h)
		// ben has written his own before there was any, cleo writes into the hub's.
		ben := newReplica(t, "ben", h.DirectoryID("studio"))
		ben.connect(h, principal("ben", conflicts.Owner))
		ben.write("records", func(b *crdt.Builder) { b.Set("records.x", crdt.Value{Kind: crdt.Bool, Int: 1}) })
		ben.announce()
		ben.push(ben.graph.At(0).Raw)
		anna, cleo := opens(t, h, "anna", conflicts.Member), opens(t, h, "cleo", conflicts.Member)
		anna.lists(one)
		cleo.lists(one)
		cleo.write("records", func(b *crdt.Builder) { b.Set("records."+crdt.Path(one.DocumentID()), crdt.Value{}) })
		cleo.send()
		settle(t, h, cleo)
		two := made(t, h)
		anna.lists(one, two)
		if got := anna.graph.Len(); got != 3 {
			t.Errorf("anna holds %d changes, want the hub's 3", got)
		}
		for _, r := range []*replica{ben, cleo} {
			r.syncUntil(func() bool { return has(r, anna.graph.Heads()...) })
			if r.device.Code() != 0 {
				t.Errorf("the connection was closed with %d", r.device.Code())
			}
		}
		if !slices.Contains(cleo.listed(), two.DocumentID()) {
			t.Errorf("cleo lists %v", cleo.listed())
		}
		status, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
		if err != nil || status.Directory == nil || len(status.Items) != 2 {
			t.Fatalf("got %+v, %v", status, err)
		}
		for _, d := range status.Directory.Devices {
			if refused := d.User != "anna"; refused != (d.State == hub.DeviceRefused) ||
				refused && (d.Reason != conflicts.RefusedDirectory || d.Explanation == "" || d.Action == "") {
				t.Errorf("got %+v", d)
			}
		}
		if len(status.Directory.Devices) != 3 {
			t.Errorf("got %d devices", len(status.Directory.Devices))
		}
		batches, err := s.Load(t.Context(), anna.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches.Batches {
			if !b.Hub {
				t.Error("a device's change was stored")
			}
		}
	})
}

func TestDirectoryIsNoRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		id := h.DirectoryID("studio")
		_, edited := h.Edit(t.Context(), id, conflicts.Edit{From: olgaOwns, Fields: map[crdt.Path]crdt.Value{"name": {Kind: crdt.Str, Str: "x"}}}, nil)
		_, fresh := h.Fresh(t.Context(), "studio", id)
		_, told := h.History(t.Context(), "studio", id, conflicts.HistoryQuery{})
		for what, err := range map[string]error{
			"edit": edited, "fresh": fresh, "history": told,
			"delete":  h.Delete(t.Context(), id, olgaOwns, nil),
			"restore": h.Restore(t.Context(), id, olgaOwns, nil),
			"erase":   h.Erase(t.Context(), id, olgaOwns),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: got error %v", what, err)
			}
		}
		if ids := all(t, s); len(ids) > 0 {
			t.Errorf("it is listed: %v", ids)
		}
	})
}

func TestDirectoryIsPutRightAfterAFailedAppend(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"not written": storetest.NotDone, "answer lost": storetest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := storetest.NewFaulty(openStore(t))
				h := startHub(t, s)
				anna := opens(t, h, "anna", conflicts.Member)
				anna.lists()
				for _, calls := range [][]storetest.Call{{storetest.Append}, {storetest.Heads, storetest.Count}} {
					time.Sleep(time.Minute) // of a bubble
					made(t, h)
					anna.lists(all(t, s)...)
					made(t, h) // is written after a second
					for _, call := range calls {
						s.Fail(call, fault)
					}
					anna.lists(all(t, s)...)
				}
				at, ops := writes(t, s)
				apart(t, at)
				if ops != 1+4 {
					t.Errorf("4 records took %d operations", ops)
				}
			})
		})
	}
}

func TestDirectoryThatHeardOfNothingIsHeldAgainstAllRecordsNowAndThen(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists()
		behind := newID(7) // stored behind the hub's back
		c := store.Commit{Supplier: "studio", Record: behind, State: store.Listed}
		if _, err := s.Append(t.Context(), []store.Commit{c}); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ctx := t.Context()
		for len(anna.listed()) == 0 {
			out, err := anna.device.Next(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range out {
				anna.take(o)
			}
		}
		if waited := time.Since(begun); waited > 10*time.Minute {
			t.Errorf("it took %v", waited)
		}
	})
}

func TestDirectoryListsNoMoreThanAConnectionMaySpeakOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		h, err := hub.New(t.Context(), hub.Options{
			Store: s, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler), Limits: hub.Limits{DeviceRecords: 3},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(h.Close)
		var ids []crdt.RecordID
		for range 4 {
			ids = append(ids, made(t, h))
		}
		anna := opens(t, h, "anna", conflicts.Member)
		anna.syncUntil(func() bool { return len(anna.listed()) == 3 && anna.acked() })
		truncated := func() bool {
			return anna.fields("truncated").Value("truncated", anna.graph.All()).Kind == crdt.Bool
		}
		if !truncated() {
			t.Error("says nothing of the fourth")
		}
		gone, err := crdt.ParseDocumentID(anna.listed()[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Delete(t.Context(), gone, olgaOwns, nil); err != nil {
			t.Fatal(err)
		}
		ids = slices.DeleteFunc(ids, func(id crdt.RecordID) bool { return id == gone })
		anna.lists(ids...)
		anna.syncUntil(func() bool { return !truncated() })
	})
}

func TestHubThatWasAwayPutsItsDirectoryRightWhenItIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		h := startHub(t, s)
		one := made(t, h)
		anna := opens(t, h, "anna", conflicts.Member)
		anna.lists(one)
		anna.device.Leave()
		h.Close()
		h = startHub(t, s)
		two := made(t, h)
		if err := h.Delete(t.Context(), one, olgaOwns, nil); err != nil {
			t.Fatal(err)
		}
		h.Close()
		h = startHub(t, s)
		begun := time.Now()
		anna.connect(h, principal("anna", conflicts.Member))
		anna.lists(two)
		if waited := time.Since(begun); waited > time.Second {
			t.Errorf("it took %v", waited)
		}
	})
}

// A copied store is one that can be taken back to what it held once.
type copied struct {
	t *testing.T
	store.Store
	dir string
}

func openCopied(t *testing.T, dir string) *copied {
	t.Helper()
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return &copied{t, s, dir}
}

// keep copies the store's files while it is closed.
func (c *copied) keep(into string) {
	c.t.Helper()
	c.reopen(func() {
		if err := os.CopyFS(into, os.DirFS(c.dir)); err != nil {
			c.t.Fatal(err)
		}
	})
}

// restore takes the store back to what was kept.
func (c *copied) restore(from string) {
	c.t.Helper()
	c.reopen(func() {
		files, err := filepath.Glob(filepath.Join(c.dir, "*"))
		if err != nil {
			c.t.Fatal(err)
		}
		for _, f := range files {
			if err := os.RemoveAll(f); err != nil {
				c.t.Fatal(err)
			}
		}
		if err := os.CopyFS(c.dir, os.DirFS(from)); err != nil {
			c.t.Fatal(err)
		}
	})
}

func (c *copied) reopen(meanwhile func()) {
	c.t.Helper()
	if err := c.Store.Close(); err != nil {
		c.t.Fatal(err)
	}
	meanwhile()
	s, err := open(c.t.Context(), c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Store = s
}

func TestRestoredHubTakesBackItsDirectoryAndContradictsNobody(t *testing.T) {
	for name, restarts := range map[string]bool{"a hub that restarts": true, "a hub that runs on": false} {
		t.Run(name, func(t *testing.T) {
			dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			synctest.Test(t, func(t *testing.T) {
				s := openCopied(t, dir)
				defer func() { _ = s.Close() }()
				h := startHub(t, s)
				one, two := made(t, h), made(t, h)
				anna, ben := opens(t, h, "anna", conflicts.Member), opens(t, h, "ben", conflicts.Member)
				anna.lists(one, two)
				ben.lists(one, two)
				idle := func() { // nothing is under way, and the record is closed
					time.Sleep(time.Minute)
					synctest.Wait()
				}
				idle()
				s.keep(backup)
				three := made(t, h)
				anna.lists(one, two, three)
				if err := h.Delete(t.Context(), one, olgaOwns, nil); err != nil {
					t.Fatal(err)
				}
				anna.lists(two, three)
				idle()
				for _, r := range []*replica{anna, ben} {
					r.device.Leave()
				}
				idle()
				if restarts {
					h.Close()
				}
				s.restore(backup)
				if restarts {
					h = startHub(t, s)
				}

				// The hub goes on where the backup ends, before anna comes back.
				ben.connect(h, principal("ben", conflicts.Member))
				ben.lists(one, two)
				four := made(t, h)
				ben.lists(one, two, four)
				anna.connect(h, principal("anna", conflicts.Member))
				anna.lists(one, two, four)
				ben.syncUntil(func() bool { return has(ben, anna.graph.Heads()...) && ben.acked() })
				ben.lists(one, two, four)
				if !slices.Equal(anna.graph.Heads(), ben.graph.Heads()) {
					t.Error("they differ")
				}
				h.Close()
			})
		})
	}
}

func TestTwoNodesWriteOneDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hubs, _, s := nodes(t, 2)
		anna, ben := opens(t, hubs[0], "anna", conflicts.Member), opens(t, hubs[1], "ben", conflicts.Member)
		anna.lists()
		ben.lists()
		var ids []crdt.RecordID
		for range 3 {
			for _, h := range hubs {
				ids = append(ids, made(t, h))
			}
			anna.lists(ids...)
			ben.lists(ids...)
		}
		at, ops := writes(t, s)
		apart(t, at)
		if ops != 1+len(ids) {
			t.Errorf("%d records took %d operations", len(ids), ops)
		}
		if !slices.Equal(anna.graph.Heads(), ben.graph.Heads()) {
			t.Error("the nodes show different directories")
		}
	})
}
