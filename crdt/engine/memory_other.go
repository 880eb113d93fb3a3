//go:build !linux

package engine

// limitMemory does nothing: this system enforces no limit on mapped memory.
func limitMemory(int64) error { return nil }

// memoryUse is unknown here.
func memoryUse() (rss, data int64) { return 0, 0 }
