package conflicts

import (
	"time"

	"wedsync/crdt"
)

// A Delivery is what one connection brought for one record: one batch.
type Delivery struct {
	From      Principal
	Changes   []*crdt.Change // decoded, in any order, Ops present
	Announced []crdt.Hash    // the heads that the connection's device announced
	Policy    *Policy
	Now       time.Time // the hub's clock
}

// An Edit is a set of fields that the API writes: one batch.
type Edit struct {
	From   Principal                `json:"-"`
	Fields map[crdt.Path]crdt.Value `json:"fields"` // Missing or Null clears
	// IfMatch names the revision of each critical field that the caller knew;
	// nil means informed of all.
	IfMatch map[crdt.Path]uint64 `json:"if_match,omitempty"`
	Key     string               `json:"key,omitempty"` // idempotency key, empty for none
	Policy  *Policy              `json:"-"`
	Now     time.Time            `json:"-"`
}

// An Action is how a person decides a conflict.
type Action string

// The actions.
const (
	Accept Action = "accept" // a proposal
	Keep   Action = "keep"   // the current value
	Custom Action = "custom" // another value
	// Recover is no person's action: the decision was found in the history
	// after the store was lost.
	Recover Action = "recover"
	// Withdraw takes a proposal of somebody else back; it decides no conflict.
	Withdraw Action = "withdraw"
)

// A Resolution is a person's decision of one conflict.
type Resolution struct {
	By       Principal  `json:"-"`
	Conflict string     `json:"conflict"`
	Version  uint64     `json:"version"`
	Action   Action     `json:"action"`
	Proposal string     `json:"proposal,omitempty"` // of Accept
	Value    crdt.Value `json:"value,omitzero"`     // of Custom; must fit the field's kind
	Note     string     `json:"note,omitempty"`
	Policy   *Policy    `json:"-"`
	Now      time.Time  `json:"-"`
}

// An Outcome is what a batch led to. It is true only once it is stored: on an
// error of the store the Record must be forgotten and loaded again.
type Outcome struct {
	// Stored are the changes that are new to the history, each after its
	// dependencies, a hub change last.
	Stored []*crdt.Change
	// Hub is the hub change among them, nil if none was due.
	Hub *crdt.Change
	// Conflicts are the rows of sync_conflicts that the batch opened or moved.
	Conflicts []Conflict
	// Merged are the entries about ordinary fields that it opened or moved.
	Merged   []Merged
	Verdicts []Verdict
	Log      []LogEntry // of the decision log, to be kept with the batch
	// Carried are the changes among Stored that waited for others and came over
	// another connection than the one that brought the batch.
	Carried []Carriage
	// Receipts tell authors what was decided about their proposals.
	Receipts []Receipt
	Refused  []Refusal
	// Reminded are the pending conflicts that people are reminded of.
	Reminded []string
	// Input is to be kept in the journal with the batch, nil for nothing.
	Input *Input
	// Trespassed are changes of devices that wrote into sync_conflicts, which
	// is the hub's; the hub change undoes it. To be reported.
	Trespassed []crdt.Hash
	// Typed says that a device's edit reached a critical field inside a text
	// object that stood there before, as typing does.
	Typed bool
	// Repeated are the fields in which a device's edit set again what it had set
	// before and a hub change had replaced since; one entry for each such edit.
	Repeated []crdt.Path
	// Chosen is the ordinary field about whose merged entry a person decided, empty
	// if none. It is kept, though it may store no change.
	Chosen crdt.Path
	// Changed are the root keys that the batch's author wrote, or into whose values
	// something of his came, ascending; of a record that the batch created, all
	// that it has. At most MaxChanged are named, and ChangedMore if there are more.
	Changed []string
	// Steps are how far the batch brought the record beside that, nil for nothing.
	Steps *Steps
	// Activity is what an app posted, nil for nothing.
	Activity *Activity
	// LedgerChanged says that Record.Ledger must be stored again.
	LedgerChanged bool
	// Err says that the hub change that is due could not be made, or the values of
	// a merged entry not be read, which only a broken history can cause. Nothing of
	// the batch may be stored then, and the Record must be forgotten.
	Err error
}

// Empty reports whether there is nothing to store.
func (o *Outcome) Empty() bool {
	return len(o.Stored) == 0 && len(o.Conflicts) == 0 && len(o.Merged) == 0 && !o.LedgerChanged && o.Activity == nil
}

// A Verdict is what became of one edit of one critical field.
type Verdict struct {
	Field    crdt.Path `json:"field"`
	Outcome  string    `json:"outcome"` // accepted, diverted, rejected, no_change
	Reason   string    `json:"reason,omitempty"`
	Rule     int       `json:"rule"` // the rule of Decide that matched, 0 for a first upload
	Conflict string    `json:"conflict_id,omitempty"`
	Proposal string    `json:"proposal_id,omitempty"`
	Author   Author    `json:"author"`
	Change   string    `json:"change,omitempty"` // the last change of the folded edit, hex
	Base     uint64    `json:"base,omitempty"`   // the revision that the author knew; of a withdrawal, the one that counts
	// Value is what an edit without a change, from the API, would set, or what its
	// author took back.
	Value crdt.Value `json:"value,omitzero"`
}

// A Carriage says that a change of a batch came over another connection.
type Carriage struct {
	Change int       `json:"change"` // its place in the batch
	By     Principal `json:"by"`
}

// A Refusal is a change that was not taken, and why.
type Refusal struct {
	Hash   crdt.Hash
	Reason string // a short stable word for metrics: forged_actor, equivocation, invalid, limit, read_only …
	Err    error  // for people
	Raw    []byte // the change as it came, nil if it is not kept
}

// A Judgement asks for a record to be brought in line with a policy.
type Judgement struct {
	By     Principal // who asked for it; the zero Principal for the hub itself
	Policy *Policy
	Now    time.Time
}
