package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// repeaters send the same event at once.
const repeaters = 50

// TestSameEventFromManySendersToManyNodesHasOneEffect has three hubs on one
// database told the same event again and again, by many senders at once: first of
// a client that nobody knows, with a budget that a person has to decide about,
// then of what has changed.
func TestSameEventFromManySendersToManyNodesHasOneEffect(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	_, address := startDatabase(t)
	var hubs []*hubProcess
	for range nodeCount {
		hubs = append(hubs, startRacingHubOn(t, address))
	}
	crm := connectCRM(hubs[0])
	p := startProgress(t, "webhooks", seed, 2*repeaters**soakWebhooks, nil)
	began := time.Now()
	var events []hookEvent
	for n, notes := range []string{"met in May", "met in May, and in June"} {
		body := crm.event(fmt.Sprintf("event-%d", n), map[string]any{"name": "Ada", "email": "ada@example.com", "budget": 12500, "notes": notes})
		var senders sync.WaitGroup
		for s := range repeaters {
			random := rand.New(rand.NewPCG(seed, uint64(s)))
			senders.Go(func() {
				for range *soakWebhooks {
					crm.deliver(hubs[random.IntN(nodeCount)], body)
					p.done.Add(1)
				}
			})
		}
		senders.Wait()
		events = awaitEvents(hubs[n%nodeCount])
	}
	if len(events) != 2 || events[0].State != "done" || events[1].State != "done" || events[0].Client != events[1].Client {
		t.Fatalf("events %+v", events)
	}
	for _, h := range hubs {
		checkOnlyClient(h, events[0].Client)
		checkEffect(h, events[0].Client, "met in May, and in June", 2)
	}
	p.finish(time.Since(began), fmt.Sprintf("%d senders, %d hubs, 2 events, each with one effect", repeaters, nodeCount))
}
