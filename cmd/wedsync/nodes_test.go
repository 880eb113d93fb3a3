package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wedsync/store/postgres/pgtest"
)

const (
	nodeCount    = 3
	nodeDevices  = 30
	nodeRecords  = 6
	faultGrace   = 3 * time.Second // after a fault, for devices to be back and nodes to have caught up
	mostDelivery = time.Second     // from a device of one node to a device of another
)

// TestNodesOnOneDatabaseLoseNothing lets devices move between three hubs on one
// PostgreSQL, while hubs are killed and paused and connections are cut.
func TestNodesOnOneDatabaseLoseNothing(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	w := startCluster(t, rand.New(rand.NewPCG(seed, 0)))
	p := startProgress(t, "nodes", seed, int(soakNodes.Seconds()), nil)
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), *soakNodes)
	defer cancel()
	w.editEverything()
	var probes sync.WaitGroup
	probes.Go(func() { w.probe(ctx) })
	w.disturb(ctx, func() { p.done.Store(int64(time.Since(began).Seconds())) })
	probes.Wait()
	w.settle()
	w.checkProbes()
	p.finish(time.Since(began), w.figures())
}

// A cluster is three hubs on one database, and what uses them.
type cluster struct {
	*testing.T
	random   *rand.Rand
	hubs     []*hubProcess
	balancer *balancer
	records  []string
	devices  []*nodeClient
	readers  map[string][]*nodeClient // by record
	faults   faults
	counts   map[string]int

	near, far  *nodeClient // of two nodes that keep their ways past the balancer
	probed     string      // their record
	deliveries delays
	presences  delays
	missed     atomic.Int64 // probes in fault windows
}

// faults know when something was last wrong.
type faults struct {
	mu    sync.Mutex
	now   int
	ended time.Time
}

func (f *faults) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now++
}

func (f *faults) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now--
	f.ended = time.Now()
}

// clear reports whether nothing was wrong since a time, nor shortly before.
func (f *faults) clear(since time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now == 0 && since.Sub(f.ended) > faultGrace
}

func startCluster(t *testing.T, random *rand.Rand) *cluster {
	t.Helper()
	db, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL says:\n%s", db.Log())
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Run(t.Context(), "postgres", "CREATE DATABASE nodes"); err != nil {
		t.Fatal(err)
	}
	w := &cluster{T: t, random: random, readers: make(map[string][]*nodeClient), counts: make(map[string]int)}
	for range nodeCount {
		w.hubs = append(w.hubs, startRacingHubOn(t, db.Address("nodes")))
	}
	var addresses []string // which hubs keep
	for _, h := range w.hubs {
		addresses = append(addresses, h.address)
	}
	w.balancer = startBalancer(t, rand.New(rand.NewPCG(random.Uint64(), 1)), addresses)
	olga := w.hubs[0].api(owner("olga"))
	for i := range nodeRecords {
		made := olga.create(map[string]any{"name": fmt.Sprintf("Couple %d", i), "wedding_date": "2027-06-12"})
		w.records = append(w.records, made.DocumentID)
	}
	var processes []*nodeProcess
	for range 3 {
		processes = append(processes, startNode(t))
	}
	for i := range nodeDevices {
		name := fmt.Sprintf("device-%d", i)
		url := "ws://" + w.balancer.address() + "/sync?token=" + w.hubs[0].token(member(name))
		c := processes[i%len(processes)].open(name, clientOptions{url: url})
		for k := range 2 {
			id := w.records[(i+k)%nodeRecords]
			c.do("find", args{"id": id})
			w.readers[id] = append(w.readers[id], c)
		}
		w.devices = append(w.devices, c)
	}
	probes := startNode(t)
	w.near = probes.open("near", clientOptions{url: w.hubs[0].sync(member("nell"))})
	w.far = probes.open("far", clientOptions{url: w.hubs[1].sync(member("fred"))})
	w.probed = w.near.create(args{"name": "Probe"})
	w.far.do("find", args{"id": w.probed})
	w.far.do("observe", args{"id": w.probed, "field": "round"})
	return w
}

// editEverything has all devices edit until settle: a field of their own in one
// of their records, and now and then the date of the other.
func (w *cluster) editEverything() {
	for i, c := range w.devices {
		c.do("load", args{"id": w.records[i%nodeRecords], "field": "field_" + c.name, "every": 3000 + 50*i})
		if i%3 == 0 {
			c.do("load", args{"id": w.records[(i+1)%nodeRecords], "field": "wedding_date", "every": 8000 + 200*i, "dates": true})
		}
	}
}

// probe has a device of one node edit and be present, and one of another node
// see it, again and again until ctx ends.
func (w *cluster) probe(ctx context.Context) {
	for round := 0; ctx.Err() == nil; round++ {
		began := time.Now()
		value := fmt.Sprint("round ", round)
		w.near.do("set", args{"id": w.probed, "field": "round", "value": value})
		w.near.do("broadcast", args{"id": w.probed, "message": value})
		shown := w.sees(ctx, "shown", func(e event) bool { return e.Value == value })
		w.noteProbe(&w.deliveries, began, shown)
		if w.faults.clear(began) { // presence is for who is there
			w.noteProbe(&w.presences, began, w.sees(ctx, "ephemeral", func(e event) bool { return e.Message == value }))
		}
	}
}

// sees waits until the far device tells of something, at most until ctx ends.
func (w *cluster) sees(ctx context.Context, kind string, fits func(event) bool) bool {
	for {
		w.far.p.mu.Lock()
		changed := w.far.p.changed
		w.far.p.mu.Unlock()
		if slices.ContainsFunc(w.far.events(kind), fits) {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-time.After(patience): // the probe counts as never seen
			return false
		}
	}
}

func (w *cluster) noteProbe(d *delays, began time.Time, seen bool) {
	switch {
	case !w.faults.clear(began):
		w.missed.Add(1)
	case seen || time.Since(began) > mostDelivery:
		d.note(time.Since(began))
	}
}

// disturb does something bad, and again after a while, until ctx ends.
func (w *cluster) disturb(ctx context.Context, tell func()) {
	wait := func(least, most time.Duration) bool {
		tell()
		select {
		case <-ctx.Done():
			return false
		case <-time.After(least + time.Duration(w.random.Int64N(int64(most-least)))):
			return true
		}
	}
	for wait(4*time.Second, 10*time.Second) {
		h := w.hubs[w.random.IntN(len(w.hubs))]
		w.faults.begin()
		switch what := w.random.IntN(3); what {
		case 0:
			h.kill()
			wait(100*time.Millisecond, 2*time.Second)
			h.start()
			w.counts["killed"]++
		case 1:
			w.must(syscall.Kill(h.cmd.Process.Pid, syscall.SIGSTOP))
			wait(time.Second, 5*time.Second)
			w.must(syscall.Kill(h.cmd.Process.Pid, syscall.SIGCONT))
			w.counts["paused"]++
		case 2:
			w.balancer.cut(0.5)
			w.counts["cut"]++
		}
		w.faults.end()
	}
}

func (w *cluster) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// settle ends the edits and checks that everybody has everything, that nothing
// acknowledged is lost and that each conflict stands once.
func (w *cluster) settle() {
	w.Helper()
	for i, c := range w.devices {
		c.do("stop", args{"id": w.records[i%nodeRecords]})
		if i%3 == 0 {
			c.do("stop", args{"id": w.records[(i+1)%nodeRecords]})
		}
	}
	checker := startNode(w.T).open("checker", clientOptions{url: w.hubs[2].sync(viewer("eve"))})
	for _, id := range w.records {
		readers := w.readers[id]
		converge(w.T, w.hubs[w.random.IntN(nodeCount)], id, readers...)
		checker.do("find", args{"id": id})
		checkAcked(checker, id, readers)
		w.counts["acknowledged"] += len(readers[0].events("acked"))
	}
	olga := w.hubs[1].api(owner("olga"))
	checkQueue(w.T, olga, w.records)
	w.counts["conflicts"], w.counts["proposals"] = checkProposals(w.T, olga)
	if w.counts["conflicts"] == 0 {
		w.Error("nobody's date diverted: the run shows nothing")
	}
}

func (w *cluster) checkProbes() {
	w.Helper()
	for what, d := range map[string]*delays{"an edit": &w.deliveries, "presence": &w.presences} {
		p99, worst := d.slow()
		if d.count() == 0 {
			w.Errorf("%s of one node was never timed at another: the run shows nothing", what)
		}
		if !raceEnabled && p99 > mostDelivery || worst > patience {
			w.Errorf("%s of one node took %s (p99; the slowest %s) to a device of another, outside of faults", what, p99, worst)
		}
	}
}

func (w *cluster) figures() string {
	return fmt.Sprintf("%d hubs killed, %d paused, connections cut %d times; %d conflicts with %d proposals, each once; to another node: %d edits, %s; %d presences, %s; %d in fault windows",
		w.counts["killed"], w.counts["paused"], w.counts["cut"], w.counts["conflicts"], w.counts["proposals"],
		w.deliveries.count(), &w.deliveries, w.presences.count(), &w.presences, w.missed.Load())
}
