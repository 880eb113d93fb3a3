package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How a hub shares out memory. Most of the heap is for what is under way: the
// operations of one large change alone take more than the records.
const (
	openRecords = 64 << 20  // bytes of records that are open, by an estimate that is low for small ones
	softHeap    = 176 << 20 // bytes of all that Go holds; near it, garbage is collected sooner
	spareHeap   = 32 << 20  // bytes beyond what lives and its half
	lookEvery   = 5 * time.Second
)

// boundMemory keeps garbage from adding much to what a hub needs, until ctx
// ends, unless GOMEMLIMIT says how. A hub whose devices need more than the soft
// bound gets it: collecting what lives would help nobody.
func boundMemory(ctx context.Context) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		debug.SetMemoryLimit(max(softHeap, needed()))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// needed is what lives, as of the last collection, with room to work.
func needed() int64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	live, stacks := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	return int64(live+live/2+stacks) + spareHeap
}
