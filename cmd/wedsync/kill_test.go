package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// killsOfOneHub is how often one hub is killed before another takes its place:
// what a checker reads grows with each.
const killsOfOneHub = 20

// TestAcknowledgedChangesSurviveKill kills hubs at random moments under load.
// What a client had seen acknowledged by then must be in the hub when it is
// back, before any client has had a chance to bring it again.
func TestAcknowledgedChangesSurviveKill(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	p := startProgress(t, "kills", seed, *soakKills, nil)
	began := time.Now()
	acked := 0
	for left := *soakKills; left > 0 && !t.Failed(); left -= killsOfOneHub {
		t.Run(fmt.Sprintf("from %d", *soakKills-left), func(t *testing.T) {
			acked += killAgainAndAgain(t, random, min(left, killsOfOneHub), p)
		})
	}
	p.finish(time.Since(began), fmt.Sprintf("%d acknowledgements, none lost", acked))
}

// killAgainAndAgain returns how many acknowledgements clients have seen.
func killAgainAndAgain(t *testing.T, random *rand.Rand, kills int, p *progress) (acked int) {
	h := startHub(t)
	node := startNode(t)
	var records []string
	for i := range 3 {
		made := h.api(owner("olga")).create(map[string]any{"name": fmt.Sprintf("Couple %d", i), "wedding_date": "2027-06-12"})
		records = append(records, made.DocumentID)
	}
	clients := openLoaders(h, node, records)
	for round := range kills {
		loadAll(clients, records)
		awaitAcks(clients, 5+random.IntN(60))
		h.kill()
		for _, c := range clients {
			c.do("offline", nil)
			for _, id := range records {
				c.do("stop", args{"id": id})
			}
		}
		h.start()
		checker := node.open(fmt.Sprintf("checker-%d", round), clientOptions{url: h.sync(viewer("eve"))})
		for _, id := range records {
			checker.do("find", args{"id": id})
			checkAcked(checker, id, clients)
		}
		checkQueue(t, h.api(owner("olga")), records)
		checker.do("close", nil)
		for _, c := range clients {
			c.do("online", nil)
		}
		p.done.Add(1)
		if t.Failed() {
			t.Fatalf("after kill %d", round+1)
		}
	}
	for _, id := range records {
		converge(t, h, id, clients...)
	}
	checkQueue(t, h.api(owner("olga")), records)
	for _, c := range clients {
		acked += len(c.events("acked"))
	}
	return acked
}

func openLoaders(h *hubProcess, node *nodeProcess, records []string) []*nodeClient {
	h.t.Helper()
	var clients []*nodeClient
	for _, name := range []string{"ada", "ben", "cid"} {
		c := node.open(name, clientOptions{url: h.sync(member(name))})
		for _, id := range records {
			c.do("find", args{"id": id})
		}
		clients = append(clients, c)
	}
	return clients
}

// loadAll lets every client edit: an ordinary field of two records, and of the
// third a date that needs a decision.
func loadAll(clients []*nodeClient, records []string) {
	for i, c := range clients {
		for k, id := range records {
			a := args{"id": id, "field": "field_" + c.name, "every": 15 + 5*i}
			if k == len(records)-1 {
				a["field"], a["every"], a["dates"] = "wedding_date", 90+20*i, true
			}
			c.do("load", a)
		}
	}
}

// awaitAcks waits until the clients have seen so many more acknowledgements.
func awaitAcks(clients []*nodeClient, more int) {
	p := clients[0].p
	p.t.Helper()
	want := more
	for _, c := range clients {
		want += len(c.events("acked"))
	}
	p.awaitChange(func() bool {
		have := 0
		for _, c := range clients {
			have += len(c.events("acked"))
		}
		return have >= want
	}, fmt.Sprintf("%d acknowledgements in all", want))
}

// checkAcked checks that all heads that any client saw acknowledged are in what
// the hub gave to the checker.
func checkAcked(checker *nodeClient, id string, clients []*nodeClient) {
	checker.p.t.Helper()
	var heads []string
	for _, c := range clients {
		for _, e := range c.events("acked") {
			if e.Doc == id {
				heads = append(heads, e.Heads...)
			}
		}
	}
	slices.Sort(heads)
	heads = slices.Compact(heads)
	if len(heads) == 0 {
		checker.p.t.Errorf("nothing was acknowledged for %s: the run shows nothing", id)
	}
	if checker.do("has", args{"id": id, "heads": heads}).Has {
		return
	}
	for _, head := range heads {
		if !checker.do("has", args{"id": id, "heads": []string{head}}).Has {
			checker.p.t.Errorf("change %s of %s was acknowledged before the kill and is gone", head, id)
		}
	}
}
