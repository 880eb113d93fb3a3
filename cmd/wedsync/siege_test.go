package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// A siege is a hub that is attacked while a well-behaved pair edits.
type siege struct {
	*testing.T
	seed     uint64
	hub      *hubProcess
	node     *nodeProcess
	pair     *pair
	memory   *memoryMeter
	progress *progress
	began    time.Time
	answers  delays             // how long attackers waited
	holding  []func()           // end what stays open until the siege is lifted
	url      string             // of the attackers
	floods   int                // so many have begun
	before   map[string]float64 // what metrics were when the last began
}

const (
	changesRefused = "wedsync_changes_refused_total"
	changesStored  = "wedsync_changes_stored_total"
)

// besiege starts a hub and the pair and measures what the hub takes at rest.
func besiege(t *testing.T, part string, seed uint64, total int) *siege {
	t.Helper()
	s := &siege{T: t, seed: seed, hub: startRacingHub(t), node: startNode(t), before: make(map[string]float64)}
	s.url = s.hub.sync(member("mallory"))
	s.pair = startPair(t, s.hub, s.node)
	s.memory = watchMemory(t.Context(), s.hub)
	s.began = time.Now()
	s.progress = startProgress(t, part, seed, total, func() string {
		p99, _ := s.pair.times.slow()
		return fmt.Sprintf("pair p99 %s, memory %s", p99.Round(time.Millisecond), s.hub.footprint())
	})
	return s
}

// lift ends the siege and checks that nobody was harmed: the hub is the process
// that was started, it answered in time, the pair edited all the while, and
// memory is bounded and comes back.
func (s *siege) lift() {
	s.Helper()
	took := time.Since(s.began)
	s.pair.await(10)
	for _, end := range s.holding {
		end()
	}
	if !s.hub.alive() {
		s.Fatal("the hub has died")
	}
	if p99, worst := s.answers.slow(); p99 > hang() {
		s.Errorf("one in a hundred attackers waited for %s or longer, at most %s, and so did everybody on that record", p99, worst)
	}
	pair := s.pair.check() // what comes after the attack does not count
	memory := s.memory.check(s)
	s.memory.stop()
	s.progress.finish(took, pair, "answers: "+s.answers.String(), memory)
}

// attacker makes one of many attackers, with chance of its own.
func (s *siege) attacker(k int) *attacker {
	name := fmt.Sprintf("mallory-%d", 10_000*max(0, s.floods-1)+k)
	return &attacker{
		url: s.url, name: name, number: k,
		rand: rand.New(rand.NewPCG(s.seed+uint64(max(0, s.floods-1)), uint64(k))),
	}
}

// throw lets four attackers throw n inputs between them.
func (s *siege) throw(n int, input func(a *attacker, i int) []byte) {
	s.Helper()
	var next atomic.Int64
	g, ctx := errgroup.WithContext(s.Context())
	for k := range 4 {
		a := s.attacker(k)
		s.Cleanup(a.close) // not before: what waits from a connection that ended is dropped
		g.Go(func() error {
			for i := int(next.Add(1)); i <= n && ctx.Err() == nil; i = int(next.Add(1)) {
				took, err := a.throw(input(a, i-1))
				if err != nil {
					return fmt.Errorf("%s: %w", a.name, err)
				}
				s.answers.note(took)
				s.progress.done.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		s.Error(err)
	}
}

// watchEngine asks for records again and again, so that whatever was taken is
// given to the engine. It does so until ctx ends.
func (h *hubProcess) watchEngine(ctx context.Context, token string, targets []target) error {
	client := http.Client{Timeout: patience}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		req, err := http.NewRequest(http.MethodGet, "http://"+h.address+"/api/clients/"+targets[i%len(targets)].id, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode >= 500 {
			return fmt.Errorf("GET of an attacked record: %s", resp.Status)
		}
	}
}

// metric is the sum of all the hub's metrics whose lines begin so.
func (h *hubProcess) metric(name string) float64 {
	h.t.Helper()
	resp, err := http.Get("http://" + h.address + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := 0.0
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, name) {
			f := strings.Fields(line)
			n, _ := strconv.ParseFloat(f[len(f)-1], 64) // always a number
			sum += n
		}
	}
	return sum
}

// wantMetric waits until an attack, or a flood alone, got as far as it is meant to.
func (s *siege) wantMetric(name string, least int) {
	s.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		got := s.hub.metric(name) - s.before[name]
		if got >= float64(least) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			s.Fatalf("%s is %v, want %d at least: the run shows nothing", name, got, least)
		}
	}
}
