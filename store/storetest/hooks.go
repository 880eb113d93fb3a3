package storetest

import (
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// setHooks stores something of everything about webhooks of "rose" and a record that
// it has, and returns all of it.
func (b *bench) setHooks(id crdt.RecordID) store.Hooks {
	b.Helper()
	b.connect(connection("rose", 1), connection("rose", 2))
	b.identify(id, "rose", connection("rose", 1).ID, "contact 1", id)
	b.identify(id, "rose", connection("rose", 2).ID, "contact 1", id)
	stored := b.received(event("rose", 1), event("rose", 2), event("rose", 4), event("rose", 6))
	stored[0].State, stored[0].Record, stored[0].Outcome = store.EventDone, id, []byte(`{"client":"Zoe"}`)
	stored[1].State, stored[1].Error = store.EventDead, "no field Zoe"
	stored[2].State, stored[2].Candidates = store.EventWaiting, []crdt.RecordID{recordID(8), recordID(7)}
	for _, e := range stored[:3] {
		b.updated(e)
	}
	b.opened(endpoint("rose", 1), endpoint("rose", 2))
	b.ok("dispatch", b.Dispatch(b.ctx, "rose", endpoint("rose", 1).ID, 5, 9,
		[]store.Delivery{delivery(7, id), delivery(8, id), delivery(9, crdt.RecordID{})}))
	d := b.claim(noon, 1)[0]
	d.Log = []byte(`[{"body":"Zoe"}]`)
	b.ended(d, store.DeliveryDelivered)
	return b.hooks("rose")
}

// hooks is all that the store holds of a supplier's webhooks.
func (b *bench) hooks(supplier string) store.Hooks {
	b.Helper()
	objects, err := b.Objects(b.ctx, supplier, store.ObjectID{}, 99)
	b.ok("objects", err)
	endpoints, err := b.Endpoints(b.ctx, supplier)
	b.ok("endpoints", err)
	deliveries, err := b.Deliveries(b.ctx, supplier, store.DeliveryQuery{Limit: 99})
	b.ok("deliveries", err)
	return store.Hooks{
		Connections: b.connections(supplier), Objects: objects, Events: b.inbox(supplier, store.InboxQuery{Limit: 99}),
		Endpoints: endpoints, Deliveries: deliveries,
	}
}

var hookCases = []testcase{
	{"RestoredHooksAreTheGivenOnes", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		want := b.setHooks(id)
		to := b.receiving()
		b.ok("restore nothing", to.RestoreHooks(b.ctx, "lily", store.Hooks{}))
		for range 2 {
			b.ok("restore", to.RestoreHooks(b.ctx, "rose", want))
		}
		to.restart()
		b.same("hooks", to.hooks("rose"), want)
		b.same("another's", to.hooks("lily"), store.Hooks{})
		orphan := delivery(1, id)
		orphan.Endpoint = "x"
		b.notFound("restore a delivery to nowhere", to.RestoreHooks(b.ctx, "rose", store.Hooks{Deliveries: []store.Delivery{orphan}}))
	}},
	{"RestoredHooksGoOn", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		all := b.setHooks(id)
		to := b.receiving()
		b.copyTo(to, "rose")
		for i := range all.Deliveries { // newest first, in pages
			b.ok("restore", to.RestoreHooks(b.ctx, "rose", store.Hooks{Endpoints: all.Endpoints, Deliveries: all.Deliveries[i : i+1]}))
		}
		all.Deliveries = nil
		b.ok("restore", to.RestoreHooks(b.ctx, "rose", all))
		known := event("rose", 1)
		known.ID = event("rose", 8).ID
		to.arrive([]store.Arrival{store.EventKnown, store.EventStored}, known, event("rose", 9))
		b.same("events", idsOf(to.inbox("rose", store.InboxQuery{Limit: 2})), []string{"09", "06"})
		b.same("first of each record", numbersOf(to.claim(noon, 9)), []uint64{8, 9})
		b.ok("dispatch", to.Dispatch(b.ctx, "rose", endpoint("rose", 1).ID, 9, 10, []store.Delivery{delivery(10, id)}))
		b.same("newest delivery", numbersOf(to.deliveries(store.DeliveryQuery{Limit: 1})), []uint64{10})
		e := all.Endpoints[1]
		b.ok("change", to.SetEndpoint(b.ctx, e))
		c := all.Connections[0]
		b.ok("change", to.SetConnection(b.ctx, c))
	}},
	{"ErasureLeavesNoContentOfEventsAndDeliveries", func(b *bench) {
		id, other := recordID(1), recordID(2)
		b.must(commit("rose", id, 0), commit("rose", other, 0))
		all := b.setHooks(id)
		spared := event("rose", 8)
		spared.Connection = connection("rose", 2).ID
		b.received(spared)
		b.ok("add", b.AddDeliveries(b.ctx, "rose", endpoint("rose", 1).ID, []store.Delivery{delivery(20, other)}))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 1)))
		b.restart()
		left := b.hooks("rose")
		b.same("objects", len(left.Objects), 0)
		b.same("connections", left.Connections, all.Connections)
		b.same("events", idsOf(left.Events), []string{"08", "06", "04", "02", "01"})
		for _, e := range left.Events {
			// The first is about the record, the second about what was one of its objects.
			gone := e.ID == event("rose", 1).ID || e.ID == event("rose", 2).ID
			b.same("content of event "+e.ID, len(e.Header)+len(e.Body)+len(e.Outcome)+len(e.Error)+len(e.Subject) == 0, gone)
		}
		b.same("deliveries", numbersOf(left.Deliveries), []uint64{20, 9, 7})
		b.same("content of what was sent", len(left.Deliveries[2].Body)+len(left.Deliveries[2].Log), 0)
		b.same("claimed", numbersOf(b.claim(noon, 9)), []uint64{9, 20})
		known := event("rose", 1)
		known.ID = event("rose", 30).ID
		b.arrive([]store.Arrival{store.EventKnown}, known)
	}},
	{"ErasureEndsUnfinishedEventsOfTheRecordsObjects", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.connect(connection("rose", 1))
		e := b.received(event("rose", 2))[0]
		b.identify(id, "rose", e.Connection, e.Subject, id)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 1)))
		b.stale("update as it was", b.UpdateEvent(b.ctx, e))
		b.same("due", len(b.due(noon.Add(time.Hour), 9)), 0)
		got, err := b.InboxEvent(b.ctx, "rose", e.ID)
		b.ok("inbox event", err)
		b.same("state", got.State, store.EventDone)
		b.same("content", len(got.Header)+len(got.Body), 0)
	}},
	{"EventThatWaitsGoesWithItsOnlyCandidate", func(b *bench) {
		id, other := recordID(1), recordID(2)
		b.must(commit("rose", id, 0), commit("rose", other, 0))
		events := []store.InboxEvent{event("rose", 1), event("rose", 2), event("rose", 3), event("rose", 4), event("rose", 5), event("rose", 6)}
		events[2].Subject, events[5].Subject = events[0].Subject, ""
		events[3].Subject = events[0].Subject
		events[3].Connection = connection("rose", 2).ID
		stored := b.received(events...)
		foreign := b.received(event("lily", 1))[0]
		for i := range stored {
			stored[i].State, stored[i].Outcome, stored[i].Error = store.EventWaiting, []byte(`{"name":"Ada"}`), "late"
		}
		stored[0].Candidates = []crdt.RecordID{id}
		stored[1].Candidates = []crdt.RecordID{other}
		stored[4].Candidates, stored[4].Subject = []crdt.RecordID{id}, ""
		foreign.State, foreign.Outcome = store.EventWaiting, []byte(`{}`)
		for i := range stored {
			stored[i] = b.updated(stored[i])
		}
		foreign = b.updated(foreign)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 1)))
		b.restart()
		got := b.inbox("rose", store.InboxQuery{Oldest: true, Limit: 9})
		for i, gone := range []bool{true, false, true, false, true, false} {
			if !gone {
				b.same("event "+got[i].ID, got[i], stored[i])
				continue
			}
			b.same("state", got[i].State, store.EventDone)
			b.same("candidates", len(got[i].Candidates), 0)
			b.same("content", len(got[i].Header)+len(got[i].Body)+len(got[i].Outcome)+len(got[i].Error)+len(got[i].Subject), 0)
			stored[i].Candidates = nil
			b.stale("update as it was", b.UpdateEvent(b.ctx, stored[i]))
		}
		b.same("another supplier's", b.inbox("lily", store.InboxQuery{Limit: 9}), []store.InboxEvent{foreign})
		known := event("rose", 1)
		known.ID = event("rose", 30).ID
		b.arrive([]store.Arrival{store.EventKnown}, known)
	}},
	{"EventThatWaitsLosesOneOfItsCandidatesAndIsReceivedAgain", func(b *bench) {
		ada, ben, eve := recordID(1), recordID(2), recordID(3)
		b.must(commit("rose", ada, 0), commit("rose", ben, 0), commit("lily", recordID(4), 0))
		stored := b.received(event("rose", 1), event("rose", 3))
		e := stored[0]
		e.State, e.Outcome, e.Attempts, e.Due = store.EventWaiting, []byte(`{"name":"Ada"}`), 3, noon.Add(time.Hour)
		e.Candidates = []crdt.RecordID{eve, ada, ben}
		e = b.updated(e)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ada, 1)))
		b.restart()
		want := e
		want.State, want.Outcome, want.Attempts, want.Candidates = store.EventReceived, nil, 0, []crdt.RecordID{eve, ben}
		want.Due, want.Version = erasure("rose", ada, 1).Origin.At, e.Version+1
		got, err := b.InboxEvent(b.ctx, "rose", e.ID)
		b.ok("inbox event", err)
		b.same("event", got, want)
		b.same("due", b.due(want.Due, 1), []string{"rose 01"})
		b.notFound("what was worked out meanwhile", b.UpdateEvent(b.ctx, e))
		for what, c := range map[string]crdt.RecordID{"an erased candidate": ada, "another supplier's": recordID(4)} {
			got.Candidates = []crdt.RecordID{ben, c}
			b.notFound(what, b.UpdateEvent(b.ctx, got))
		}
		got.State, got.Candidates = store.EventWaiting, []crdt.RecordID{ben}
		b.updated(got)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", ben, 1)))
		left, err := b.InboxEvent(b.ctx, "rose", e.ID)
		b.ok("inbox event", err)
		b.same("state", left.State, store.EventDone)
		b.same("content", len(left.Header)+len(left.Body)+len(left.Candidates), 0)
		untouched, err := b.InboxEvent(b.ctx, "rose", stored[1].ID)
		b.ok("inbox event", err)
		b.same("another event", untouched, stored[1])
	}},
	{"DeliveriesTellOfAnErasedRecordItsErasureAlone", func(b *bench) {
		id := recordID(1)
		b.line()
		b.must(commit("rose", id, 0), commit("rose", recordID(2), 0))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 1))) // the third entry
		b.must(commit("lily", recordID(3), 0))
		b.ok("dispatch", b.Dispatch(b.ctx, "rose", endpoint("rose", 1).ID, 6, 7,
			[]store.Delivery{delivery(1, id), delivery(2, recordID(2)), delivery(3, id), delivery(4, recordID(3)), delivery(5, recordID(9))}))
		b.same("deliveries", numbersOf(b.deliveries(store.DeliveryQuery{Limit: 9})), []uint64{3, 2})
	}},
}
