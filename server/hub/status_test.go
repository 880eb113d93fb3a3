package hub_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/storetest"
	"wedsync/syncproto"
)

// states are the states of a record's devices by user.
func states(t *testing.T, h *hub.Hub) map[string]string {
	t.Helper()
	status, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, d := range status.Items[0].Devices {
		found[d.User] = d.State
		if d.Explanation == "" || d.State != hub.InSync && d.Action == "" {
			t.Errorf("a state without a word of what it means, or what to do: %+v", d)
		}
	}
	return found
}

// scattered has anna in sync, ben behind, carl ahead, and dora with another record.
func scattered(t *testing.T, h *hub.Hub) {
	t.Helper()
	anna, ben, carl := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1)), newReplica(t, "carl", newID(1))
	dora := newReplica(t, "dora", newID(2))
	for _, r := range []*replica{anna, ben, carl, dora} {
		r.connect(h, principal(string(r.actor[:4]), conflicts.Member))
	}
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
	ben.device.Leave()
	carl.syncUntil(func() bool { return carl.value("notes") == "0" && carl.acked() })
	carl.set("email", "1")
	carl.announce()
	anna.set("notes", "1")
	anna.syncUntil(anna.acked)
	dora.set("notes", "0")
	dora.syncUntil(dora.acked)
	settle(t, h, anna)
}

var scatteredStates = map[string]string{
	"anna": hub.InSync, "ben ": hub.DeviceBehind, "carl": hub.HubBehind, "dora": hub.NeverSeen,
}

func TestSyncStatusKnowsDevicesAfterARestart(t *testing.T) {
	s := openStore(t)
	func() {
		h := startHub(t, s)
		defer h.Close()
		scattered(t, h)
		if got := states(t, h); !sameStates(got) {
			t.Errorf("before: %v", got)
		}
	}()
	h := startHub(t, s)
	if got := states(t, h); !sameStates(got) {
		t.Errorf("after: %v", got)
	}
}

func sameStates(got map[string]string) bool {
	for user, state := range scatteredStates {
		if got[user] != state {
			return false
		}
	}
	return len(got) == len(scatteredStates)
}

func TestSyncStatusKnowsAfterACrashWhatWasHalfAMinuteOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		crashes := startHub(t, s)
		scattered(t, crashes)
		time.Sleep(hub.DefaultLimits.Notes)
		synctest.Wait()
		if got := states(t, startHub(t, s)); !sameStates(got) { // the other hub is told to end after this one
			t.Errorf("got %v", got)
		}
	})
}

func TestMessagesCostTheStoreNoNotesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.NewFaulty(openStore(t))
		h := startHub(t, s)
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		for i := range 50 {
			anna.set("notes", string(rune('a'+i)))
			anna.syncUntil(anna.acked)
		}
		if n := s.Calls(storetest.Announce); n != 0 {
			t.Errorf("%d calls at once", n)
		}
		time.Sleep(hub.DefaultLimits.Notes)
		synctest.Wait()
		if n := s.Calls(storetest.Announce); n != 1 {
			t.Errorf("%d calls in half a minute, want 1", n)
		}
		time.Sleep(10 * hub.DefaultLimits.Notes)
		synctest.Wait()
		if n := s.Calls(storetest.Announce); n != 1 {
			t.Errorf("%d calls although nobody said anything", n-1)
		}
	})
}

func TestNotesThatCannotBeWrittenHarmNobody(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	s.Fail(storetest.Seen, storetest.NotDone)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	if got := states(t, h); got["anna"] != hub.InSync {
		t.Errorf("got %v", got)
	}
	s.Fail(storetest.DevicesOf, storetest.NotDone)
	if _, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("devices that cannot be read are left out in silence: %v", err)
	}
}

func TestCopyThatEquivocatesIsRefusedWithWhatToEnterAgain(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	anna.set("budget", "100")
	anna.syncUntil(anna.acked)
	backup := newReplica(t, "anna", newID(1)) // the same device, the same actor
	backup.actor = anna.actor
	for _, c := range anna.graph.Since(nil) {
		again, err := crdt.Decode(c.Raw, limits)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.graph.Add(again); err != nil {
			t.Fatal(err)
		}
	}
	anna.set("notes", "after the backup")
	anna.syncUntil(anna.acked)
	anna.device.Leave()

	backup.connect(h, principal("anna", conflicts.Member))
	first := backup.set("venue_name", "Mill")
	second := backup.set("wedding_date", "2027-06-12") // waits for the refused one
	backup.push(first.Raw, second.Raw)
	settle(t, h, backup)
	st := stateOf(t, h, "anna")
	if st.State != hub.DeviceRefused || st.Reason != conflicts.RefusedEquivocation {
		t.Errorf("got %+v", st)
	}
	if st.Action != "Discard this copy and open the record again." {
		t.Errorf("action %q", st.Action)
	}
	var again []string
	for _, e := range st.Reentries {
		again = append(again, string(e.Field)+"="+e.Value.Str)
	}
	if want := []string{"venue_name=Mill", "wedding_date=2027-06-12"}; !slices.Equal(again, want) {
		t.Errorf("to enter again: %v, want %v", again, want)
	}

	// Others and the device's other records go on.
	ben, other := newReplica(t, "ben", newID(1)), newReplica(t, "anna2", newID(2))
	ben.connect(h, principal("ben", conflicts.Member))
	ben.syncUntil(func() bool { return ben.value("notes") == "after the backup" && ben.acked() })
	other.device, other.peer = backup.device, newPeer()
	other.set("notes", "0")
	other.send()
	for !other.acked() {
		for _, o := range backup.next() {
			if o.Record == other.id {
				other.take(o)
			}
		}
	}

	h.Close()
	if st := stateOf(t, startHub(t, s), "anna"); st.State != hub.DeviceRefused || st.Reason != conflicts.RefusedEquivocation {
		t.Errorf("after a restart: %+v", st)
	}
}

func TestEachRefusalSaysWhatItMeansAndWhatToDo(t *testing.T) {
	var said []string
	for reason, play := range map[string]func(t *testing.T, h *hub.Hub, anna, ben *replica){
		conflicts.RefusedForged: func(t *testing.T, h *hub.Hub, anna, ben *replica) {
			ben.actor = anna.actor
			ben.push(ben.set("budget", "7").Raw)
		},
		conflicts.RefusedHubActor: func(t *testing.T, h *hub.Hub, anna, ben *replica) {
			for _, c := range ben.graph.Since(nil) {
				if c.Message != "" {
					ben.actor = c.Actor // the hub's, of the change that answered anna's
				}
			}
			ben.push(ben.set("budget", "7").Raw)
		},
		conflicts.RefusedReadOnly: func(t *testing.T, h *hub.Hub, anna, ben *replica) {
			ben.device.Leave()
			ben.connect(h, principal("ben", conflicts.Viewer))
			ben.push(ben.set("budget", "7").Raw)
		},
		conflicts.RefusedLimit: func(t *testing.T, h *hub.Hub, anna, ben *replica) {
			c := &crdt.Change{
				Deps: slices.Clone(ben.graph.Heads()), Actor: ben.actor, Seq: ben.graph.Seq(ben.actor) + 1,
				StartOp: ben.graph.MaxOp() + 70_000, NumOps: 1, // beyond the gap that is allowed
			}
			c.Ops = []crdt.Op{{
				ID: crdt.OpID{Counter: c.StartOp, Actor: ben.actor}, Key: "budget", Action: crdt.Set,
				Value: crdt.Value{Kind: crdt.Str, Str: "7"}, Pred: ben.live("budget"),
			}}
			raw := crdt.Encode(c)
			decoded, err := crdt.Decode(raw, limits)
			if err != nil {
				t.Fatal(err)
			}
			l := limits
			l.OpGap = 1 << 20
			wide := crdt.NewGraph(l)
			for _, c := range ben.graph.Since(nil) {
				again, err := crdt.Decode(c.Raw, limits)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := wide.AddHub(again); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := wide.Add(decoded); err != nil {
				t.Fatal(err)
			}
			ben.graph = wide
			ben.push(raw)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			h := startHub(t, openStore(t))
			anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
			anna.connect(h, principal("anna", conflicts.Member))
			ben.connect(h, principal("ben", conflicts.Member))
			anna.set("budget", "100")
			anna.syncUntil(anna.acked)
			anna.set("budget", "200") // answered by a hub change
			anna.syncUntil(func() bool { return anna.acked() && anna.value("budget") == "100" })
			ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })
			play(t, h, anna, ben)
			settle(t, h, ben)
			st := stateOf(t, h, "ben")
			if st.State != hub.DeviceRefused || st.Reason != reason || st.Action == "" {
				t.Errorf("got %+v", st)
			}
			if slices.Contains(said, st.Explanation) {
				t.Errorf("explained as another reason is: %q", st.Explanation)
			}
			said = append(said, st.Explanation)
		})
	}
}

// claim announces the replica's heads and what it had in common with the hub,
// and sends changes.
func (r *replica) claim(common []crdt.Hash, changes ...[]byte) {
	r.t.Helper()
	m := syncproto.Message{Heads: r.graph.Heads(), Have: []syncproto.Have{{LastSync: common}}, Changes: changes}
	r.sendData(m.Append(nil))
}

func TestEachStateTellsWhatIsMissingWhere(t *testing.T) {
	anna := func(t *testing.T, h *hub.Hub) *replica {
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("notes", "0")
		anna.syncUntil(anna.acked)
		return anna
	}
	other := func(t *testing.T, h *hub.Hub, role conflicts.Role) *replica {
		ben := newReplica(t, "ben", newID(1))
		ben.connect(h, principal("ben", role))
		ben.syncUntil(func() bool { return ben.value("notes") == "0" && ben.acked() })
		return ben
	}
	for state, c := range map[string]struct {
		play          func(t *testing.T, h *hub.Hub)
		onDevice      int
		onHub         int
		connected     bool
		everContacted bool
	}{
		hub.InSync: {play: func(t *testing.T, h *hub.Hub) {
			anna(t, h)
			other(t, h, conflicts.Member)
		}, connected: true, everContacted: true},
		hub.DeviceBehind: {play: func(t *testing.T, h *hub.Hub) {
			a := anna(t, h)
			other(t, h, conflicts.Member).device.Leave()
			a.set("notes", "1")
			a.set("notes", "2")
			a.syncUntil(a.acked)
		}, onDevice: 2, everContacted: true},
		hub.HubBehind: {play: func(t *testing.T, h *hub.Hub) {
			anna(t, h)
			ben := other(t, h, conflicts.Member)
			common := ben.graph.Heads()
			ben.set("email", "1")
			ben.claim(common)
			settle(t, h, ben)
		}, onHub: 1, connected: true, everContacted: true},
		hub.DeviceWaiting: {play: func(t *testing.T, h *hub.Hub) {
			anna(t, h)
			ben := other(t, h, conflicts.Member)
			common := ben.graph.Heads()
			ben.set("email", "1")
			ben.claim(common, ben.set("email", "2").Raw)
			settle(t, h, ben)
		}, onHub: 1, connected: true, everContacted: true},
		hub.DeviceRefused: {play: func(t *testing.T, h *hub.Hub) {
			anna(t, h)
			ben := other(t, h, conflicts.Viewer)
			common := ben.graph.Heads()
			ben.claim(common, ben.set("email", "1").Raw)
			settle(t, h, ben)
		}, onHub: 1, connected: true, everContacted: true},
		hub.Fighting: {play: func(t *testing.T, h *hub.Hub) {
			a := anna(t, h)
			a.set("budget", "100")
			a.syncUntil(a.acked)
			ben := other(t, h, conflicts.Member)
			ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })
			ben.fights("budget", "200", 12)
		}, connected: true, everContacted: true},
		hub.NeverSeen: {play: func(t *testing.T, h *hub.Hub) {
			anna(t, h)
			ben := newReplica(t, "ben", newID(2))
			ben.connect(h, principal("ben", conflicts.Member))
			ben.set("notes", "0")
			ben.syncUntil(ben.acked)
		}},
	} {
		t.Run(state, func(t *testing.T) {
			h := startHub(t, openStore(t))
			c.play(t, h)
			st := stateOf(t, h, "ben")
			if st.State != state || st.MissingOnDevice != c.onDevice || st.MissingOnHub != c.onHub ||
				st.Connected != c.connected || st.LastContact.IsZero() == c.everContacted {
				t.Errorf("got %+v", st)
			}
			if st.Explanation == "" || (st.Action == "") != (state == hub.InSync) {
				t.Errorf("explained as %q, to do %q", st.Explanation, st.Action)
			}
			for query, want := range map[hub.StatusQuery]bool{
				{Limit: 10, User: "ben", State: state}:                          true,
				{Limit: 10, User: "ben", Device: "ben-phone", Record: newID(1)}: true,
				{Limit: 10, User: "ben", State: hub.AnyTrouble}:                 state != hub.InSync && state != hub.NeverSeen,
				{Limit: 10, User: "nobody"}:                                     false,
				{Limit: 10, User: "ben", Record: newID(9)}:                      false,
			} {
				page, err := h.SyncStatus(t.Context(), "studio", query)
				if err != nil {
					t.Fatal(err)
				}
				found := slices.ContainsFunc(page.Items, func(r hub.RecordStatus) bool {
					return r.Record == newID(1) && len(r.Devices) == 1 && r.Devices[0].User == "ben" && r.Devices[0].State == state
				})
				if found != want || page.Totals.Records != len(page.Items) {
					t.Errorf("%+v: found %v, want %v: %+v", query, found, want, page)
				}
			}
		})
	}
}

func TestStatusCountsProposalsOfRecordsAndDevices(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	contested(t, h, s)
	page, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if n := page.Totals; n.Records != 1 || n.Pending != 1 || n.Proposals != 1 || n.Stale != 0 || n.Devices[hub.InSync] != 2 {
		t.Errorf("totals %+v", n)
	}
	if anna, ben := stateOf(t, h, "anna"), stateOf(t, h, "ben"); anna.Proposals != 0 || ben.Proposals != 1 {
		t.Errorf("anna has %d proposals, ben %d", anna.Proposals, ben.Proposals)
	}
}

func TestStatusGoesThroughAllRecordsForTheOneInTrouble(t *testing.T) {
	h := startHub(t, openStore(t))
	anna := newReplica(t, "anna", newID(0))
	anna.connect(h, principal("anna", conflicts.Member))
	var last *replica
	for i := range 5 {
		r := newReplica(t, "anna", newID(byte(i+1)))
		r.device, r.peer = anna.device, newPeer()
		r.set("notes", "0")
		r.send()
		for !r.acked() {
			for _, o := range r.next() {
				if o.Record == r.id {
					r.take(o)
				}
			}
		}
		last = r
	}
	last.set("email", "1")
	last.announce()
	settle(t, h, last)
	var found []crdt.RecordID
	pages := 0
	for after := (crdt.RecordID{}); ; pages++ {
		page, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{After: after, Limit: 1, State: hub.AnyTrouble})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			found = append(found, item.Record)
		}
		if after = page.Next; after == (crdt.RecordID{}) {
			break
		}
	}
	if !slices.Equal(found, []crdt.RecordID{last.id}) || pages > 1 {
		t.Errorf("found %v on %d pages", found, pages+1)
	}
}

func TestDigestIsThatOfTheNewestDocument(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	h := startHub(t, s)
	anna := newReplica(t, "anna", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	digest := func() string {
		t.Helper()
		page, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		item := page.Items[0]
		if item.Stale || !slices.Equal(item.Heads, anna.graph.Heads()) {
			t.Errorf("stale %v, heads %v, want %v", item.Stale, item.Heads, anna.graph.Heads())
		}
		return item.Digest
	}
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	first := digest()
	anna.set("notes", "1")
	anna.syncUntil(anna.acked)
	second := digest()
	anna.set("notes", "0")
	anna.syncUntil(anna.acked)
	if third := digest(); first == second || first != third {
		t.Errorf("digests %s, %s, %s", first, second, third)
	}
	anna.set("notes", "2")
	anna.syncUntil(anna.acked)
	s.Fail(storetest.Project, storetest.NotDone)
	if fourth := digest(); fourth == first {
		t.Errorf("the digest of an older document: %s", fourth)
	}
}

func TestRecordWhoseDocumentCannotBeMadeInTimeIsStale(t *testing.T) {
	s := storetest.NewFaulty(openStore(t))
	func() {
		h := startHub(t, s)
		defer h.Close()
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("notes", "0")
		anna.syncUntil(anna.acked)
	}()
	h := startHub(t, s)
	s.Fail(storetest.Load, storetest.NotDone)
	for _, stale := range []bool{true, false} {
		page, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		item := page.Items[0]
		if item.Stale != stale || (item.Digest == "") != stale || (page.Totals.Stale == 1) != stale || item.Devices[0].State != hub.InSync {
			t.Errorf("want stale %v, got %+v, totals %+v", stale, item, page.Totals)
		}
	}
}
