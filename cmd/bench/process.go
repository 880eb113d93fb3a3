package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
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
	used := root.used(pid)
	for id, s := range stats {
		if id != pid && descends(stats, id, pid) {
			used += s.used(id)
		}
	}
	return used, nil
}

type stat struct {
	parent     int
	own, ended uint64 // ticks of the process, and of its children that it waited for
}

// used is finer than ticks where the process still runs.
func (s stat) used(pid int) float64 {
	own, err := clock(pid)
	if err != nil {
		own = float64(s.own) / ticksPerSecond
	}
	return own + float64(s.ended)/ticksPerSecond
}

// clock reads the CPU clock of a process, as clock_getcpuclockid(3) names it.
func clock(pid int) (float64, error) {
	const wholeProcess = 2
	id := int32(^pid<<3 | wholeProcess)
	var t syscall.Timespec
	if _, _, e := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, uintptr(id), uintptr(unsafe.Pointer(&t)), 0); e != 0 {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, e)
	}
	return float64(t.Nano()) / 1e9, nil
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
	f := strings.Fields(line[strings.LastIndex(line, ") ")+1:])
	if len(f) < 15 {
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
