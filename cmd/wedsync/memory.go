package main

import (
	"context"
	"math"
	"runtime"
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
	lookEvery   = time.Second
	closedAfter = 12 // looks of rest after which records that nobody uses are closed
	smallHeap   = 16 << 20
	restGrowth  = 20       // percent of garbage in a small heap at rest, where collecting costs little and fragments count
	growth      = 100      // percent of garbage in a heap that works, or
	busyGarbage = 64 << 20 // bytes of it, if that is more: collecting a small heap often costs more than it saves
	leastLive   = 8 << 20  // bytes that the runtime takes for living, however little does
	quietBytes  = 1 << 20  // a hub that allocates less between two looks rests
	restEvery   = 4        // looks between two times that a hub at rest gives memory back
	worthBytes  = 1 << 20  // garbage and free memory that are worth it, or an eighth of what lives
)

// boundMemory keeps garbage from adding much to what a hub needs, and gives
// memory back to the system when the hub rests, until ctx ends, unless
// GOMEMLIMIT says how. A hub whose devices need more than the soft bound gets
// it: collecting what lives would help nobody.
func boundMemory(ctx context.Context) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	before := look()
	rested := 0 // looks in a row
	percent := growth
	for {
		now := look()
		debug.SetMemoryLimit(max(softHeap, min(before.needed(), now.needed()))) // what lives for a moment needs no room
		rested++
		if now.allocated-before.allocated >= quietBytes {
			rested = 0
		}
		if want := now.growth(rested > 0); want != percent {
			debug.SetGCPercent(want)
			percent = want
		}
		if (rested%restEvery == 1 && now.worth()) || rested == closedAfter {
			runtime.GC() // what pools hold survives one collection, not two
			debug.FreeOSMemory()
		}
		before = now
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// A memoryLook is what the runtime says of its memory, in bytes.
type memoryLook struct {
	allocated uint64 // by the process so far
	live      uint64 // as of the last collection
	stacks    uint64
	held      uint64 // of the heap: in use, or free and not given back
}

func look() memoryLook {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return memoryLook{
		allocated: s[0].Value.Uint64(), live: s[1].Value.Uint64(), stacks: s[2].Value.Uint64(),
		held: s[3].Value.Uint64() + s[4].Value.Uint64() + s[5].Value.Uint64(),
	}
}

// needed is what lives, with room to work.
func (m memoryLook) needed() int64 { return int64(m.live+m.live/2+m.stacks) + spareHeap }

// growth is how much garbage may gather before it is collected, in percent of
// what lives. The memory limit holds in any case.
func (m memoryLook) growth(rests bool) int {
	if rests && m.live < smallHeap {
		return restGrowth
	}
	return max(growth, int(2*busyGarbage/max(m.live, leastLive))*50) // in steps: a change of it stops the hub for a moment
}

// worth reports whether the heap holds so much beyond what lives that collecting
// pays. What little a hub at rest does, like pings, comes to that sooner or later.
func (m memoryLook) worth() bool {
	return int64(m.held)-int64(m.live) > max(worthBytes, int64(m.live/8))
}
