package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/crdt"
	"wedsync/store"
)

func endpoint(supplier string, n int) store.Endpoint {
	return store.Endpoint{
		Supplier: supplier, ID: fmt.Sprintf("%s-%03d", supplier, n), Cursor: 5, Settings: []byte{0, 255, byte(n)}, Created: noon, Changed: noon,
	}
}

// open stores endpoints, which must succeed, and returns them as stored.
func (b *bench) opened(all ...store.Endpoint) []store.Endpoint {
	b.Helper()
	for i := range all {
		b.ok("set endpoint", b.SetEndpoint(b.ctx, all[i]))
		all[i].Version++
	}
	return all
}

func (b *bench) endpoint(supplier, id string) store.Endpoint {
	b.Helper()
	e, err := b.Endpoint(b.ctx, supplier, id)
	b.ok("endpoint", err)
	return e
}

// delivery makes the n-th delivery to the first endpoint of "rose".
func delivery(n int, record crdt.RecordID) store.Delivery {
	return store.Delivery{
		Supplier: "rose", Endpoint: endpoint("rose", 1).ID, ID: fmt.Sprintf("%d.\\", n), Number: uint64(n), Record: record, Type: "client.changed",
		Body: []byte{0, 255, byte(n)}, State: store.DeliveryPending, Due: noon, Created: noon,
	}
}

// line opens the first endpoint of "rose", stores the records and dispatches the
// deliveries.
func (b *bench) line(deliveries ...store.Delivery) {
	b.Helper()
	b.opened(endpoint("rose", 1))
	made := make(map[crdt.RecordID]bool)
	for _, d := range deliveries {
		if !made[d.Record] && d.Record != (crdt.RecordID{}) {
			made[d.Record] = true
			b.must(commit("rose", d.Record, 0))
		}
	}
	b.ok("dispatch", b.Dispatch(b.ctx, "rose", endpoint("rose", 1).ID, 5, 6, deliveries))
}

func (b *bench) deliveries(q store.DeliveryQuery) []store.Delivery {
	b.Helper()
	found, err := b.Deliveries(b.ctx, "rose", q)
	b.ok("deliveries", err)
	return found
}

func (b *bench) claim(now time.Time, limit int) []store.Delivery {
	b.Helper()
	claimed, err := b.ClaimDeliveries(b.ctx, "rose", endpoint("rose", 1).ID, now, now.Add(time.Minute), limit)
	b.ok("claim", err)
	return claimed
}

// told stores how a delivery went.
func (b *bench) ended(d store.Delivery, state store.DeliveryState) {
	b.Helper()
	d.State = state
	b.ok("update delivery", b.UpdateDelivery(b.ctx, d))
}

func numbersOf(deliveries []store.Delivery) (numbers []uint64) {
	for _, d := range deliveries {
		numbers = append(numbers, d.Number)
	}
	return numbers
}

var outboxCases = []testcase{
	{"EndpointsSurviveARestartAndAreNobodyElses", func(b *bench) {
		want := b.opened(endpoint("rose", 2), endpoint("rose", 1), endpoint("lily", 3))
		b.restart()
		found, err := b.Endpoints(b.ctx, "rose")
		b.ok("endpoints", err)
		b.same("endpoints", found, []store.Endpoint{want[1], want[0]})
		all, err := b.AllEndpoints(b.ctx, store.Endpoint{}, 2)
		b.ok("all endpoints", err)
		b.same("first page", all, []store.Endpoint{want[2], want[1]})
		all, err = b.AllEndpoints(b.ctx, all[1], 2)
		b.ok("all endpoints", err)
		b.same("next page", all, want[:1])
		_, err = b.Endpoint(b.ctx, "lily", want[0].ID)
		b.notFound("another's", err)
	}},
	{"EndpointIsChangedByWhoHasReadItAndKeepsItsCursor", func(b *bench) {
		e := b.opened(endpoint("rose", 1))[0]
		b.ok("dispatch", b.Dispatch(b.ctx, "rose", e.ID, 5, 8, nil))
		e.Settings, e.Changed, e.Cursor = []byte("new"), noon.Add(time.Hour), 1
		b.ok("change", b.SetEndpoint(b.ctx, e))
		b.stale("change again", b.SetEndpoint(b.ctx, e))
		b.stale("make it anew", b.SetEndpoint(b.ctx, endpoint("rose", 1)))
		foreign := e
		foreign.Supplier, foreign.Version = "lily", 2
		b.stale("change another's", b.SetEndpoint(b.ctx, foreign))
		e.Version, e.Cursor = 2, 8
		b.same("endpoint", b.endpoint("rose", e.ID), e)
	}},
	{"EndpointsAreBounded", func(b *bench) {
		for n := range store.MaxEndpoints {
			b.opened(endpoint("rose", n))
		}
		b.tooMany("one more", b.SetEndpoint(b.ctx, endpoint("rose", store.MaxEndpoints)))
		b.opened(endpoint("lily", 1))
		large := endpoint("lily", 2)
		large.Settings = make([]byte, store.MaxHookBytes+1)
		b.tooMany("large settings", b.SetEndpoint(b.ctx, large))
	}},
	{"DeletedEndpointIsGoneWithItsDeliveries", func(b *bench) {
		b.line(delivery(1, recordID(1)), delivery(2, recordID(1)))
		id := endpoint("rose", 1).ID
		b.notFound("delete another's", b.DeleteEndpoint(b.ctx, "lily", id))
		b.ok("delete", b.DeleteEndpoint(b.ctx, "rose", id))
		b.notFound("delete again", b.DeleteEndpoint(b.ctx, "rose", id))
		b.restart()
		b.same("deliveries", len(b.deliveries(store.DeliveryQuery{Limit: 9})), 0)
		b.notFound("dispatch", b.Dispatch(b.ctx, "rose", id, 6, 7, nil))
		b.notFound("add", b.AddDeliveries(b.ctx, "rose", id, nil))
		b.same("claimed", len(b.claim(noon, 9)), 0)
	}},
	{"DispatchMovesTheCursorAndStoresTheDeliveriesOrNeither", func(b *bench) {
		b.line(delivery(1, recordID(1)))
		id := endpoint("rose", 1).ID
		more := []store.Delivery{delivery(1, recordID(1)), delivery(2, recordID(1)), delivery(3, crdt.RecordID{})}
		b.stale("dispatch from elsewhere", b.Dispatch(b.ctx, "rose", id, 5, 7, more))
		large := delivery(4, recordID(1))
		large.Body = make([]byte, store.MaxHookBytes+1)
		b.tooMany("dispatch what is large", b.Dispatch(b.ctx, "rose", id, 6, 7, []store.Delivery{more[1], large}))
		b.notFound("dispatch another's", b.Dispatch(b.ctx, "lily", id, 6, 7, more))
		b.same("cursor", b.endpoint("rose", id).Cursor, uint64(6))
		b.same("deliveries", numbersOf(b.deliveries(store.DeliveryQuery{Limit: 9})), []uint64{1})
		b.ok("dispatch", b.Dispatch(b.ctx, "rose", id, 6, 9, more))
		b.restart()
		b.same("cursor", b.endpoint("rose", id).Cursor, uint64(9))
		got := b.deliveries(store.DeliveryQuery{Limit: 9})
		b.same("deliveries", numbersOf(got), []uint64{3, 2, 1})
		want := more[1]
		want.Version, want.Seq = 1, got[1].Seq
		b.same("delivery", got[1], want)
		one, err := b.Delivery(b.ctx, "rose", id, want.ID)
		b.ok("delivery", err)
		b.same("delivery", one, want)
		_, err = b.Delivery(b.ctx, "lily", id, want.ID)
		b.notFound("another's", err)
	}},
	{"OfAllWhoDispatchTheSameEntriesAtOnceOneDoes", func(b *bench) {
		b.line()
		b.must(commit("rose", recordID(1), 0))
		const rounds = 5
		for round := range uint64(rounds) {
			var won atomic.Int32
			var g errgroup.Group
			for n := range 4 {
				g.Go(func() error {
					d := delivery(int(round)*10+n, recordID(1))
					err := b.Dispatch(b.ctx, "rose", d.Endpoint, 6+round, 7+round, []store.Delivery{d})
					if err == nil {
						won.Add(1)
					}
					if errors.Is(err, store.ErrStale) {
						return nil
					}
					return err
				})
			}
			b.ok("dispatch", g.Wait())
			b.same("winners", won.Load(), int32(1))
		}
		b.same("deliveries", len(b.deliveries(store.DeliveryQuery{Limit: 99})), rounds)
	}},
	{"DeliveriesOfARecordGoOneAfterTheOther", func(b *bench) {
		one, other := recordID(1), recordID(2)
		b.line(delivery(1, one), delivery(2, one), delivery(3, other), delivery(4, one), delivery(5, crdt.RecordID{}), delivery(6, crdt.RecordID{}))
		first := b.claim(noon, 9)
		b.same("first of each", numbersOf(first), []uint64{1, 3, 5, 6})
		b.same("nothing is claimed twice", len(b.claim(noon.Add(59*time.Second), 9)), 0)
		b.ended(first[0], store.DeliveryDelivered)
		second := b.claim(noon, 9)
		b.same("the next one", numbersOf(second), []uint64{2})
		second[0].Due = noon.Add(time.Hour) // to be tried again
		b.ended(second[0], store.DeliveryPending)
		b.same("after a failure", numbersOf(b.claim(noon.Add(30*time.Minute), 9)), []uint64{3, 5, 6}) // as nobody told how these went
		second = b.claim(noon.Add(time.Hour), 1)
		b.same("when it is due", numbersOf(second), []uint64{3})
		b.restart()
		second = b.claim(noon.Add(2*time.Hour), 9)
		b.same("all that are due, those longest first", numbersOf(second), []uint64{5, 6, 2, 3})
		b.ended(second[2], store.DeliveryFailed)
		b.same("after one that failed", numbersOf(b.claim(noon.Add(2*time.Hour), 9)), []uint64{4})
	}},
	{"DeliveryThatIsSentAgainGoesFirst", func(b *bench) {
		one := recordID(1)
		b.line(delivery(1, one), delivery(2, one))
		failed := b.claim(noon, 9)[0]
		b.ended(failed, store.DeliveryFailed)
		failed.Version++
		b.ended(failed, store.DeliveryPending)
		failed.Version++
		failed.Due = noon
		b.ended(failed, store.DeliveryPending)
		got := b.claim(noon, 9)
		b.same("claimed", numbersOf(got), []uint64{1})
		b.ended(got[0], store.DeliveryDelivered)
		b.same("then", numbersOf(b.claim(noon, 9)), []uint64{2})
	}},
	{"ClaimIsOfWhatTheDeliveryIsThen", func(b *bench) {
		b.line(delivery(1, recordID(1)))
		got := b.claim(noon, 9)
		want := delivery(1, recordID(1))
		want.Version, want.Due, want.Seq = 2, noon.Add(time.Minute), got[0].Seq
		b.same("claimed", got, []store.Delivery{want})
		b.same("stored", b.deliveries(store.DeliveryQuery{Limit: 9}), got)
	}},
	{"DeliveryIsUpdatedByWhoHasReadIt", func(b *bench) {
		b.line(delivery(1, recordID(1)))
		d := b.claim(noon, 9)[0]
		late := b.claim(noon.Add(time.Hour), 9)[0]
		d.Attempts, d.Due, d.Log = 3, noon.Add(time.Hour), []byte(`[{"status":500}]`)
		b.stale("update after another's claim", b.UpdateDelivery(b.ctx, d))
		d.Version = late.Version
		changed := d
		changed.Number, changed.Type, changed.Body, changed.Created = 9, "x", nil, noon.Add(time.Hour)
		b.ended(changed, store.DeliveryFailed)
		d.State, d.Version = store.DeliveryFailed, d.Version+1
		b.restart()
		b.same("delivery", b.deliveries(store.DeliveryQuery{Limit: 9}), []store.Delivery{d})
		gone := d
		gone.ID = "x"
		b.notFound("update what is not there", b.UpdateDelivery(b.ctx, gone))
		d.Log = make([]byte, store.MaxHookBytes+1)
		b.tooMany("a large log", b.UpdateDelivery(b.ctx, d))
	}},
	{"NobodyClaimsWhatAnotherHasAndOnlyFirstsOfTheirRecord", rivalClaims},
	{"DeliveriesAreFoundByWhatIsAsked", func(b *bench) {
		one, other := recordID(1), recordID(2)
		b.line(delivery(1, one), delivery(2, other), delivery(3, one))
		second := b.opened(endpoint("rose", 2))[0]
		d := delivery(4, one)
		d.Endpoint = second.ID
		b.ok("add", b.AddDeliveries(b.ctx, "rose", second.ID, []store.Delivery{d, d}))
		got := b.claim(noon, 9)
		b.ended(got[0], store.DeliveryDelivered)
		b.ended(got[1], store.DeliveryFailed)
		all := b.deliveries(store.DeliveryQuery{Limit: 9})
		b.same("all", numbersOf(all), []uint64{4, 3, 2, 1})
		for what, c := range map[string]struct {
			q    store.DeliveryQuery
			want []uint64
		}{
			"next page":      {store.DeliveryQuery{Before: all[1].Seq, Limit: 9}, []uint64{2, 1}},
			"page":           {store.DeliveryQuery{Limit: 2}, []uint64{4, 3}},
			"of an endpoint": {store.DeliveryQuery{Endpoint: d.Endpoint, Limit: 9}, []uint64{4}},
			"delivered":      {store.DeliveryQuery{State: store.DeliveryDelivered, Limit: 9}, []uint64{1}},
			"failed":         {store.DeliveryQuery{State: store.DeliveryFailed, Limit: 9}, []uint64{2}},
			"pending":        {store.DeliveryQuery{State: store.DeliveryPending, Limit: 9}, []uint64{4, 3}},
			"of a record":    {store.DeliveryQuery{Record: one, Limit: 9}, []uint64{4, 3, 1}},
			"all that can be asked": {store.DeliveryQuery{
				Endpoint: delivery(1, one).Endpoint, State: store.DeliveryPending, Record: one, Before: 1 << 40, Limit: 9, Brief: true,
			}, []uint64{3}},
		} {
			b.same(what, numbersOf(b.deliveries(c.q)), c.want)
		}
		b.same("brief", len(b.deliveries(store.DeliveryQuery{Limit: 1, Brief: true})[0].Body), 0)
		counts, err := b.DeliveryCounts(b.ctx, "rose")
		b.ok("counts", err)
		b.same("counts", counts, map[string]map[store.DeliveryState]int{
			endpoint("rose", 1).ID: {store.DeliveryPending: 1, store.DeliveryFailed: 1}, second.ID: {store.DeliveryPending: 1},
		})
	}},
	{"NextDueIsWhenAClaimFindsOne", func(b *bench) {
		late, early := delivery(1, recordID(1)), delivery(2, recordID(1))
		late.Due = noon.Add(time.Hour)
		b.line(late, early)
		next := func() (time.Time, error) { return b.NextDue(b.ctx, "rose", late.Endpoint) }
		due, err := next()
		b.ok("next due", err)
		b.same("due", due, late.Due)
		b.ended(b.claim(due, 9)[0], store.DeliveryDelivered)
		due, err = next()
		b.ok("next due", err)
		b.same("due", due, noon)
		b.ended(b.claim(due, 9)[0], store.DeliveryDelivered)
		_, err = next()
		b.notFound("next due of nothing", err)
	}},
	{"ForgottenDeliveriesAreNotThoseThatWait", func(b *bench) {
		b.line(delivery(1, recordID(1)), delivery(2, recordID(1)), delivery(3, recordID(1)))
		b.ended(b.claim(noon, 9)[0], store.DeliveryDelivered)
		b.ended(b.claim(noon, 9)[0], store.DeliveryFailed)
		for _, c := range []struct {
			before      time.Time
			limit, want int
		}{{noon, 9, 0}, {noon.Add(time.Second), 1, 1}, {noon.Add(time.Second), 9, 1}, {noon.Add(time.Hour), 9, 0}} {
			n, err := b.ForgetDeliveries(b.ctx, c.before, c.limit)
			b.ok("forget", err)
			b.same("forgotten", n, c.want)
		}
		b.same("deliveries", numbersOf(b.deliveries(store.DeliveryQuery{Limit: 9})), []uint64{3})
	}},
}

// rivalClaims lets several claim the deliveries of few records at once, and holds
// that each is claimed once and in its order.
func rivalClaims(b *bench) {
	const records, each, rivals = 5, 8, 4
	var all []store.Delivery
	for n := range records * each {
		all = append(all, delivery(n+1, recordID(1+n%records)))
	}
	b.line(all...)
	var mu sync.Mutex
	var sent []store.Delivery
	var g errgroup.Group
	for range rivals {
		g.Go(func() error {
			for {
				claimed, err := b.ClaimDeliveries(b.ctx, "rose", all[0].Endpoint, noon, noon.Add(time.Hour), 2)
				if err != nil {
					return err
				}
				for _, d := range claimed {
					mu.Lock()
					sent = append(sent, d)
					mu.Unlock()
					d.State = store.DeliveryDelivered
					if err := b.UpdateDelivery(b.ctx, d); err != nil {
						return err
					}
				}
				mu.Lock()
				over := len(sent) >= len(all)
				mu.Unlock()
				if over {
					return nil
				}
			}
		})
	}
	b.ok("send", g.Wait())
	b.same("sent", len(sent), len(all))
	last := make(map[crdt.RecordID]uint64)
	for _, d := range sent {
		if d.Number <= last[d.Record] {
			b.Errorf("delivery %d of record %s was claimed after %d", d.Number, d.Record, last[d.Record])
		}
		last[d.Record] = d.Number
	}
}
