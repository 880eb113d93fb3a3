package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

// stateOf is how a user's device stands to the first record of the status.
func stateOf(t *testing.T, h *hub.Hub, user string) hub.DeviceStatus {
	t.Helper()
	status, err := h.SyncStatus(t.Context(), "studio", hub.StatusQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range status.Items[0].Devices {
		if d.User == user {
			return d
		}
	}
	t.Fatalf("no device of %s in %+v", user, status.Items[0].Devices)
	return hub.DeviceStatus{}
}

// fights sets a value again each time that it was mirrored away, and tells when
// each of its edits was answered.
func (r *replica) fights(key, value string, times int) (answered []time.Duration) {
	r.t.Helper()
	begun := time.Now()
	for range times {
		r.set(key, value)
		r.syncUntil(func() bool { return r.acked() && r.value(key) != value })
		answered = append(answered, time.Since(begun))
	}
	return answered
}

func TestDeviceThatFightsIsTakenFromEveryFiveSeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.set("budget", "100")
		anna.syncUntil(anna.acked)
		ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })

		// The first is set, not set again; ten more are no fight.
		if answered := anna.fights("budget", "200", 11); answered[10] != 0 {
			t.Errorf("had to wait before it fought: %v", answered)
		}
		if st := stateOf(t, h, "anna"); st.State != hub.InSync {
			t.Errorf("after ten times: %+v", st)
		}
		anna.fights("budget", "200", 1)
		st := stateOf(t, h, "anna")
		if st.State != hub.Fighting || st.Explanation == "" || st.Action == "" {
			t.Errorf("after eleven times: %+v", st)
		}
		for i, at := range anna.fights("budget", "200", 20) {
			if want := time.Duration(i+1) * 5 * time.Second; at != want {
				t.Errorf("edit %d of a fight was taken after %v, want %v", i, at, want)
			}
		}
		if st := stateOf(t, h, "ben"); st.State == hub.Fighting {
			t.Errorf("ben: %+v", st)
		}
		time.Sleep(time.Minute)
		if st := stateOf(t, h, "anna"); st.State != hub.InSync {
			t.Errorf("a minute later: %+v", st)
		}
		if answered := anna.fights("budget", "200", 1); answered[0] != 0 {
			t.Errorf("had to wait %v a minute later", answered)
		}
	})
}

func TestNobodyElseWaitsForADeviceThatFights(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, ben := newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		ben.connect(h, principal("ben", conflicts.Member))
		anna.set("budget", "100")
		anna.syncUntil(anna.acked)
		ben.syncUntil(func() bool { return ben.value("budget") == "100" && ben.acked() })
		anna.fights("budget", "200", 12)

		begun := time.Now()
		anna.set("budget", "200")
		anna.set("notes", "1")
		anna.send()
		anna.set("notes", "2") // another message, which must not overtake the first
		anna.send()
		synctest.Wait()
		ben.set("notes", "ivy")
		ben.syncUntil(ben.acked)
		other := newReplica(t, "anna2", newID(2))
		other.device, other.peer = anna.device, newPeer()
		other.set("budget", "7")
		other.send()
		for !other.acked() {
			for _, o := range anna.next() {
				if o.Record == other.id {
					other.take(o)
				} else {
					anna.take(o)
				}
			}
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("others waited %v", waited)
		}
		if ben.value("notes") != "ivy" {
			t.Errorf("ben has %q", ben.value("notes"))
		}
		anna.syncUntil(anna.acked)
		if waited := time.Since(begun); waited != 5*time.Second {
			t.Errorf("what came meanwhile was taken after %v", waited)
		}
		ben.syncUntil(func() bool { return ben.acked() && ben.graph.Len() == anna.graph.Len() })
	})
}

func TestFightGoesOnUnderANewConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("budget", "100")
		anna.syncUntil(anna.acked)
		anna.fights("budget", "200", 12)
		anna.set("budget", "200")
		anna.send()
		synctest.Wait()
		anna.device.Leave() // what waits is offered again
		anna.connect(h, principal("anna", conflicts.Member))
		begun := time.Now()
		anna.syncUntil(anna.acked)
		if waited := time.Since(begun); waited != 5*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestDeviceThatFightsWithMoreThanMayWaitIsToldToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startLimited(t, openStore(t), hub.Limits{Delayed: 4000})
		anna := newReplica(t, "anna", newID(1))
		anna.connect(h, principal("anna", conflicts.Member))
		anna.set("budget", "100")
		anna.syncUntil(anna.acked)
		anna.fights("budget", "200", 12)
		for i := range 20 {
			anna.set("notes", string(rune('a'+i)))
			anna.send()
			synctest.Wait()
			select {
			case <-anna.device.Done():
				if code := anna.device.Code(); i == 0 || code != hub.TryAgain {
					t.Errorf("closed with %d at message %d", code, i)
				}
				anna.connect(h, principal("anna", conflicts.Member))
				anna.syncUntil(anna.acked)
				return
			default:
			}
		}
		t.Error("20 messages wait within 4000 bytes")
	})
}
