package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"wedsync/store/sqlite"
)

// How busy the stream is.
const (
	editRate      = 200 // edits a second
	editors       = 20
	leastRecords  = 30 // and half as many as there are listeners
	soakUsers     = 8
	namedRecords  = 6 // that a listener hears of
	slowListeners = 5
	closer        = "closer" // edits every record once, last
)

// TestEveryListenerHearsEveryEventInOrder: listeners that are disconnected at
// random and go on from where they were, over WebSocket and server-sent events,
// hear each event of their records in order, none is missing, and what comes twice
// comes after a break. Who is too slow is told so.
func TestEveryListenerHearsEveryEventInOrder(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	w := &activitySoak{t: t, hub: startRacingHub(t), seed: seed}
	w.begin(rand.New(rand.NewPCG(seed, 0)))
	meter := watchMemory(t.Context(), w.hub)
	began := time.Now()
	p := startProgress(t, "activity", seed, int(editRate*soakActivity.Seconds()), func() string {
		return fmt.Sprintf("%d listeners, %.0f events sent", *soakListeners, w.hub.metric("wedsync_activity_sent_total"))
	})
	w.run(p)
	took := time.Since(began)
	sent, resets := w.hub.metric("wedsync_activity_sent_total"), w.hub.metric("wedsync_activity_resets_total")
	meter.stop()
	memory := meter.peak()
	if over := memory.total() - meter.idle.total(); over > mostAbove && !raceEnabled {
		t.Errorf("the hub took %d MB more than at rest, at most %d may be", over>>20, mostAbove>>20)
	}
	w.hub.stop()
	heard, breaks, again := w.check()
	if breaks == 0 {
		t.Error("nobody was ever disconnected: the run shows nothing")
	}
	p.finish(took,
		fmt.Sprintf("%d listeners and %d slow ones, %d breaks, %d resets of slow ones", *soakListeners, slowListeners, breaks, w.slowResets()),
		fmt.Sprintf("%d events heard, %d of them again after a break, none missing", heard, again),
		fmt.Sprintf("%.0f events sent, %.0f resets in all", sent, resets),
		fmt.Sprintf("memory idle %s, at most %s", meter.idle, memory))
}

// An activitySoak is a hub, those who edit and those who listen.
type activitySoak struct {
	t         *testing.T
	hub       *hubProcess
	seed      uint64
	records   []string // client ids
	users     []*api
	closer    *api
	viewer    string // a token
	listeners []*soakListener
	slow      []*soakListener
}

func (w *activitySoak) begin(random *rand.Rand) {
	for n := range soakUsers {
		w.users = append(w.users, w.hub.api(owner(fmt.Sprintf("user-%d", n))))
	}
	w.closer = w.hub.api(owner(closer))
	w.viewer = w.hub.token(who{"barn", "eve", "viewer", ""}) // a device may not have as many sockets
	w.records = make([]string, max(leastRecords, *soakListeners/2))
	w.each(func(n int) {
		var made item
		w.closer.do("POST", "/api/clients", map[string]any{"fields": map[string]any{"name": fmt.Sprintf("Couple %d", n), "budget": n}}, &made)
		w.records[n] = made.ClientID
	})
	if slices.Contains(w.records, "") {
		w.t.Fatal("not all records were made")
	}
	for n := range *soakListeners {
		l := w.listener(random.Uint64(), n%2 == 0)
		for _, i := range random.Perm(len(w.records))[:namedRecords] {
			l.clients = append(l.clients, w.records[i])
		}
		w.listeners = append(w.listeners, l)
	}
	for range slowListeners {
		w.slow = append(w.slow, w.listener(random.Uint64(), false))
	}
}

// run has all listen, edits for a while, and returns once all have heard the end.
func (w *activitySoak) run(p *progress) {
	ctx, cancel := context.WithTimeout(w.t.Context(), *soakActivity+5*patience)
	defer cancel()
	var listening, slow sync.WaitGroup
	begun := make(chan struct{}, len(w.listeners))
	for _, l := range w.listeners {
		listening.Go(func() {
			started := sync.OnceFunc(func() { begun <- struct{}{} })
			defer started()
			l.listen(ctx, started)
		})
	}
	for range w.listeners {
		select {
		case <-begun:
		case <-ctx.Done():
			w.t.Fatal("not all listeners were let in")
		}
	}
	slowly, stop := context.WithCancel(ctx)
	for _, l := range w.slow {
		slow.Go(func() { l.dawdle(slowly) })
	}
	w.edit(p)
	w.each(func(n int) {
		w.closer.do("PATCH", "/api/clients/"+w.records[n], map[string]any{"fields": map[string]any{"notes": "the end"}}, nil)
	})
	listening.Wait()
	stop()
	slow.Wait()
	for _, l := range w.listeners {
		if l.failed != nil {
			w.t.Errorf("a listener ended: %v", l.failed)
		}
	}
}

// each does something for each record, several at a time.
func (w *activitySoak) each(do func(n int)) {
	var doing sync.WaitGroup
	for first := range editors {
		doing.Go(func() {
			for n := first; n < len(w.records); n += editors {
				do(n)
			}
		})
	}
	doing.Wait()
}

// edit edits records at random at a rate, for as long as the run is to last.
func (w *activitySoak) edit(p *progress) {
	var editing sync.WaitGroup
	until := time.Now().Add(*soakActivity)
	for n := range editors {
		editing.Go(func() {
			random := rand.New(rand.NewPCG(w.seed, uint64(n)+1))
			tick := time.NewTicker(time.Second * editors / editRate)
			defer tick.Stop()
			for i := 0; time.Now().Before(until) && !w.t.Failed(); i++ {
				<-tick.C
				fields := map[string]any{"notes": fmt.Sprintf("%d of %d", i, n)}
				if i%4 == 0 {
					fields["budget"] = random.IntN(100_000)
				}
				path := "/api/clients/" + w.records[random.IntN(len(w.records))]
				if status := w.users[random.IntN(len(w.users))].do("PATCH", path, map[string]any{"fields": fields}, nil); status != 200 {
					w.t.Errorf("an edit was answered with %d", status)
				}
				p.done.Add(1)
			}
		})
	}
	editing.Wait()
}

func (w *activitySoak) slowResets() (n int) {
	for _, l := range w.slow {
		n += l.resets
	}
	return n
}

// check holds what was heard against the journal of the stopped hub.
func (w *activitySoak) check() (heard, breaks, again int) {
	journal := w.journal()
	for n, l := range w.listeners {
		breaks += l.connection - 1
		for _, id := range slices.Sorted(maps.Keys(l.heard)) {
			if !slices.Contains(l.clients, id) {
				w.t.Errorf("listener %d heard of %s, which it did not name", n, id)
			}
		}
		if l.resets > 0 {
			w.t.Errorf("listener %d was reset %d times", n, l.resets)
		}
		for _, id := range l.clients {
			twice, err := covers(l.heard[id], journal[id], l.from)
			if err != nil {
				w.t.Errorf("listener %d, client %s: %v", n, id, err)
			}
			heard += len(l.heard[id])
			again += twice
		}
	}
	return heard, breaks, again
}

// A soakEntry is a number of the journal, and who changed a record in it.
type soakEntry struct {
	number  uint64
	authors []string // one for each edit
}

// journal is what was changed, by client.
func (w *activitySoak) journal() map[string][]soakEntry {
	s, err := sqlite.Open(w.t.Context(), w.hub.data)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	changed := make(map[string][]soakEntry)
	for after := uint64(0); ; {
		entries, err := s.Happenings(w.t.Context(), "barn", after, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(entries) == 0 {
			return changed
		}
		for _, e := range entries {
			after = e.Number
			entry := soakEntry{number: e.Number}
			for _, b := range e.Batches {
				if len(b.Origin.Changed) > 0 {
					entry.authors = append(entry.authors, b.Origin.From.User)
				}
			}
			if id := e.Record.ClientID(); len(entry.authors) > 0 {
				changed[id] = append(changed[id], entry)
			}
		}
	}
}

// covers checks that what was heard of one record tells of all entries above a
// number, in order, and counts what came again after a break.
func covers(heard []soakEvent, entries []soakEntry, above uint64) (again int, err error) {
	within := func(first, last uint64) (found []soakEntry) {
		for _, e := range entries {
			if e.number >= first && e.number <= last && e.number > above {
				found = append(found, e)
			}
		}
		return found
	}
	known, connection, last, ids := above, 0, uint64(0), map[string]bool{}
	for _, e := range heard {
		if e.connection != connection {
			connection, last, ids = e.connection, 0, map[string]bool{}
		}
		if e.first < last || e.first == last && ids[e.id] {
			return again, fmt.Errorf("%d to %d came again in connection %d, after %d", e.first, e.last, connection, last)
		}
		last, ids[e.id] = e.last, true
		told, single := within(e.first, e.last), true
		for _, entry := range told {
			single = single && len(entry.authors) == 1
		}
		if single && e.first > above && len(told) != e.commits {
			return again, fmt.Errorf("%d to %d is told as %d edits, there are %d", e.first, e.last, e.commits, len(told))
		}
		if missing := within(known+1, e.first-1); len(missing) > 0 {
			return again, fmt.Errorf("%v are missing before %d to %d", missing, e.first, e.last)
		}
		if e.last <= known {
			again++
		}
		known = max(known, e.last)
	}
	if missing := within(known+1, math.MaxUint64); len(missing) > 0 {
		return again, fmt.Errorf("%v are missing at the end", missing)
	}
	return again, shared(heard, within(above+1, math.MaxUint64))
}

// shared checks that each author is told of who changed a record in one entry
// with others.
func shared(heard []soakEvent, entries []soakEntry) error {
	for _, entry := range entries {
		told := make(map[string]bool)
		for _, e := range heard {
			if e.first <= entry.number && entry.number <= e.last {
				told[e.id] = true
			}
		}
		if authors := slices.Compact(slices.Sorted(slices.Values(entry.authors))); len(told) < len(authors) {
			return fmt.Errorf("entry %d has edits of %v, told are %d", entry.number, authors, len(told))
		}
	}
	return nil
}
