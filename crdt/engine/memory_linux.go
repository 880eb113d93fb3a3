package engine

import (
	"fmt"
	"os"
	"syscall"
)

// limitMemory lets this process take limit bytes beyond what it has. It bounds
// private writable memory (RLIMIT_DATA), not address space: the Go runtime
// reserves more than a gigabyte of that without using it, and the race detector
// terabytes. There is no core file: it would hold what clients wrote.
func limitMemory(limit int64) error {
	_, data := memoryUse()
	if data == 0 {
		return fmt.Errorf("read /proc/self/statm")
	}
	most := uint64(data + limit)
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		return err
	}
	return syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}

// memoryUse is what this process holds resident, and what counts against its
// limit; zeros if the system does not say.
func memoryUse() (rss, data int64) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	var size, shared, text, lib int64
	if _, err := fmt.Sscan(string(b), &size, &rss, &shared, &text, &lib, &data); err != nil {
		return 0, 0
	}
	page := int64(os.Getpagesize())
	return rss * page, data * page
}
