package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memoryOf is what a process, its children and its children's children hold,
// in bytes; pages that several share count once.
func memoryOf(pid int) (float64, error) {
	stats, err := readStats()
	if err != nil {
		return 0, err
	}
	total, err := proportionalSet(pid)
	for id := range stats {
		if id != pid && descends(stats, id, pid) {
			own, ended := proportionalSet(id)
			if ended == nil {
				total += own
			}
		}
	}
	return total, err
}

func proportionalSet(pid int) (float64, error) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	_, rest, found := strings.Cut(string(rollup), "\nPss:")
	if f := strings.Fields(rest); found && len(f) > 0 {
		kilobytes, err := strconv.ParseFloat(f[0], 64)
		return kilobytes * 1024, err
	}
	return 0, errors.New("smaps_rollup has no line Pss")
}

// mostMemoryOf is the most that a process has held so far, in bytes.
func mostMemoryOf(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	_, rest, found := strings.Cut(string(status), "\nVmHWM:")
	if f := strings.Fields(rest); found && len(f) > 0 {
		kilobytes, err := strconv.ParseFloat(f[0], 64)
		return kilobytes * 1024, err
	}
	return 0, errors.New("status has no line VmHWM")
}

const (
	memoryProbe = 500 * time.Millisecond
	memoryLag   = 24 * time.Second // for all servers: the hub closes records that rest, and gives memory back, within 23 s
)

// settledMemory waits until the server's memory stays what it is: servers give
// memory back late, and some never.
func settledMemory(s *server) (float64, error) {
	time.Sleep(memoryLag)
	if _, err := rest(s); err != nil {
		return 0, err
	}
	before, err := memoryOf(s.pid())
	for deadline := time.Now().Add(restLimit); err == nil && time.Now().Before(deadline); {
		time.Sleep(memoryProbe)
		var now float64
		if now, err = memoryOf(s.pid()); now > before*0.99 {
			return now, err
		}
		before = now
	}
	return before, err
}
