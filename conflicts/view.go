package conflicts

import (
	"time"

	"wedsync/crdt"
)

// A LedgerView is what lists and reads take from a stored ledger.
type LedgerView struct {
	Listed bool
	// Accepted has an entry for every critical field, at revision 0 if it was never set.
	Accepted map[crdt.Path]AcceptedValue
	Pending  map[crdt.Path]string // the id of the field's pending conflict
	Open     []Proposal           // those of pending conflicts that wait for a decision, in no order
	Merged   map[crdt.Path]string // the id of an ordinary field's open merged entry
	Revision uint64               // how many decisions the record has seen: the sum of all revisions
	Recovery *Recovery            // nil if nothing has to be known of one
}

// A Recovery says that the hub had lost part of the record, its own decisions
// among it, and takes it back from devices.
type Recovery struct {
	// From is who brings the record back while not all of that is there; until
	// then nothing of it is judged or sent. It is empty once it was judged.
	From Author
	// At is when it was judged, zero before. It is told until every field that
	// was taken over has been decided anew.
	At time.Time
}

// An AcceptedValue is the value of a critical field that counts.
type AcceptedValue struct {
	// Value is canonical if it fits the field's kind, else as it was written;
	// Missing if the field is cleared or was never set.
	Value     crdt.Value
	Written   crdt.Value // as it was written
	Revision  uint64     // 0 if it was never set
	DecidedBy Author
	DecidedAt time.Time
	Cause     Cause
}

// A Cause says what made a value count.
type Cause string

// The causes.
const (
	CauseEdit       Cause = "edit"       // accepted by the rules
	CauseResolution Cause = "resolution" // a person decided a conflict
	CauseCreated    Cause = "created"    // shown when the record was first judged
	CauseRecovered  Cause = "recovered"  // the last decision of a hub that lost its store
)

// ReadLedger reads a stored ledger without opening its record.
func ReadLedger(b []byte) (*LedgerView, error) {
	l, err := parseLedger(b)
	if err != nil {
		return nil, err
	}
	return l.view(), nil
}

func (l *ledger) view() *LedgerView {
	v := &LedgerView{
		Listed:   l.Listed,
		Accepted: make(map[crdt.Path]AcceptedValue, len(l.Fields)),
		Pending:  make(map[crdt.Path]string),
		Merged:   make(map[crdt.Path]string, len(l.Merged)),
	}
	for path, m := range l.Merged {
		v.Merged[path] = m.ID
	}
	for path, f := range l.Fields {
		v.Revision += f.revision()
		if f.Pending != nil {
			v.Pending[path] = f.Pending.ID
			v.Open = append(v.Open, f.Pending.open()...)
		}
		if f.Critical {
			v.Accepted[path] = f.acceptedValue()
		}
	}
	v.Recovery = l.recovery()
	return v
}

func (l *ledger) recovery() *Recovery {
	if a := l.Awaiting; a != nil && a.Lost {
		return &Recovery{From: Author{User: a.User, Device: a.Device}}
	}
	var r *Recovery
	for _, f := range l.Fields {
		a := f.acceptedValue()
		if !f.Critical || a.Cause != CauseRecovered {
			continue
		}
		if r == nil || a.DecidedAt.After(r.At) {
			r = &Recovery{At: a.DecidedAt}
		}
	}
	return r
}

func (f *field) acceptedValue() AcceptedValue {
	if f.revision() == 0 {
		return AcceptedValue{}
	}
	r := f.Revisions[f.revision()-1]
	return AcceptedValue{
		Value: f.Shown, Written: r.Value, Revision: f.revision(),
		DecidedBy: r.Author, DecidedAt: r.At, Cause: r.Cause,
	}
}
