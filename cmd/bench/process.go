package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const ticksPerSecond = 100 // USER_HZ, the same on every Linux

// cpuSeconds is the CPU time that a process, its children and its children's
// children have used, ended ones included.
func cpuSeconds(pid int) (float64, error) {
	stats, err := readStats()
	if err != nil {
		return 0, err
	}
	root, ok := stats[pid]
	if !ok {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	ticks := root.own + root.ended
	for id, s := range stats {
		if id != pid && descends(stats, id, pid) {
			ticks += s.own + s.ended
		}
	}
	return float64(ticks) / ticksPerSecond, nil
}

type stat struct {
	parent     int
	own, ended uint64 // ticks of the process, and of its children that it waited for
}

func readStats() (map[int]stat, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("CPU time is read from /proc, which only Linux has: %w", err)
	}
	stats := make(map[int]stat)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // ended meanwhile
		}
		if s, ok := parseStat(string(line)); ok {
			stats[pid] = s
		}
	}
	return stats, nil
}

// parseStat reads a line of /proc/PID/stat; the second field, the command, may
// hold anything, so reading begins after its last parenthesis.
func parseStat(line string) (stat, bool) {
	_, rest, ok := strings.Cut(line, ") ")
	if i := strings.LastIndex(line, ") "); i >= 0 {
		rest = line[i+2:]
	}
	f := strings.Fields(rest)
	if !ok || len(f) < 15 {
		return stat{}, false
	}
	parent, err := strconv.Atoi(f[1])
	number := func(i int) uint64 { n, _ := strconv.ParseUint(f[i], 10, 64); return n } // always numbers
	return stat{parent: parent, own: number(11) + number(12), ended: number(13) + number(14)}, err == nil
}

func descends(stats map[int]stat, pid, ancestor int) bool {
	for range 32 {
		s, ok := stats[pid]
		if !ok {
			return false
		}
		if s.parent == ancestor {
			return true
		}
		pid = s.parent
	}
	return false
}

// ownCPU is what the generator itself has used.
func ownCPU() (float64, error) {
	stats, err := readStats()
	return float64(stats[os.Getpid()].own) / ticksPerSecond, err
}

// A meter measures one phase: wall time and CPU time of server and generator.
type meter struct {
	pid           int
	started       time.Time
	server, bench float64
}

func startMeter(pid int) (*meter, error) {
	server, err := cpuSeconds(pid)
	if err != nil {
		return nil, err
	}
	bench, err := ownCPU()
	return &meter{pid: pid, started: time.Now(), server: server, bench: bench}, err
}

// A usage is what a phase took.
type usage struct {
	wall, server, bench float64 // seconds
}

// stop ends the phase's wall time. CPU time of the server counts until it has
// come to rest: saving and projecting late is work too.
func (m *meter) stop() (usage, error) {
	u := usage{wall: time.Since(m.started).Seconds()}
	bench, err := ownCPU()
	if err != nil {
		return u, err
	}
	u.bench = bench - m.bench
	server, err := settle(m.pid)
	u.server = server - m.server
	return u, err
}

const (
	restProbe = 250 * time.Millisecond
	restShare = 0.08             // of one core: less counts as rest
	restLimit = 20 * time.Second // a server that never rests is measured as it is
)

// settle waits until the server rests and returns its CPU time so far.
func settle(pid int) (float64, error) {
	before, err := cpuSeconds(pid)
	for deadline := time.Now().Add(restLimit); err == nil && time.Now().Before(deadline); {
		time.Sleep(restProbe)
		var now float64
		if now, err = cpuSeconds(pid); now-before < restShare*restProbe.Seconds() {
			return now, err
		}
		before = now
	}
	return before, err
}
