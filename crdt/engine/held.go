package engine

import (
	"fmt"
	"sync"
	"time"

	"wedsync/crdt"
)

// held are the records that lately cost a worker without one change being to
// blame: those that took too long. Each time in a row they wait twice as long,
// so that one record cannot keep the workers from all others.
type held struct {
	mu      sync.Mutex
	records map[crdt.RecordID]hold
}

type hold struct {
	times int // in a row
	until time.Time
}

const (
	// maxHeld bounds the set. The record that may be tried soonest makes room.
	maxHeld  = 1024
	longHold = time.Hour // no hold is longer
)

// check returns ErrHeld if the record must not be tried yet.
func (h *held) check(id crdt.RecordID, now time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := h.records[id].until; now.Before(until) {
		return fmt.Errorf("%w until %s", ErrHeld, until.UTC().Format(time.RFC3339))
	}
	return nil
}

// hold holds the record back, at first for the time that it cost, and returns
// until when.
func (h *held) hold(id crdt.RecordID, now time.Time, cost time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.records == nil {
		h.records = make(map[crdt.RecordID]hold)
	}
	entry, ok := h.records[id]
	if !ok && len(h.records) == maxHeld {
		h.makeRoom()
	}
	pause := min(longHold, cost<<min(entry.times, 12))
	h.records[id] = hold{times: entry.times + 1, until: now.Add(pause)}
	return h.records[id].until
}

func (h *held) makeRoom() {
	var soonest crdt.RecordID
	first := true
	for id, entry := range h.records {
		if first || entry.until.Before(h.records[soonest].until) {
			soonest, first = id, false
		}
	}
	delete(h.records, soonest)
}

// release forgets the record: it is well.
func (h *held) release(id crdt.RecordID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.records, id)
}
