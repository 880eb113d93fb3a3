package engine

import (
	"slices"
	"sync"

	"wedsync/crdt"
)

// A Quarantined names a change that is not fed to the engine.
type Quarantined struct {
	Record crdt.RecordID
	Change crdt.Hash
}

// maxQuarantined bounds the quarantine. The oldest entry makes room for a new
// one; if it is met again it is found again.
const maxQuarantined = 1024

// quarantine is the set of changes that the engine cannot take.
type quarantine struct {
	mu      sync.Mutex
	entries []Quarantined // oldest first
}

// add reports whether the entry is new.
func (q *quarantine) add(entry Quarantined) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if slices.Contains(q.entries, entry) {
		return false
	}
	if len(q.entries) == maxQuarantined {
		q.entries = slices.Delete(q.entries, 0, 1)
	}
	q.entries = append(q.entries, entry)
	return true
}

// of is what is in quarantine of one record, nil if nothing is.
func (q *quarantine) of(id crdt.RecordID) map[crdt.Hash]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	var bad map[crdt.Hash]bool
	for _, entry := range q.entries {
		if entry.Record != id {
			continue
		}
		if bad == nil {
			bad = make(map[crdt.Hash]bool)
		}
		bad[entry.Change] = true
	}
	return bad
}

func (q *quarantine) list() []Quarantined {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.entries)
}
