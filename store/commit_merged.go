package store

import (
	"fmt"
	"math"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// mergedFault says which rule the commit's merged entries break; empty if none.
func (c *Commit) mergedFault() string {
	ids := make(map[string]bool, len(c.Merged))
	open := make(map[crdt.Path]bool, len(c.Merged))
	for _, m := range c.Merged {
		switch {
		case m.ID == "":
			return "a merged entry has no id"
		case m.Record != c.Record:
			return fmt.Sprintf("merged entry %s is of another record", m.ID)
		case m.Version > math.MaxInt64:
			return fmt.Sprintf("merged entry %s: version %d is too high", m.ID, m.Version)
		case ids[m.ID]:
			return fmt.Sprintf("merged entry %s is there twice", m.ID)
		case m.Status == conflicts.MergedOpen && open[m.Field]:
			return secondMerged(m.Field)
		}
		ids[m.ID] = true
		open[m.Field] = open[m.Field] || m.Status == conflicts.MergedOpen
	}
	return ""
}

// SecondMerged is the error of a commit that would open a second merged entry of
// one field.
func SecondMerged(id crdt.RecordID, field crdt.Path) *CommitError {
	return &CommitError{Record: id, Reason: secondMerged(field)}
}

func secondMerged(field crdt.Path) string {
	return fmt.Sprintf("field %q would have a second open merged entry", field)
}
