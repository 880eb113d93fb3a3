package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A meter measures one phase: wall time, and CPU time of server, generator and
// the rest of the machine.
type meter struct {
	of                  *server
	started             time.Time
	server, bench, busy float64
}

func startMeter(s *server) (*meter, error) {
	m := &meter{of: s, started: time.Now(), busy: busySeconds()}
	var err error
	if m.server, err = s.cpu(); err != nil {
		return nil, err
	}
	m.bench, err = clock(os.Getpid())
	return m, err
}

// A waiting is settle, or rest after a phase that changes nothing.
type waiting func(*server) (cpu float64, err error)

// A usage is what a phase took, in seconds.
type usage struct {
	wall, server, bench float64
	prompt              float64 // the part of server that it used while we waited
	others              float64 // cores that neither server nor generator used
}

// stop ends the phase's wall time. CPU time of the server counts until it has
// come to rest, which ended waits for: saving and projecting late is work too.
func (m *meter) stop(ended waiting) (usage, error) {
	u := usage{wall: time.Since(m.started).Seconds()}
	bench, err := clock(os.Getpid())
	if err != nil {
		return u, err
	}
	now, err := m.of.cpu()
	if err != nil {
		return u, err
	}
	u.bench = bench - m.bench
	u.prompt = now - m.server
	u.others = max(0, (busySeconds()-m.busy-u.bench-u.prompt)/u.wall)
	settled, err := ended(m.of)
	u.server = settled - m.server
	return u, err
}

// bound says whether the generator had no core left while the server had.
func (u usage) bound() string {
	if cores := u.bench / u.wall; cores > 0.85 && u.prompt/u.wall < 0.85 {
		return fmt.Sprintf("the generator was the limit (%.1f cores, the server %.1f): a lower bound", cores, u.prompt/u.wall)
	}
	return ""
}

// busySeconds is the CPU time of the whole machine.
func busySeconds() float64 {
	all, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(all), "\n")
	var ticks uint64
	for i, f := range strings.Fields(line) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err == nil && i != 4 && i != 5 && i < 9 { // idle, waiting, and guests that are counted before
			ticks += n
		}
	}
	return float64(ticks) / ticksPerSecond
}

const (
	restProbe  = 250 * time.Millisecond
	restShare  = 0.015            // of one core: less counts as rest
	restProbes = 3                // in a row, since late work may come bit by bit
	restLimit  = 30 * time.Second // a server that never rests is measured as it is
)

// settle waits until the server has done what it put off, and rests; it returns
// its CPU time so far.
func settle(s *server) (float64, error) {
	time.Sleep(s.lag)
	return rest(s)
}

// rest waits until the server has nothing left to do that it does not put off,
// and returns its CPU time so far.
func rest(s *server) (float64, error) {
	before, err := s.cpu()
	resting := 0
	for deadline := time.Now().Add(restLimit); err == nil && resting < restProbes && time.Now().Before(deadline); {
		time.Sleep(restProbe)
		var now float64
		now, err = s.cpu()
		resting++
		if now-before >= restShare*restProbe.Seconds() {
			resting = 0
		}
		before = now
	}
	return before, err
}
