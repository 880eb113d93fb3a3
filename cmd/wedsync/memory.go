package main

import (
	"math"
	"runtime/debug"
)

// How a hub shares out memory. Most of the heap is for what is under way: the
// operations of one large change alone take more than the records.
const (
	openRecords = 96 << 20  // bytes of records that are open
	softHeap    = 176 << 20 // bytes of all that Go holds; near it, garbage is collected sooner
)

// boundMemory keeps garbage from adding to what a hub needs, unless GOMEMLIMIT
// says how.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(softHeap)
	}
}
