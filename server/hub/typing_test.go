package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// write makes one change of what build writes to a field.
func (r *replica) write(key crdt.Path, build func(b *crdt.Builder)) {
	r.t.Helper()
	b := crdt.NewBuilder(r.fields(string(key)), r.graph, r.actor, 0)
	build(b)
	c, err := crdt.Decode(crdt.Encode(b.Change("")), limits)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.graph.Add(c); err != nil {
		r.t.Fatal(err)
	}
}

// put makes a new text object of a field.
func (r *replica) put(key crdt.Path, text string) {
	r.t.Helper()
	r.write(key, func(b *crdt.Builder) { b.Set(key, crdt.Value{Kind: crdt.Text, Str: text}) })
}

// types adds letters to the text of a field, and tells the hub.
func (r *replica) types(key crdt.Path, letters string) {
	r.t.Helper()
	r.write(key, func(b *crdt.Builder) {
		if !b.Splice(key, r.value(string(key))+letters) {
			r.t.Fatalf("%s has no text to type into", key)
		}
	})
	r.send()
}

// textHub has a record with a venue that is a text, which anna and ben have.
func textHub(t *testing.T, h *hub.Hub, id crdt.RecordID) (anna, ben *replica) {
	t.Helper()
	anna, ben = newReplica(t, "anna", id), newReplica(t, "ben", id)
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.put("venue_name", "Barn")
	anna.syncUntil(anna.acked)
	// After ten minutes a first value is no longer being typed.
	ben.syncUntil(func() bool { return ben.value("venue_name") == "Barn" && ben.acked() })
	time.Sleep(11 * time.Minute) // of a bubble
	return anna, ben
}

// proposed are the open proposals of the studio's queue.
func proposed(t *testing.T, s store.Store) (values []string) {
	t.Helper()
	rows, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Status: conflicts.Pending, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, p := range row.Proposals {
			if p.State == conflicts.Open {
				values = append(values, p.Value.Str)
			}
		}
	}
	return values
}

func TestAuthorWhoTypesIsToldNothingUntilAMomentOfRest(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, s store.Store) {
		anna, ben := textHub(t, h, newID(1))
		for _, letter := range "s of M" {
			anna.types("venue_name", string(letter))
			synctest.Wait()
			anna.silent("between two keystrokes")
			ben.syncUntil(ben.acked) // the edit and its answer, at once
			if got := ben.value("venue_name"); got != "Barn" {
				t.Errorf("ben is shown %q", got)
			}
			time.Sleep(400 * time.Millisecond)
		}
		time.Sleep(599 * time.Millisecond)
		synctest.Wait()
		anna.silent("before she rested for a second")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		anna.syncUntil(anna.acked)
		if got := anna.value("venue_name"); got != "Barn" {
			t.Errorf("anna is shown %q once she rests, want the accepted value", got)
		}
		if got := proposed(t, s); len(got) != 1 || got[0] != "Barns of M" {
			t.Errorf("proposed %q, want what was typed", got)
		}
	})
}

func TestAuthorWhoTypesInTheTurnOfItsRestIsToldAllTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, _ := textHub(t, h, newID(1))
		anna.types("venue_name", "x")
		anna.silent("while she types")
		begun := time.Now()
		if err := hub.RestWhileTyping(t.Context(), h, anna.id, anna.device); err != nil {
			t.Fatal(err)
		}
		if out := anna.next(); len(out) == 0 || time.Since(begun) > 0 {
			t.Errorf("got %v after %v", out, time.Since(begun))
		}
	})
}

func TestAuthorWhoTypesOnIsToldAfterThreeSeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, _ := textHub(t, h, newID(1))
		begun := time.Now()
		stop := make(chan struct{})
		told := make(chan time.Duration)
		go func() {
			if out, err := anna.device.Next(t.Context(), nil); err == nil && len(out) > 0 {
				told <- time.Since(begun)
			}
			close(stop)
		}()
		for {
			anna.types("venue_name", "x")
			select {
			case after := <-told:
				if after != 3*time.Second {
					t.Errorf("told after %v of typing", after)
				}
				<-stop
				return
			case <-time.After(250 * time.Millisecond):
			}
			if time.Since(begun) > time.Minute {
				t.Fatal("told nothing for a minute")
			}
		}
	})
}

func TestAuthorWhoTypesHearsOfOtherRecords(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, _ := textHub(t, h, newID(1))
		other := newReplica(t, "anna2", newID(2))
		other.device, other.peer = anna.device, newPeer()
		other.set("notes", "0")
		carl := newReplica(t, "carl", newID(2))
		carl.connect(h, principal("carl", conflicts.Member))
		other.syncUntil(other.acked)
		carl.syncUntil(func() bool { return carl.value("notes") == "0" && carl.acked() })

		anna.types("venue_name", "s")
		begun := time.Now()
		carl.set("notes", "peonies")
		carl.send()
		for other.value("notes") != "peonies" {
			for _, o := range anna.next() {
				if o.Record != other.id {
					t.Fatal("told of the record that she types into")
				}
				other.take(o)
			}
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("waited %v for another record", waited)
		}
	})
}

func TestAuthorWhoTypedIsToldAlthoughTheRecordWasClosedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startLimited(t, openStore(t), hub.Limits{OpenBytes: 1})
		anna, _ := textHub(t, h, newID(1))
		other := newReplica(t, "olga", newID(2))
		other.connect(h, principal("olga", conflicts.Member))
		anna.types("venue_name", "s")
		other.set("notes", "0") // opening the one closes the other
		other.syncUntil(other.acked)
		settle(t, h, anna)
		anna.syncUntil(anna.acked)
		if got := anna.value("venue_name"); got != "Barn" {
			t.Errorf("shown %q", got)
		}
	})
}

func TestNothingWaitsForAnAuthorWhoLeftWhileTyping(t *testing.T) {
	inBubble(t, func(t *testing.T, h *hub.Hub, _ store.Store) {
		anna, ben := textHub(t, h, newID(1))
		anna.types("venue_name", "s")
		synctest.Wait()
		anna.device.Leave()
		anna.connect(h, principal("anna", conflicts.Member))
		begun := time.Now()
		anna.syncUntil(anna.acked)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("waited %v after coming back", waited)
		}
		ben.syncUntil(ben.acked)
	})
}
