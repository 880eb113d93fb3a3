package activity

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// read is what a message says.
func read(t testing.TB, m Message) Event {
	t.Helper()
	var e Event
	if err := json.Unmarshal(m.Body, &e); err != nil {
		t.Fatal(err)
	}
	if e.Position != m.Position {
		t.Fatalf("an event at %s says that it is at %s", m.Position, e.Position)
	}
	return e
}

// A hearer takes what a listener is told.
type hearer struct {
	*Listener
	t testing.TB
}

func hear(t testing.TB, s *Streams, from string, clients ...crdt.RecordID) *hearer {
	t.Helper()
	start, err := ParseStart(from)
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Listen(t.Context(), "rose", clients, start)
	if err != nil {
		t.Fatal(err)
	}
	return &hearer{l, t}
}

// pass lets time pass that is fake: all of these tests run in a bubble.
func pass(d time.Duration) {
	synctest.Wait() // which panics outside of one
	time.Sleep(d)
}

// all is what is told until nothing more is, as of now.
func (h *hearer) all() (events []Event) {
	h.t.Helper()
	pass(2 * DefaultLimits.Pace) // a tail may rest
	synctest.Wait()
	for {
		messages, _, err := h.Take(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if len(messages) == 0 {
			return events
		}
		for _, m := range messages {
			events = append(events, read(h.t, m))
		}
	}
}

// told are types, numbers and positions in short.
func short(events []Event) (lines []string) {
	for _, e := range events {
		line := e.Type
		if o := e.Data.Offsets; o != nil {
			line += fmt.Sprintf(" %d-%d", o[0], o[1])
		}
		if e.Data.Reason != "" {
			line += " " + e.Data.Reason
		}
		lines = append(lines, line+" @"+e.Position[len(epoch)+1:])
	}
	return lines
}

func (h *hearer) hears(want ...string) {
	h.t.Helper()
	if got := short(h.all()); !slices.Equal(got, want) {
		h.t.Errorf("heard\n%q, want\n%q", got, want)
	}
}

func inBubble(t *testing.T, run func(t *testing.T, j *journal, s *Streams)) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		run(t, j, open(t, j, Limits{}))
	})
}

func TestWhoListensFromNowHearsWhatComes(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		j.add(record(1), changed("ada", "a"))
		h := hear(t, s, "")
		h.hears("wedsync.position @1")
		j.add(record(2), changed("ada", "a"))
		h.hears("wedsync.client.changed 2-2 @2")
		h.hears()
	})
}

func TestABurstIsToldAtItsBeginAndEachSecond(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		h := hear(t, s, "")
		h.all()
		for i := range 15 {
			j.add(record(1), changed("ada", fmt.Sprint("k", i)))
			pass(110 * time.Millisecond)
		}
		j.add(record(2), changed("ben", "x"))
		h.hears("wedsync.client.changed 1-1 @1", "wedsync.client.changed 2-10 @10", "wedsync.client.changed 16-16 @10")
		pass(time.Second)
		h.hears("wedsync.client.changed 11-15 @16")
	})
}

func TestAListenerHearsOfTheClientsThatItNamesAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		h := hear(t, s, "", record(2))
		h.all()
		for n := range byte(4) {
			j.add(record(n), changed("ada", "a"))
		}
		h.hears("wedsync.client.changed 3-3 @3")
		if m, moved := h.Position(); !moved || m.Position != epoch+":4" {
			t.Errorf("position %q, moved %v", m.Position, moved)
		}
		if m, moved := h.Position(); moved {
			t.Errorf("it has moved again to %q", m.Position)
		}
		h.Choose(nil)
		pass(2 * time.Second)
		j.add(record(1), changed("ada", "a"))
		h.hears("wedsync.client.changed 5-5 @5")
	})
}

func TestWhoGoesOnFromAPositionMissesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		for n := range byte(5) {
			j.add(record(n), changed("ada", "a"))
		}
		h := hear(t, s, epoch+":2") // from the store
		j.add(record(9), changed("ada", "a"))
		h.hears("wedsync.client.changed 3-3 @3", "wedsync.client.changed 4-4 @4", "wedsync.client.changed 5-5 @5",
			"wedsync.client.changed 6-6 @6", "wedsync.position @6")
		reads := j.reads
		again := hear(t, s, epoch+":5") // from the ring
		again.hears("wedsync.client.changed 6-6 @6", "wedsync.position @6")
		if j.reads != reads {
			t.Error("the store was read for what the ring holds")
		}
		hear(t, s, "-2").hears("wedsync.client.changed 5-5 @5", "wedsync.client.changed 6-6 @6", "wedsync.position @6")
	})
}

// However large the events are, few of them wait for a listener that is told
// again, which may be slow.
func TestWhatIsToldAgainWaitsInSmallParts(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		const entries = 300
		posted := by(conflicts.KindActivity, "ada")
		posted.Activity = &conflicts.Activity{Kind: "call", Text: "x", Data: []byte(`"` + strings.Repeat("d", conflicts.MaxActivityData-2) + `"`)}
		for i := range entries {
			j.add(record(byte(i)), posted)
		}
		h := hear(t, s, epoch+":0")
		defer h.Leave()
		told := 0
		for told < entries {
			messages, _, err := h.Take(t.Context())
			if err != nil || len(messages) == 0 {
				t.Fatalf("%d events, then %v", told, err)
			}
			bytes := 0
			for _, m := range messages {
				bytes += len(m.Body)
				if told++; m.number != uint64(told) {
					t.Fatalf("event %d is told as %s", told, m.Position)
				}
			}
			if bytes > 2*mostWaiting {
				t.Fatalf("%d bytes wait at once", bytes)
			}
		}
		if reads := 3 * entries / (mostWaiting / conflicts.MaxActivityData); j.reads > reads {
			t.Errorf("the journal was read %d times, more than %d", j.reads, reads)
		}
		h.hears(PositionTold + " @300")
	})
}

// What an owner erases is not told again, although it was told a moment ago.
func TestWhatWasErasedIsNotToldAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		first := hear(t, s, "now")
		defer first.Leave()
		first.hears(PositionTold + " @0")
		j.add(record(1), changed("ada", "a"))
		j.add(record(2), changed("ada", "a"))
		j.add(record(1), changed("ada", "b")) // is held as a part of a burst
		first.hears(ClientChanged+" 1-1 @1", ClientChanged+" 2-2 @2")
		j.add(record(1), by("erase", "olga"))
		first.hears(ClientErased + " 4-4 @4")
		again := hear(t, s, epoch+":0")
		defer again.Leave()
		again.hears(ClientChanged+" 2-2 @2", ClientErased+" 4-4 @4", PositionTold+" @4")
		j.add(record(1), changed("ada", "c"))
		again.hears(ClientChanged + " 5-5 @5")
	})
}

func TestAPositionOfNoUseIsAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		for n := range 30 {
			j.add(record(byte(n)), changed("ada", "a"))
		}
		s := open(t, j, Limits{Replay: 20})
		for position, reason := range map[string]string{"another:3": ResetEpoch, epoch + ":31": ResetBeyond, epoch + ":9": ResetTooFar} {
			h := hear(t, s, position)
			h.hears("wedsync.reset "+reason+" @30", "wedsync.position @30")
		}
		h := hear(t, s, epoch+":10")
		if got := h.all(); len(got) != 21 {
			t.Errorf("heard %q", short(got))
		}
	})
}

func TestASlowListenerIsResetAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := open(t, j, Limits{RingEvents: 8})
		slow, quick := hear(t, s, ""), hear(t, s, "")
		slow.all()
		quick.all()
		for n := range 20 {
			j.add(record(byte(n)), changed("ada", "a"))
			if n%4 == 3 {
				quick.all()
			}
		}
		slow.hears("wedsync.reset slow @20", "wedsync.position @20")
		j.add(record(30), changed("ada", "a"))
		slow.hears("wedsync.client.changed 21-21 @21")
		quick.hears("wedsync.client.changed 21-21 @21")
	})
}

func TestPresenceIsToldFiveTimesASecondAtMostAndNeverStored(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		h := hear(t, s, "")
		h.all()
		sign := func(user string, v any) {
			data, err := cbor.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			j.watched().Presence(hub.PresenceNote{Record: record(1), User: user, Device: "phone", Data: data, At: time.Now()})
		}
		for i := range 20 {
			sign("ada", map[string]any{"cursor": i})
			pass(50 * time.Millisecond)
		}
		sign("ben", func() any { return string(make([]byte, maxPresenceData)) }())
		pass(time.Second)
		var ada, ben []Event
		for _, e := range h.all() {
			if e.Type != PresenceShown || e.Position != epoch+":0" || e.Data.Offsets != nil {
				t.Errorf("heard %+v", e)
			}
			if e.Data.User == "ada" {
				ada = append(ada, e)
			} else {
				ben = append(ben, e)
			}
		}
		if len(ada) < 5 || len(ada) > 6 || string(ada[0].Data.Presence) != `{"cursor":0}` || string(ada[len(ada)-1].Data.Presence) != `{"cursor":19}` {
			t.Errorf("told %d times: %+v", len(ada), ada)
		}
		if len(ben) != 1 || ben[0].Data.Presence != nil {
			t.Errorf("told of what is too large: %+v", ben)
		}
		if got := short(hear(t, s, "-9").all()); !slices.Equal(got[len(got)-1:], []string{"wedsync.position @0"}) {
			t.Errorf("heard %q", got)
		}
	})
}

// A device may say a megabyte, of a thousand records at once.
func TestPresenceTooLargeToBeShownIsNotKept(t *testing.T) {
	tail := newTail(&Streams{}, "rose")
	tail.note(hub.PresenceNote{Record: record(1), Data: make([]byte, maxPresenceData+1)})
	if n := <-tail.notes; n.Data != nil || n.Record != record(1) {
		t.Errorf("%d bytes are kept of %s", len(n.Data), n.Record)
	}
}

func TestATailEndsWhenNobodyHasListenedForAWhile(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		h := hear(t, s, "")
		h.all()
		h.Leave()
		pass(s.limits.Linger / 2)
		synctest.Wait()
		if j.watched() == nil {
			t.Error("it has ended at once")
		}
		pass(2 * s.limits.Linger)
		synctest.Wait()
		if j.watched() != nil {
			t.Error("it goes on")
		}
		hear(t, s, "").hears("wedsync.position @0")
	})
}

func TestListenersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &journal{}, Limits{Listeners: 1})
		h := hear(t, s, "")
		if _, err := s.Listen(t.Context(), "rose", nil, Start{}); err != ErrCrowded {
			t.Errorf("got error %v, want %v", err, ErrCrowded)
		}
		h.Leave()
		hear(t, s, "").Leave()
		s.Close()
		if _, err := s.Listen(t.Context(), "rose", nil, Start{}); err != ErrClosed {
			t.Errorf("got error %v, want %v", err, ErrClosed)
		}
	})
}

func TestAStoreThatIsAwayMakesListenersWait(t *testing.T) {
	inBubble(t, func(t *testing.T, j *journal, s *Streams) {
		h := hear(t, s, "")
		h.all()
		j.fail = store.ErrUnavailable
		j.add(record(1), changed("ada", "a"))
		h.hears()
		j.mu.Lock()
		j.fail = nil
		j.mu.Unlock()
		pass(s.limits.Poll)
		h.hears("wedsync.client.changed 1-1 @1")
	})
}

// TestEachListenerHearsEachEventInOrder: with a small ring, breaks at random and
// slow listeners, what is told of each record has no gap, and comes twice only
// after a break.
func TestEachListenerHearsEachEventInOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		chance := rand.New(rand.NewPCG(seed, 1))
		j := &journal{}
		s := open(t, j, Limits{RingEvents: 64})
		var listeners []*checked
		for i := range 8 {
			clients := []crdt.RecordID{record(byte(i % 4)), record(byte(i % 3))}
			if i == 0 {
				clients = nil
			}
			listeners = append(listeners, &checked{hearer: hear(t, s, "", clients...), clients: clients, heard: make(map[crdt.RecordID]uint64)})
		}
		for range 2000 {
			j.add(record(byte(chance.IntN(5))), changed(fmt.Sprint("u", chance.IntN(2)), "a"))
			pass(time.Duration(chance.IntN(60)) * time.Millisecond)
			if l := listeners[chance.IntN(len(listeners))]; chance.IntN(3) == 0 {
				l.take(t, j)
			} else if chance.IntN(20) == 0 {
				l.reconnect(t, s)
			}
		}
		pass(2 * time.Second)
		resets := 0
		for _, l := range listeners {
			l.take(t, j)
			l.done(t, j)
			resets += l.resets
		}
		if resets == 0 {
			t.Error("nobody was ever too slow")
		}
	})
}

// A checked listener knows up to where it has heard everything of each record.
type checked struct {
	*hearer
	clients  []crdt.RecordID
	heard    map[crdt.RecordID]uint64
	position string
	from     uint64 // what came up to it is not to be heard
	resumed  bool   // what was heard may come again
	resets   int
}

func (c *checked) reconnect(t *testing.T, s *Streams) {
	c.Leave()
	if c.position == "" {
		return
	}
	c.hearer, c.resumed = hear(t, s, c.position, c.clients...), true
}

func (c *checked) take(t *testing.T, j *journal) {
	t.Helper()
	for _, e := range c.all() {
		c.position = e.Position
		switch {
		case e.Type == ResetTold:
			c.resets++
			start, _ := ParseStart(e.Position)
			c.from, c.resumed = start.number, true
			clear(c.heard)
		case e.Type == PositionTold && c.from == 0 && len(c.heard) == 0:
			start, _ := ParseStart(e.Position)
			c.from = start.number
		case e.Data.Offsets != nil:
			c.event(t, j, e)
		}
	}
}

// event holds an event against the journal.
func (c *checked) event(t *testing.T, j *journal, e Event) {
	t.Helper()
	id, err := crdt.ParseRecordID(e.Subject)
	if err != nil {
		t.Fatal(err)
	}
	first, last := e.Data.Offsets[0], e.Data.Offsets[1]
	known := max(c.heard[id], c.from)
	numbers := j.numbers(id, known, last)
	if last <= known {
		if !c.resumed {
			t.Fatalf("%s: %d to %d came again, known is %d", id, first, last, known)
		}
		return
	}
	if first <= known && !c.resumed || len(numbers) > 0 && numbers[0] < first {
		t.Fatalf("%s: %d to %d after %d, the journal has %v", id, first, last, known, numbers)
	}
	c.heard[id] = last
}

// done checks that nothing is missing at the end.
func (c *checked) done(t *testing.T, j *journal) {
	t.Helper()
	for n := range byte(5) {
		id := record(n)
		if c.clients != nil && !slices.Contains(c.clients, id) {
			continue
		}
		if missing := j.numbers(id, max(c.heard[id], c.from), 1<<40); len(missing) > 0 {
			t.Fatalf("never heard of %s: %v", id, missing)
		}
	}
}

// numbers are those of a record above one and up to another.
func (j *journal) numbers(id crdt.RecordID, above, upTo uint64) (numbers []uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := above; i < uint64(len(j.entries)) && i < upTo; i++ {
		if j.entries[i].Record == id {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func TestWhoGoesOnWhileTheRingMovesIsNotReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := open(t, j, Limits{RingEvents: 8})
		hear(t, s, "").all()
		for n := range 8 {
			j.add(record(byte(n)), changed("ada", "a"))
		}
		pass(time.Second)
		recent, early := hear(t, s, epoch+":7"), hear(t, s, epoch+":0")
		for n := range 8 { // all that they have not looked at falls off
			j.add(record(byte(20+n)), changed("ada", "a"))
		}
		for h, want := range map[*hearer]int{recent: 10, early: 17} {
			got := h.all()
			if len(got) != want || slices.ContainsFunc(got, func(e Event) bool { return e.Type == ResetTold }) {
				t.Errorf("heard %d: %q", len(got), short(got))
			}
		}
	})
}
