package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
)

// event makes the n-th event of a supplier's first connection; two in a row are
// about the same object.
func event(supplier string, n int) store.InboxEvent {
	return store.InboxEvent{
		Supplier:   supplier,
		Connection: connection(supplier, 1).ID,
		ID:         fmt.Sprintf("%026d", n),
		External:   fmt.Sprint("evt\\\x00", n),
		Subject:    fmt.Sprint("contact ", n/2),
		Type:       "contact.changed",
		Received:   noon.Add(time.Duration(n) * time.Second),
		Header:     []byte(`{"a":1}`),
		Body:       []byte{0, 255, byte(n)},
		State:      store.EventReceived,
		Due:        noon.Add(time.Duration(n) * time.Second),
	}
}

// received stores events, all of which must be new, and returns them as stored.
func (b *bench) received(events ...store.InboxEvent) []store.InboxEvent {
	b.Helper()
	b.arrive(slices.Repeat([]store.Arrival{store.EventStored}, len(events)), events...)
	stored := make([]store.InboxEvent, len(events))
	for i, e := range events {
		var err error
		stored[i], err = b.InboxEvent(b.ctx, e.Supplier, e.ID)
		b.ok("inbox event", err)
	}
	return stored
}

func (b *bench) arrive(want []store.Arrival, events ...store.InboxEvent) {
	b.Helper()
	got, err := b.ReceiveEvents(b.ctx, events)
	b.ok("receive events", err)
	b.same("arrivals", got, want)
}

func (b *bench) inbox(supplier string, q store.InboxQuery) []store.InboxEvent {
	b.Helper()
	found, err := b.InboxEvents(b.ctx, supplier, q)
	b.ok("inbox events", err)
	return found
}

// updated stores a change, which must succeed, and returns it as stored.
func (b *bench) updated(e store.InboxEvent) store.InboxEvent {
	b.Helper()
	b.ok("update event", b.UpdateEvent(b.ctx, e))
	e.Version++
	return e
}

func (b *bench) due(now time.Time, limit int) (ids []string) {
	b.Helper()
	keys, err := b.DueEvents(b.ctx, now, limit)
	b.ok("due events", err)
	for _, k := range keys {
		ids = append(ids, k.Supplier+" "+k.ID[24:])
	}
	return ids
}

func idsOf(events []store.InboxEvent) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID[24:])
	}
	return ids
}

var inboxCases = []testcase{
	{"ReceivedEventsSurviveARestartInOrderOfArrival", func(b *bench) {
		first, second := event("rose", 9), event("rose", 3)
		foreign := event("lily", 3)
		b.received(first, second, foreign)
		third := event("rose", 1)
		b.received(third)
		b.restart()
		got := b.inbox("rose", store.InboxQuery{Oldest: true, Limit: 9})
		b.same("ids", idsOf(got), []string{"09", "03", "01"})
		for i, want := range []store.InboxEvent{first, second, third} {
			if i > 0 && got[i].Number <= got[i-1].Number {
				b.Errorf("number %d follows %d", got[i].Number, got[i-1].Number)
			}
			want.Number, want.Version = got[i].Number, 1
			b.same("event", got[i], want)
		}
		one, err := b.InboxEvent(b.ctx, "rose", second.ID)
		b.ok("inbox event", err)
		b.same("event", one, got[1])
		_, err = b.InboxEvent(b.ctx, "mill", second.ID)
		b.notFound("event of an unknown supplier", err)
		_, err = b.InboxEvent(b.ctx, "lily", first.ID)
		b.notFound("event of another supplier", err)
	}},
	{"EventIsKnownByItsConnectionAndItsSendersID", func(b *bench) {
		e := event("rose", 1)
		b.received(e)
		again := event("rose", 2)
		again.External = e.External
		elsewhere := again
		elsewhere.Connection, elsewhere.ID = connection("rose", 2).ID, fmt.Sprintf("%026d", 3)
		foreign := e
		foreign.Supplier = "lily"
		unrouted := again
		unrouted.Connection, unrouted.ID, unrouted.State = "", fmt.Sprintf("%026d", 4), store.EventUnrouted
		repeated := unrouted
		repeated.ID = fmt.Sprintf("%026d", 5)
		b.arrive([]store.Arrival{store.EventKnown, store.EventStored, store.EventStored, store.EventStored, store.EventKnown},
			again, elsewhere, foreign, unrouted, repeated)
		b.restart()
		b.arrive([]store.Arrival{store.EventKnown, store.EventKnown}, again, repeated)
		b.same("events", idsOf(b.inbox("rose", store.InboxQuery{Oldest: true, Limit: 9})), []string{"01", "03", "04"})
	}},
	{"OfFiftySendersOfTheSameEventsEachIsStoredOnce", func(b *bench) {
		const senders, events = 50, 10
		var fresh atomic.Int32
		var g errgroup.Group
		for n := range senders {
			g.Go(func() error {
				var batch []store.InboxEvent
				for i := range events {
					e := event("rose", (i*7+n)%events) // each in an order of its own
					e.ID = fmt.Sprintf("%013d%013d", n, i)
					batch = append(batch, e)
				}
				got, err := b.ReceiveEvents(b.ctx, batch)
				for _, a := range got {
					if a == store.EventStored {
						fresh.Add(1)
					}
				}
				return err
			})
		}
		b.ok("receive", g.Wait())
		b.same("fresh", fresh.Load(), int32(events))
		b.same("events", len(b.inbox("rose", store.InboxQuery{Limit: 2 * events})), events)
	}},
	{"NumbersGoOnAfterEventsAreGone", func(b *bench) {
		e := b.received(event("rose", 1))[0]
		e.State = store.EventDone
		b.updated(e)
		n, err := b.ForgetEvents(b.ctx, noon, noon.Add(time.Hour), 9)
		b.ok("forget", err)
		b.same("forgotten", n, 1)
		b.restart()
		if next := b.received(event("rose", 2))[0]; next.Number <= e.Number {
			b.Errorf("number %d comes after %d", next.Number, e.Number)
		}
	}},
	{"EventIsUpdatedByWhoHasReadIt", func(b *bench) {
		b.must(commit("rose", recordID(1), 0))
		e := b.received(event("rose", 1))[0]
		stays := e
		e.Subject, e.Type, e.Body = "contact x", "other", []byte("edited")
		e.State, e.Attempts, e.Due = store.EventWaiting, 3, noon.Add(time.Hour)
		e.Record, e.Outcome, e.Error = recordID(1), []byte(`{}`), "no\x00 record"
		e.Candidates = []crdt.RecordID{recordID(3), recordID(1), recordID(2)}
		changed := b.updated(e)
		b.stale("update again", b.UpdateEvent(b.ctx, e))
		what := changed
		what.ID = event("rose", 7).ID
		b.notFound("update what is not there", b.UpdateEvent(b.ctx, what))
		what = changed
		what.Supplier = "lily"
		what.Record = crdt.RecordID{}
		b.notFound("update another supplier's", b.UpdateEvent(b.ctx, what))
		what = changed
		what.Number, what.External, what.Received, what.Header = 99, "x", noon, nil
		b.updated(what)
		changed.Version++
		b.restart()
		got, err := b.InboxEvent(b.ctx, "rose", e.ID)
		b.ok("inbox event", err)
		b.same("event", got, changed)
		b.same("what stays", []any{got.Number, got.External, got.Received, got.Header}, []any{stays.Number, stays.External, stays.Received, stays.Header})
	}},
	{"EventIsAboutNoRecordAndHasNoCandidatesWhenItArrives", func(b *bench) {
		e := event("rose", 1)
		e.Record, e.Candidates = recordID(1), []crdt.RecordID{recordID(2)}
		got := b.received(e)[0]
		b.same("record", got.Record, crdt.RecordID{})
		b.same("candidates", len(got.Candidates), 0)
	}},
	{"UnroutedEventIsGivenAConnectionUnlessThatHasIt", func(b *bench) {
		known := event("rose", 1)
		unrouted := event("rose", 2)
		unrouted.Connection, unrouted.External, unrouted.State = "", known.External, store.EventUnrouted
		e := b.received(known, unrouted)[1]
		e.Connection = known.Connection
		b.notEmpty("give it to who has it", b.UpdateEvent(b.ctx, e))
		e.Connection = connection("rose", 2).ID
		b.updated(e)
		b.same("events of the connection", idsOf(b.inbox("rose", store.InboxQuery{Connection: e.Connection, Limit: 9})), []string{"02"})
	}},
	{"OfAllWhoClaimAnEventAtOnceOneDoes", func(b *bench) {
		for n := range 10 {
			e := b.received(event("rose", n))[0]
			var won atomic.Int32
			var g errgroup.Group
			for range 4 {
				g.Go(func() error {
					mine := e
					mine.Due = noon.Add(time.Hour)
					err := b.UpdateEvent(b.ctx, mine)
					if err == nil {
						won.Add(1)
					}
					if errors.Is(err, store.ErrStale) {
						return nil
					}
					return err
				})
			}
			b.ok("claim", g.Wait())
			b.same("winners", won.Load(), int32(1))
		}
	}},
	{"EventsAreFoundByWhatIsAsked", func(b *bench) {
		b.must(commit("rose", recordID(1), 0))
		stored := b.received(event("rose", 1), event("rose", 2), event("rose", 3), event("rose", 4), event("lily", 5))
		stored[1].State, stored[1].Record = store.EventDone, recordID(1)
		stored[2].State, stored[2].Type = store.EventDead, "other"
		b.updated(stored[1])
		b.updated(stored[2])
		elsewhere := event("rose", 6)
		elsewhere.Connection = connection("rose", 2).ID
		b.received(elsewhere)
		for what, c := range map[string]struct {
			q    store.InboxQuery
			want []string
		}{
			"all":                     {store.InboxQuery{}, []string{"06", "04", "03", "02", "01"}},
			"oldest first":            {store.InboxQuery{Oldest: true}, []string{"01", "02", "03", "04", "06"}},
			"next page":               {store.InboxQuery{After: stored[2].Number}, []string{"02", "01"}},
			"next page, oldest first": {store.InboxQuery{Oldest: true, After: stored[2].Number}, []string{"04", "06"}},
			"of a connection":         {store.InboxQuery{Connection: elsewhere.Connection}, []string{"06"}},
			"of an object":            {store.InboxQuery{Connection: stored[1].Connection, Subject: stored[1].Subject}, []string{"03", "02"}},
			"received":                {store.InboxQuery{State: store.EventReceived}, []string{"06", "04", "01"}},
			"done":                    {store.InboxQuery{State: store.EventDone}, []string{"02"}},
			"dead":                    {store.InboxQuery{State: store.EventDead}, []string{"03"}},
			"of a type":               {store.InboxQuery{Type: "other"}, []string{"03"}},
			"about a record":          {store.InboxQuery{Record: recordID(1)}, []string{"02"}},
			"from":                    {store.InboxQuery{From: stored[2].Received}, []string{"06", "04", "03"}},
			"to":                      {store.InboxQuery{To: stored[2].Received}, []string{"02", "01"}},
			"all that can be asked": {store.InboxQuery{
				Connection: stored[2].Connection, State: store.EventDead, Type: "other", From: noon, To: noon.Add(time.Hour), Brief: true,
			}, []string{"03"}},
		} {
			c.q.Limit = 9
			b.same(what, idsOf(b.inbox("rose", c.q)), c.want)
		}
		b.same("no page", len(b.inbox("rose", store.InboxQuery{})), 0)
		b.same("page", idsOf(b.inbox("rose", store.InboxQuery{Limit: 2})), []string{"06", "04"})
		brief := b.inbox("rose", store.InboxQuery{Limit: 1, Brief: true})[0]
		b.same("brief", len(brief.Header)+len(brief.Body)+len(brief.Outcome), 0)
		counts, err := b.InboxCounts(b.ctx, "rose")
		b.ok("counts", err)
		b.same("counts", counts, map[string]map[store.InboxState]int{
			elsewhere.Connection: {store.EventReceived: 1}, stored[0].Connection: {store.EventReceived: 2, store.EventDead: 1},
		})
	}},
	{"PageOfEventsIsBounded", func(b *bench) {
		events := make([]store.InboxEvent, store.MaxPage/store.MaxHookBytes+2)
		for n := range events {
			events[n] = event("rose", n)
			events[n].Subject, events[n].Body = "contact", make([]byte, store.MaxHookBytes)
		}
		stored := b.received(events...)
		most := store.MaxPage / store.MaxHookBytes
		b.same("page", len(b.inbox("rose", store.InboxQuery{Limit: 99})), most)
		b.same("without content", len(b.inbox("rose", store.InboxQuery{Limit: 99, Brief: true})), len(events))
		page, err := b.Unfinished(b.ctx, stored[len(stored)-1], 99)
		b.ok("unfinished", err)
		b.same("page of those unfinished", len(page), most)
		large := event("rose", 99)
		large.Body = make([]byte, store.MaxHookBytes+1)
		_, err = b.ReceiveEvents(b.ctx, []store.InboxEvent{event("rose", 98), large})
		b.tooMany("a large event", err)
		_, err = b.InboxEvent(b.ctx, "rose", event("rose", 98).ID)
		b.notFound("what came with it", err)
		large = stored[0]
		large.Outcome = make([]byte, store.MaxHookBytes+1)
		b.tooMany("a large outcome", b.UpdateEvent(b.ctx, large))
		many := stored[0]
		for n := range store.MaxCandidates + 1 {
			many.Candidates = append(many.Candidates, recordID(n+1))
		}
		b.tooMany("too many candidates", b.UpdateEvent(b.ctx, many))
		many.Candidates = many.Candidates[1:]
		b.updated(many)
	}},
	{"UnfinishedEventsOfAnObjectComeInOrder", func(b *bench) {
		var events []store.InboxEvent
		for n := range 6 {
			e := event("rose", n)
			e.Subject, e.Due = "contact", noon.Add(-time.Duration(n)*time.Hour)
			events = append(events, e)
		}
		events[3].Subject = "other"
		events[4].Connection = connection("rose", 2).ID
		stored := b.received(events...)
		stored[1].State = store.EventDone
		b.updated(stored[1])
		unfinished := func(of store.InboxEvent, limit int) []string {
			found, err := b.Unfinished(b.ctx, of, limit)
			b.ok("unfinished", err)
			return idsOf(found)
		}
		b.same("up to the last", unfinished(stored[5], 9), []string{"00", "02", "05"})
		b.same("up to one between", unfinished(stored[2], 9), []string{"00", "02"})
		b.same("two", unfinished(stored[5], 2), []string{"00", "02"})
		b.same("of another object", unfinished(stored[3], 9), []string{"03"})
	}},
	{"DueEventsOfAllSuppliersAreFoundUntilSomebodyClaimsThem", func(b *bench) {
		stored := b.received(event("rose", 3), event("lily", 2), event("rose", 1), event("rose", 4))
		stored[3].State = store.EventWaiting
		b.updated(stored[3])
		b.restart()
		b.same("before", b.due(noon, 9), []string(nil))
		b.same("at the time of one", b.due(stored[2].Due, 9), []string{"rose 01"})
		b.same("later", b.due(noon.Add(time.Minute), 9), []string{"rose 01", "lily 02", "rose 03"})
		b.same("two", b.due(noon.Add(time.Minute), 2), []string{"rose 01", "lily 02"})
		stored[2].Due = noon.Add(time.Hour)
		b.updated(stored[2])
		b.same("after a claim", b.due(noon.Add(time.Minute), 9), []string{"lily 02", "rose 03"})
		b.same("after its time", b.due(noon.Add(time.Hour), 9), []string{"lily 02", "rose 03", "rose 01"})
	}},
	{"ForgottenEventsAreStillKnown", func(b *bench) {
		stored := b.received(event("rose", 1), event("rose", 2), event("rose", 3), event("rose", 4))
		for i := range 3 {
			stored[i].State, stored[i].Outcome, stored[i].Error = store.EventDone, []byte(`{}`), "late"
			stored[i] = b.updated(stored[i])
		}
		forget := func(content, keys time.Time, limit, want int) {
			n, err := b.ForgetEvents(b.ctx, content, keys, limit)
			b.ok("forget", err)
			b.same("forgotten", n, want)
		}
		after := noon.Add(time.Hour)
		forget(stored[1].Received, noon, 9, 1)
		forget(stored[1].Received, noon, 9, 0)
		forget(after, noon, 1, 1)
		forget(after, noon, 9, 1)
		b.restart()
		for i := range 3 {
			got, err := b.InboxEvent(b.ctx, "rose", stored[i].ID)
			b.ok("inbox event", err)
			b.same("content", len(got.Header)+len(got.Body)+len(got.Outcome)+len(got.Error), 0)
			b.same("key", got.External, stored[i].External)
			b.stale("update as it was", b.UpdateEvent(b.ctx, stored[i]))
			got.Body = []byte("new")
			b.updated(got)
			got, err = b.InboxEvent(b.ctx, "rose", stored[i].ID)
			b.ok("inbox event", err)
			b.same("content", len(got.Body), 0)
		}
		unfinished, err := b.InboxEvent(b.ctx, "rose", stored[3].ID)
		b.ok("inbox event", err)
		b.same("what is not done", unfinished, stored[3])
		again := event("rose", 9)
		again.External = stored[0].External
		b.arrive([]store.Arrival{store.EventKnown}, again)
		forget(after, after, 2, 2)
		b.arrive([]store.Arrival{store.EventStored}, again)
		b.same("events", idsOf(b.inbox("rose", store.InboxQuery{Oldest: true, Limit: 9})), []string{"03", "04", "09"})
	}},
}
