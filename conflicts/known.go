package conflicts

import (
	"fmt"
	"slices"
	"time"

	"wedsync/crdt"
)

// A StepsError says that a record has not seen as many decisions as its reader claims.
type StepsError struct{ Claimed, Seen uint64 }

func (e *StepsError) Error() string {
	return fmt.Sprintf("the record has seen %d decisions, not %d", e.Seen, e.Claimed)
}

// KnownAt is the revision of each critical field when the record of a stored
// ledger had seen that many decisions, as [LedgerView.Revision] counts them.
// Decisions that one moment made are known together or not at all.
func KnownAt(b []byte, decisions uint64) (map[crdt.Path]uint64, error) {
	l, err := parseLedger(b)
	if err != nil {
		return nil, err
	}
	made := l.decisions()
	if decisions > uint64(len(made)) {
		return nil, &StepsError{Claimed: decisions, Seen: uint64(len(made))}
	}
	known := make(map[crdt.Path]uint64)
	for _, path := range l.critical() {
		known[path] = 0
	}
	for _, d := range made[:decisions] {
		if decisions < uint64(len(made)) && !d.at.Before(made[decisions].at) {
			break // made at the same moment as one that the reader did not know
		}
		if _, critical := known[d.path]; critical {
			known[d.path]++
		}
	}
	return known, nil
}

type decided struct {
	path crdt.Path
	at   time.Time
}

// decisions are all decisions in the order in which they were made.
func (l *ledger) decisions() []decided {
	var all []decided
	for _, path := range l.paths() {
		var last time.Time
		for _, r := range l.Fields[path].Revisions {
			if r.At.After(last) {
				last = r.At // a clock that was set back orders nothing
			}
			all = append(all, decided{path, last})
		}
	}
	slices.SortStableFunc(all, func(a, b decided) int { return a.at.Compare(b.at) })
	return all
}
