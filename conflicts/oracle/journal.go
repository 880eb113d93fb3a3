package oracle

import (
	"time"

	"wedsync/crdt"
)

// A Principal is who a connection acts for.
type Principal struct {
	User, Device string
	Role         string // owner, member, integration, viewer
}

func (p Principal) mayResolve() bool { return p.Role == "owner" }

// A Field is what the policy says of a critical field.
type Field struct {
	Path   crdt.Path
	Kind   string // date, text, money, number, any
	Review string // every_edit, conflicting_edits, locked
}

// A Policy is what a supplier holds critical.
type Policy struct {
	Fields []Field
	Zone   *time.Location
	// ReopenWithin is how long after its decision a conflict may be reopened.
	ReopenWithin time.Duration
}

// A Delivery is one batch of a device.
type Delivery struct {
	From      Principal
	Chunks    [][]byte
	Announced []crdt.Hash
	Policy    Policy
	Now       time.Time
}

// An Edit is one batch of the API.
type Edit struct {
	From    Principal
	Fields  map[crdt.Path]crdt.Value
	IfMatch map[crdt.Path]uint64
	Key     string
	Policy  Policy
	Now     time.Time
}

// A Resolution is a person's decision of a conflict.
type Resolution struct {
	By       Principal
	Field    crdt.Path
	Conflict int // of the field, counted from 0
	Version  uint64
	Action   string // accept, keep, custom
	Proposal int    // of the conflict, counted from 0
	Value    crdt.Value
	Policy   Policy
	Now      time.Time
}

// A Result is what an input led to.
type Result struct {
	Verdicts   []Verdict
	Refused    map[crdt.Hash]string
	Trespassed []crdt.Hash
	Stored     []crdt.Hash // device changes that joined the history
	// Fail is why a command was not carried out: forbidden, stale, unfit,
	// introducing, unknown, reopen.
	Fail string
}

// A Verdict is what became of one edit.
type Verdict struct {
	Field   crdt.Path
	Rule    int
	Outcome string
	Reason  string
	Author  Author
	Change  crdt.Hash // the last of the edit; zero for the API
}
