package conflicts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"wedsync/crdt"
)

// A Rebuilding does all batches of a record's journal again, to find out which
// rows the store should hold. Its word counts only if it arrives at the very
// changes, decisions and ledger that are stored: another version of the hub may
// have judged otherwise.
type Rebuilding struct {
	id       crdt.RecordID
	env      *Env
	record   *Record
	rows     map[string]Conflict
	merged   map[string]Merged
	receipts map[string]Receipt
	err      error // why its word does not count
}

// NewRebuilding begins with nothing.
func NewRebuilding(id crdt.RecordID, env *Env) *Rebuilding {
	return &Rebuilding{
		id: id, env: env, rows: make(map[string]Conflict), merged: make(map[string]Merged), receipts: make(map[string]Receipt),
	}
}

// Add does the next batch again, and holds what it leads to against what the
// journal says that it led to.
func (b *Rebuilding) Add(p Journaled, log []LogEntry) {
	if b.err != nil {
		return
	}
	if b.record == nil {
		b.record = New(b.id, b.env, p.Policy)
	}
	out, err := b.record.Replay(p, func(id string) (Conflict, bool) {
		row, ok := b.rows[id]
		return row, ok
	})
	switch {
	case err != nil:
		b.err = err
		return
	case out.Err != nil:
		b.err = out.Err
		return
	case (out.Hub != nil) != p.Hub || !slices.EqualFunc(out.Stored, p.Chunks, func(c *crdt.Change, chunk []byte) bool { return bytes.Equal(c.Raw, chunk) }):
		b.err = errors.New("a batch leads to other changes")
		return
	case !slices.EqualFunc(out.Log, log, func(x, y LogEntry) bool { return x.Hash(b.id) == y.Hash(b.id) }):
		b.err = errors.New("a batch leads to other decisions")
		return
	}
	for _, row := range out.Conflicts {
		b.rows[row.ID] = row
	}
	for _, m := range out.Merged {
		b.merged[m.ID] = m
	}
	for _, r := range out.Receipts {
		b.receipts[r.ID] = r
	}
}

// Rows are the rows that a record should have in the store.
type Rows struct {
	Conflicts []Conflict // ascending by id, as are the others
	Merged    []Merged
	Receipts  []Receipt
}

// Empty reports whether there are none.
func (r *Rows) Empty() bool {
	return len(r.Conflicts) == 0 && len(r.Merged) == 0 && len(r.Receipts) == 0
}

// Finish is what the batches led to, or why that does not count for a record
// with a ledger as it is stored.
func (b *Rebuilding) Finish(stored []byte) (*Rows, error) {
	if b.err != nil {
		return nil, b.err
	}
	l, err := parseLedger(stored)
	if err != nil {
		return nil, err
	}
	kept, err := l.encode()
	if err != nil {
		return nil, err
	}
	if b.record == nil || !bytes.Equal(kept, b.record.Ledger()) {
		return nil, errors.New("the journal leads to another ledger")
	}
	return &Rows{
		Conflicts: inOrder(b.rows), Merged: inOrder(b.merged), Receipts: inOrder(b.receipts),
	}, nil
}

// LedgerRows are the rows that a stored ledger knows of: those that are open.
func LedgerRows(stored []byte) (*Rows, error) {
	l, err := parseLedger(stored)
	if err != nil {
		return nil, err
	}
	open := new(Rows)
	for _, path := range l.paths() {
		if c := l.Fields[path].Pending; c != nil {
			open.Conflicts = append(open.Conflicts, c.row())
		}
	}
	for _, path := range slices.Sorted(maps.Keys(l.Merged)) {
		open.Merged = append(open.Merged, l.Merged[path].row())
	}
	return open, nil
}

// A Drift is a row that the store has otherwise than it should, or lacks.
type Drift struct {
	ID   string
	What string
}

// Drifted are the rows that the store has otherwise than it should, or lacks, and
// a word on each. What is in doubt counts as one that it has otherwise.
func (r *Rows) Drifted(stored *Rows, doubt map[string]bool) (drifted *Rows, drifts []Drift) {
	drifted = new(Rows)
	drifted.Conflicts, drifts = drift("conflict", r.Conflicts, stored.Conflicts, doubt, drifts)
	drifted.Merged, drifts = drift("merged entry", r.Merged, stored.Merged, doubt, drifts)
	drifted.Receipts, drifts = drift("receipt", r.Receipts, stored.Receipts, doubt, drifts)
	return drifted, drifts
}

// drift compares rows of one kind.
func drift[T identified](kind string, want, stored []T, doubt map[string]bool, drifts []Drift) ([]T, []Drift) {
	have := make(map[string][]byte, len(stored))
	for _, row := range stored {
		have[row.id()] = asStored(row)
	}
	var drifted []T
	for _, row := range want {
		id := row.id()
		switch kept, there := have[id]; {
		case !there:
			drifts = append(drifts, Drift{id, fmt.Sprintf("%s %s is missing", kind, id)})
		case doubt[id] || !bytes.Equal(kept, asStored(row)):
			drifts = append(drifts, Drift{id, fmt.Sprintf("%s %s is stored otherwise than the journal leads to", kind, id)})
		default:
			continue
		}
		drifted = append(drifted, row)
	}
	return drifted, drifts
}

// An identified row has an id.
type identified interface{ id() string }

func (c Conflict) id() string { return c.ID }
func (m Merged) id() string   { return m.ID }
func (r Receipt) id() string  { return r.ID }

// asStored is a row as it is stored.
func asStored(row any) []byte {
	b, err := json.Marshal(row)
	if err != nil {
		panic(fmt.Sprintf("conflicts: row: %v", err)) // it holds nothing that JSON cannot
	}
	return b
}

// inOrder are rows in ascending order of id.
func inOrder[T any](rows map[string]T) []T {
	var ordered []T
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		ordered = append(ordered, rows[id])
	}
	return ordered
}
