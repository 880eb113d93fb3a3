package conflicts

import (
	"time"

	"wedsync/crdt"
)

// A Status says how far a conflict has come.
type Status string

// The states of a conflict.
const (
	Pending       Status = "pending"
	Resolved      Status = "resolved"
	Withdrawn     Status = "withdrawn"
	RecordDeleted Status = "record_deleted"
	Erased        Status = "erased"
)

// A State says what became of a proposal. Proposals are never deleted.
type State string

// The states of a proposal.
const (
	Open            State = "open"
	Accepted        State = "accepted"
	Rejected        State = "rejected"
	Superseded      State = "superseded"
	WithdrawnByAuth State = "withdrawn"
	NoChange        State = "no_change"
)

// An Author is who an edit belongs to: the principal that its actor is bound
// to, or the actor itself until it is bound.
type Author struct {
	User   string `json:"user,omitempty"`
	Device string `json:"device,omitempty"`
	Role   Role   `json:"role,omitempty"`
	Actor  string `json:"actor,omitempty"` // hex; set alone until the actor is bound
	// CarriedBy is the device that delivered the edit, if it was another.
	CarriedBy string `json:"carried_by,omitempty"`
}

// A Revisioned is a value and the revision at which it counted.
type Revisioned struct {
	Revision uint64     `json:"revision"`
	Value    crdt.Value `json:"value"`
}

// A Proposal is one attempt to set a critical field.
type Proposal struct {
	ID         string     `json:"id"`
	Value      crdt.Value `json:"value"`
	State      State      `json:"state"`
	Reason     string     `json:"reason"`
	Authors    []Author   `json:"authors"` // the first is its author, the others joined
	EditedAt   time.Time  `json:"edited_at"`
	ReceivedAt time.Time  `json:"received_at"`
	// DecidedAt is the revision that moved it to a final state, 0 until then.
	DecidedAt uint64 `json:"decided_at,omitempty"`
}

// A Decision is how a conflict ended.
type Decision struct {
	Action   Action     `json:"action"`
	By       Principal  `json:"by"`
	At       time.Time  `json:"at"`
	Value    crdt.Value `json:"value"`
	Revision uint64     `json:"revision"`
	Note     string     `json:"note,omitempty"`
}

// A Conflict is a row of sync_conflicts. At most one is pending per record and field.
type Conflict struct {
	ID        string        `json:"id"`
	Record    crdt.RecordID `json:"record"`
	Field     crdt.Path     `json:"field"`
	Status    Status        `json:"status"`
	Version   uint64        `json:"version"` // raised whenever anything about it moves
	Reason    string        `json:"reason"`
	Base      Revisioned    `json:"base"`
	Current   Revisioned    `json:"current"`
	Proposals []Proposal    `json:"proposals"`
	OpenedAt  time.Time     `json:"opened_at"`
	ClosedAt  time.Time     `json:"closed_at,omitzero"`
	Decision  *Decision     `json:"decision,omitempty"`
}
