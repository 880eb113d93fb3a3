package store

import (
	"fmt"
	"math"

	"wedsync/conflicts"
	"wedsync/crdt"
)

// CheckCommits finds what a store refuses without looking at what it holds. Its
// error is a *CommitError.
func CheckCommits(commits []Commit) error {
	seen := make(map[crdt.RecordID]bool, len(commits))
	for i := range commits {
		c := &commits[i]
		reason := c.fault()
		if seen[c.Record] {
			reason = "is the second of its record in one batch"
		}
		if reason != "" {
			return &CommitError{Record: c.Record, Reason: reason}
		}
		seen[c.Record] = true
	}
	return nil
}

// fault says which rule the commit breaks by itself; empty if none.
func (c *Commit) fault() string {
	switch {
	case c.Record == crdt.RecordID{}:
		return "the zero id names no record"
	case c.Supplier == "":
		return "has no supplier"
	case c.State < Introducing || c.State > Deleted && c.State != Directory:
		return fmt.Sprintf("state %d is unknown", c.State)
	case c.Version >= math.MaxInt64:
		return fmt.Sprintf("version %d is too high", c.Version)
	case c.size() > MaxCommit:
		return fmt.Sprintf("has %d bytes, at most %d can be stored", c.size(), MaxCommit)
	}
	for _, r := range c.Receipts {
		switch {
		case r.ID == "" || r.User == "":
			return "a receipt has no id or no user"
		case r.Record != c.Record:
			return fmt.Sprintf("receipt %s is of another record", r.ID)
		}
	}
	if fault := c.mergedFault(); fault != "" {
		return fault
	}
	return c.conflictFault()
}

func (c *Commit) conflictFault() string {
	ids := make(map[string]bool, len(c.Conflicts))
	pending := make(map[crdt.Path]bool, len(c.Conflicts))
	for _, k := range c.Conflicts {
		switch {
		case k.ID == "":
			return "a conflict has no id"
		case k.Record != c.Record:
			return fmt.Sprintf("conflict %s is of another record", k.ID)
		case k.Version > math.MaxInt64:
			return fmt.Sprintf("conflict %s: version %d is too high", k.ID, k.Version)
		case ids[k.ID]:
			return fmt.Sprintf("conflict %s is there twice", k.ID)
		case k.Status == conflicts.Pending && pending[k.Field]:
			return secondPending(k.Field)
		}
		ids[k.ID] = true
		pending[k.Field] = pending[k.Field] || k.Status == conflicts.Pending
	}
	return ""
}

func (c *Commit) size() int {
	n := len(c.Ledger)
	for _, b := range c.Batches {
		for _, chunk := range b.Chunks {
			n += len(chunk)
		}
	}
	if c.Answer != nil {
		n += len(c.Answer.Body)
	}
	return n
}

// SecondPending is the error of a commit that would open a second pending
// conflict of one field.
func SecondPending(id crdt.RecordID, field crdt.Path) *CommitError {
	return &CommitError{Record: id, Reason: secondPending(field)}
}

func secondPending(field crdt.Path) string {
	return fmt.Sprintf("field %q would have a second pending conflict", field)
}
