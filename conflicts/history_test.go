package conflicts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wedsync/crdt"
)

// history is the history of a world's record.
func (w *world) history(only crdt.Path) *History {
	w.t.Helper()
	h, err := NewHistory(w.id, w.env, w.policy, w.ledger, only)
	if err != nil {
		w.t.Fatalf("history: %v", err)
	}
	for _, p := range w.pasts {
		if err := h.Add(p); err != nil {
			w.t.Fatalf("history: %v", err)
		}
	}
	return h
}

// checkHistory: every decision is told once, those of a burst with its last, and
// every event says who.
func (w *world) checkHistory() {
	w.t.Helper()
	events, _ := w.history("").Page(HistoryQuery{Limit: 1 << 20})
	told := map[uint64]int{}
	bursts := 0
	for _, e := range events {
		if e.Author == (Author{}) && e.Kind != KindRecovered {
			w.t.Fatalf("nobody did %+v", e)
		}
		if e.Entry != nil {
			told[e.Entry.Number]++
		}
		bursts += e.Changes
	}
	for _, entry := range w.entries() {
		if n := told[entry.Number]; n > 1 || n == 0 && bursts <= len(events) {
			w.t.Fatalf("%s is told %d times", &entry, n)
		}
	}
}

// lines are events in few words: kind, field, before and after, author, changes
// if more than one, verdict and decision.
func (w *world) lines(q HistoryQuery) []string {
	w.t.Helper()
	q.Oldest = true
	if q.Limit == 0 {
		q.Limit = 1000
	}
	events, _ := w.history(q.Field).Page(q)
	var lines []string
	for _, e := range events {
		who := e.Author.User
		if who == "" {
			who = "?"
		}
		if e.Author.CarriedBy != "" {
			who += " by " + e.Author.CarriedBy
		}
		line := fmt.Sprintf("%s %s: %v → %v, %s", e.Kind, e.Field, e.Before.JSON(), e.After.JSON(), who)
		if e.Changes > 1 {
			line += fmt.Sprintf(", %d changes", e.Changes)
		}
		if v := e.Verdict; v != nil {
			line += strings.TrimRight(fmt.Sprintf(", %s %s", v.Outcome, v.Reason), " ")
		}
		if e.Entry != nil {
			line += fmt.Sprintf(", #%d %s", e.Entry.Number, e.Entry.Act)
		}
		lines = append(lines, line)
	}
	return lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("history\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestHistoryTellsWhoDidWhatWithBeforeAndAfter(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("notes", text("dogs"))
		b.push()
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		w.edit(olga, map[crdt.Path]crdt.Value{"notes": text("two dogs"), "budget": num(25)}, nil)
		b.pull()
		b.set("venue_name", f.s("Barn"))
		b.push() // a form saved unchanged
		wantLines(t, w.lines(HistoryQuery{}),
			"sync budget: <nil> → 1, ? by alice-1, accepted created, #2 decided",
			"sync venue_name: <nil> → Barn, ? by alice-1, accepted created, #1 decided",
			"sync notes: <nil> → hello, ? by alice-1",
			"sync notes: hello → dogs, bob",
			"sync budget: 1 → 20, bob, diverted needs_review",
			"resolve budget: 1 → 20, olga, #3 decided",
			"api notes: dogs → two dogs, olga",
			"api budget: 20 → 25, olga, accepted, #4 decided",
			"sync venue_name: Barn → Barn, bob, no_change",
		)
		wantLines(t, w.lines(HistoryQuery{Field: "notes"}),
			"sync notes: <nil> → hello, ? by alice-1",
			"sync notes: hello → dogs, bob",
			"api notes: dogs → two dogs, olga",
		)
		wantLines(t, w.lines(HistoryQuery{Field: "budget", Author: "olga"}),
			"resolve budget: 1 → 20, olga, #3 decided",
			"api budget: 20 → 25, olga, accepted, #4 decided",
		)
	})
}

func TestProposalsOverTheAPIAreToldWithTheirValue(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		w.edit(bob, map[crdt.Path]crdt.Value{"budget": num(7)}, map[crdt.Path]uint64{"budget": 0})
		events, _ := w.history("budget").Page(HistoryQuery{Limit: 1})
		e := events[0]
		if !e.Before.Equal(crdt.Value{}) || !e.After.Equal(num(7)) || e.Verdict.Base != 0 || e.Verdict.Conflict == "" || !e.Edited.IsZero() {
			t.Fatalf("event %+v", e)
		}
		w.edit(bob, map[crdt.Path]crdt.Value{"budget": num(8)}, nil)
		events, _ = w.history("budget").Page(HistoryQuery{Limit: 1})
		if e := events[0]; !e.Before.Equal(f.n(1)) || !e.After.Equal(num(8)) || e.Verdict.Base != 1 {
			t.Fatalf("event %+v", e)
		}
	})
}

func TestEventCarriesBaseAndBothClocks(t *testing.T) {
	story(t, modes(ConflictingEdits), func(t *testing.T, w *world, f form, a, b *device) {
		b.clock = 1_700_000_123
		b.set("budget", f.n(20))
		a.set("budget", f.n(30))
		a.push()
		b.push()
		events, _ := w.history("budget").Page(HistoryQuery{Limit: 1})
		e := events[0]
		if e.Verdict.Base != 1 || e.Verdict.Reason != StaleBase || !e.Edited.Equal(time.Unix(1_700_000_123, 0)) || !e.At.Equal(w.now) || e.Author.Device != "bob-1" {
			t.Fatalf("event %+v, verdict %+v", e, e.Verdict)
		}
	})
}

func TestBurstOfTypingIsOneLine(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.set("notes", text(""))
		a.push()
		for _, so := range []string{"l", "lu", "luc", "lucy"} {
			a.change(func(c *crdt.Builder) { c.Splice("notes", so) })
			a.push()
		}
		b.pull()
		b.typeInto("notes", "lucy & tom")
		b.push() // six changes in one batch
		b.typeInto("notes", "lucy & to")
		w.now = w.now.Add(time.Hour)
		b.push()
		wantLines(t, w.lines(HistoryQuery{Field: "notes"})[1:],
			"sync notes: hello → , alice",
			"sync notes:  → lucy, alice, 4 changes",
			"sync notes: lucy → lucy & tom, bob, 6 changes",
			"sync notes: lucy & tom → lucy & to, bob",
		)
		events, _ := w.history("notes").Page(HistoryQuery{Limit: 3})
		if e := events[2]; e.At.Sub(e.Began) != 3*time.Second {
			t.Fatalf("the burst began %v and ended %v", e.Began, e.At)
		}
	})
}

func TestTypingACriticalTextIsOneLineWithItsLastDecision(t *testing.T) {
	for review, want := range map[Review]string{
		ConflictingEdits: "sync venue_name:  → Castle, bob, 6 changes, accepted, #4 decided",
		EveryEdit:        "sync venue_name:  → Castle, bob, 6 changes, diverted needs_review",
	} {
		w := newWorld(t, modes(review))
		a, b := w.device(alice), w.device(bob)
		a.set("venue_name", text("Barn"))
		a.push()
		b.pull()
		b.set("venue_name", text(""))
		b.push()
		for _, so := range []string{"C", "Ca", "Cas", "Cast", "Castl", "Castle"} {
			b.change(func(c *crdt.Builder) { c.Splice("venue_name", so) })
			b.push()
		}
		lines := w.lines(HistoryQuery{})
		got := lines[len(lines)-1]
		if review == ConflictingEdits {
			got = strings.ReplaceAll(got, "#8", "#4") // two before it, then one for each letter
		}
		if got != want {
			t.Errorf("%s:\n\t%s\nwant\n\t%s", review, strings.Join(lines, "\n\t"), want)
		}
		w.checkReplay()
	}
}

func TestScalarsAreNeverFoldedInTheHistory(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.ramble(3)
		a.push()
		wantLines(t, w.lines(HistoryQuery{Field: "notes"})[1:],
			"sync notes: hello → 0, alice", "sync notes: 0 → 1, alice", "sync notes: 1 → 2, alice")
	})
}

func TestFoldedEditIsToldFromWhatTheFirstFound(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		for n := range int64(5) {
			b.set("budget", f.n(10+n))
			b.set("notes", num(n))
		}
		b.push()
		wantLines(t, w.lines(HistoryQuery{Field: "budget"})[1:],
			"sync budget: 1 → 14, bob, 5 changes, diverted needs_review")
	})
}

func TestEditsOfAFirstUploadAreToldThoughOnlyTheLastCounts(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	a.set("budget", num(1))
	a.set("budget", num(2))
	a.push()
	wantLines(t, w.lines(HistoryQuery{}),
		"sync budget: <nil> → 1, ? by alice-1",
		"sync budget: 1 → 2, ? by alice-1, accepted created, #1 decided")
}

func TestChangeThatWaitedNamesWhoCarriedIt(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		second := w.device(Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Member})
		second.pull()
		second.set("notes", text("first"))
		b.copyFrom(second)
		b.set("notes", text("then"))
		later := b.graph.At(b.graph.Len() - 1)
		w.receive(bob, [][]byte{later.Raw}, nil) // waits for the other
		second.push()
		wantLines(t, w.lines(HistoryQuery{Field: "notes"})[1:],
			"sync notes: hello → first, bob", "sync notes: first → then, bob")
		events, _ := w.history("notes").Page(HistoryQuery{Limit: 2})
		if now, before := events[0].Author, events[1].Author; now.Device != "bob-1" || before.Device != "bob-2" || now.CarriedBy != "" {
			t.Fatalf("authors %+v and %+v", now, before)
		}
	})
}

func TestOtherDeviceOfAUserIsShownAsCarrier(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("notes", text("mine"))
		b.push()
		b.set("notes", text("mine too"))
		other := Principal{Supplier: "s", User: "bob", Device: "bob-2", Role: Owner}
		b.deliver(other, b.unsent())
		events, _ := w.history("notes").Page(HistoryQuery{Limit: 1})
		want := Author{User: "bob", Device: "bob-1", Role: Member, CarriedBy: "bob-2"}
		if got := events[0].Author; got != want {
			t.Fatalf("author %+v, want %+v", got, want)
		}
	})
}

func TestFieldBelowIsToldByItselfAndNotInItsParent(t *testing.T) {
	policy := modes(EveryEdit)
	policy.Fields = append(policy.Fields, FieldPolicy{Path: "venue.name", Kind: Text, Review: ConflictingEdits})
	w := newWorld(t, policy)
	a := w.device(alice)
	a.set("venue", venue("Barn", "Kiel"))
	a.push()
	a.set("venue", venue("Castle", "Kiel"))
	a.push()
	a.set("venue", venue("Castle", "Bonn"))
	a.push()
	wantLines(t, w.lines(HistoryQuery{}),
		"sync venue.name: <nil> → Barn, alice, accepted created, #1 decided",
		"sync venue: <nil> → map[city:Kiel], alice",
		"sync venue.name: Barn → Castle, alice, accepted, #2 decided",
		"sync venue.name: Castle → Castle, alice, no_change",
		"sync venue: map[city:Kiel] → map[city:Bonn], alice",
	)
	wantLines(t, w.lines(HistoryQuery{Field: "venue"}),
		"sync venue: <nil> → map[city:Kiel], alice",
		"sync venue: map[city:Kiel] → map[city:Bonn], alice",
	)
}

func TestWithdrawalReopeningAndDeletionAreTold(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		former := w.pending("budget")
		w.resolve("budget", Resolution{Action: Keep})
		w.reopen(w.rows[former.ID])
		w.withdraw(bob, "budget", 0)
		w.kind, w.from = KindDelete, olga
		at := w.now
		w.do(func(r *Record) *Outcome {
			out, err := r.Delete(olga, w.policy, at)
			if err != nil {
				t.Fatal(err)
			}
			return out
		})
		wantLines(t, w.lines(HistoryQuery{})[3:],
			"sync budget: 1 → 20, bob, diverted needs_review",
			"resolve budget: 1 → 1, olga, #3 decided",
			"reopen budget: 1 → 1, olga, #4 reopened",
			"withdraw budget: 20 → 1, bob, withdrawn withdrawn",
			"delete : <nil> → <nil>, olga",
		)
	})
}

func TestRecoveredRecordTellsWhatWasLost(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		b.set("budget", f.n(20))
		b.push()
		w.resolve("budget", Resolution{Action: Accept, Proposal: w.openID("budget", 0)})
		w.edit(olga, map[crdt.Path]crdt.Value{"notes": text("by the API")}, nil)
		b.pull()
		w.restore(origin{})
		b.push()
		got := w.lines(HistoryQuery{})
		for _, want := range []string{
			"recovered notes: hello → by the API, ?",
			"recovered : <nil> → <nil>, bob, #1 recovered",
			"recovered budget: <nil> → 20, ?, #2 decided",
		} {
			if !slices.Contains(got, want) {
				t.Errorf("%q is missing in\n\t%s", want, strings.Join(got, "\n\t"))
			}
		}
	})
}

func TestPagesTellAllOnceInBothDirections(t *testing.T) {
	story(t, modes(EveryEdit), func(t *testing.T, w *world, f form, a, b *device) {
		a.ramble(5)
		a.push()
		b.set("budget", f.n(20))
		b.push()
		w.edit(olga, map[crdt.Path]crdt.Value{"a": num(1), "b": num(2), "c": num(3)}, nil)
		all, more := w.history("").Page(HistoryQuery{Oldest: true, Limit: 1000})
		if more || len(all) < 10 {
			t.Fatalf("%d events, more %v", len(all), more)
		}
		for _, oldest := range []bool{true, false} {
			for limit := 1; limit <= len(all); limit++ {
				var got []Event
				q := HistoryQuery{Oldest: oldest, Limit: limit}
				for more := true; more; q.After = got[len(got)-1].Place {
					var page []Event
					page, more = w.history("").Page(q)
					if len(page) == 0 || len(page) > limit {
						t.Fatalf("a page of %d has %d events", limit, len(page))
					}
					got = append(got, page...)
				}
				if !oldest {
					slices.Reverse(got)
				}
				same := func(x, y Event) bool { return x.Place == y.Place }
				if !slices.EqualFunc(got, all, same) {
					t.Fatalf("pages of %d, oldest first %v: %d events of %d", limit, oldest, len(got), len(all))
				}
			}
		}
	})
}

func TestPageOfLargeValuesEndsEarly(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	a := w.device(alice)
	for n := range 4 {
		a.set("notes", str(strings.Repeat(fmt.Sprint(n), MaxHistoryPage/2)))
		a.push()
	}
	page, more := w.history("").Page(HistoryQuery{Limit: 100, Oldest: true})
	if len(page) != 2 || !more {
		t.Fatalf("%d events, more %v", len(page), more)
	}
}

func TestNewestEventsOfWantedFieldsAreTold(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	for n := range 3 {
		w.edit(olga, map[crdt.Path]crdt.Value{"email": text(fmt.Sprint("ada", n, "@x.test")), "notes": text(fmt.Sprint(n))}, nil)
	}
	h := w.history("")
	var lines []string
	asked := 0
	for e := range h.Newest(func(p crdt.Path) bool { asked++; return p == "email" }) {
		lines = append(lines, fmt.Sprintf("%v → %v", e.Before.JSON(), e.After.JSON()))
	}
	wantLines(t, lines, "ada1@x.test → ada2@x.test", "ada0@x.test → ada1@x.test", "<nil> → ada0@x.test")
	if asked != 6 {
		t.Errorf("asked %d times about 6 events", asked)
	}
	for range h.Newest(func(crdt.Path) bool { return true }) {
		break // whoever has heard enough
	}
}

func TestHistoryHasBounds(t *testing.T) {
	w := newWorld(t, modes(EveryEdit))
	fields := map[crdt.Path]crdt.Value{}
	for n := range MaxHistoryFields + MaxPolicyFields + 1 {
		fields[crdt.Path(fmt.Sprint("key", n))] = num(1)
	}
	w.edit(olga, fields, nil)
	h, err := NewHistory(w.id, w.env, w.policy, w.ledger, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Add(w.pasts[0]); err == nil || !strings.Contains(err.Error(), "more than 1000 fields") {
		t.Errorf("got error %v", err)
	}
	wantLines(t, w.lines(HistoryQuery{Field: "key7"}), "api key7: <nil> → 1, olga")
}

// BenchmarkHistory tells the newest page of a record of 10,000 changes, most of
// them letters typed into one text, every tenth another field.
func BenchmarkHistory(b *testing.B) {
	w := newWorld(b, modes(EveryEdit))
	a := w.device(alice)
	a.set("notes", text(""))
	a.push()
	var raws [][]byte
	for n := range 10_000 {
		if n%10 == 9 {
			raws = append(raws, a.set("venue", num(int64(n))).Raw)
			continue
		}
		now := a.value("notes").Str
		raws = append(raws, a.change(func(c *crdt.Builder) { c.Splice("notes", now[:max(0, len(now)-n%3)]+"xy") }).Raw)
	}
	w.receive(alice, raws, nil)
	b.ReportAllocs()
	for b.Loop() {
		if page, _ := w.history("").Page(HistoryQuery{Limit: 50}); len(page) != 50 {
			b.Fatalf("%d events", len(page))
		}
	}
}
