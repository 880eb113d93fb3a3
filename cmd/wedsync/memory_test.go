package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A footprint is what a hub and the workers of its engine hold resident, in bytes.
type footprint struct{ hub, workers int }

func (f footprint) total() int { return f.hub + f.workers }

func (f footprint) String() string {
	return fmt.Sprintf("%d MB (workers %d)", f.total()>>20, f.workers>>20)
}

func (h *hubProcess) footprint() footprint {
	h.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		h.t.Fatalf("memory is read from /proc, which only Linux has: %v", err)
	}
	var f footprint
	hub := h.cmd.Process.Pid
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		status, err := os.ReadFile("/proc/" + e.Name() + "/status")
		switch {
		case err != nil: // ended meanwhile
		case pid == hub:
			f.hub = statusOf(status, "VmRSS") << 10
		case statusOf(status, "PPid") == hub:
			f.workers += statusOf(status, "VmRSS") << 10
		}
	}
	return f
}

// statusOf reads a number from /proc/PID/status.
func statusOf(status []byte, name string) int {
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.Fields(text)[0]) // always a number
			return n
		}
	}
	return 0
}

// How much a hub under attack may take beyond what it takes at rest, and how
// much of that it may keep when the attack is over, within what time.
const (
	mostAbove = 200 << 20
	keptAbove = mostAbove / 2     // records stay open
	downIn    = 150 * time.Second // the collector runs every two minutes at least
)

// A memoryMeter watches the footprint of a hub from when it is made.
type memoryMeter struct {
	h    *hubProcess
	idle footprint
	stop func() // before another process of the hub is started

	mu   sync.Mutex
	most footprint
}

// watchMemory measures until the meter is stopped or ctx ends.
func watchMemory(ctx context.Context, h *hubProcess) *memoryMeter {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	m := &memoryMeter{h: h, idle: h.footprint(), stop: func() { cancel(); <-stopped }}
	m.most = m.idle
	go func() { // ends with ctx
		defer close(stopped)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.note(h.footprint())
			}
		}
	}()
	return m
}

func (m *memoryMeter) note(f footprint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.total() > m.most.total() {
		m.most = f
	}
}

func (m *memoryMeter) peak() footprint {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// check checks the bounds. The race detector makes everything larger and gives
// nothing back, so that under it the figures are only told.
func (m *memoryMeter) check(t testing.TB) string {
	t.Helper()
	most, began := m.peak(), time.Now()
	if raceEnabled {
		return fmt.Sprintf("memory idle %s, at most %s", m.idle, most)
	}
	if over := most.total() - m.idle.total(); over > mostAbove {
		t.Errorf("the hub took %d MB more than at rest, at most %d may be", over>>20, mostAbove>>20)
	}
	after := m.awaitDown()
	if over := after.total() - m.idle.total(); over > keptAbove {
		t.Errorf("the hub still holds %d MB more than at rest %s after the attack", over>>20, time.Since(began).Round(time.Second))
	}
	return fmt.Sprintf("memory idle %s, at most %s, %s after %.0f s", m.idle, most, after, time.Since(began).Seconds())
}

// awaitDown waits until the hub has given back what it took, or should have.
func (m *memoryMeter) awaitDown() footprint {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	late := time.After(downIn)
	for {
		f := m.h.footprint()
		if f.total()-m.idle.total() <= keptAbove {
			return f
		}
		select {
		case <-tick.C:
		case <-late:
			return f
		}
	}
}
