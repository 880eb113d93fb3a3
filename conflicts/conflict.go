package conflicts

import (
	"slices"
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

// A Revisioned is a value and the revision at which it counted.
type Revisioned struct {
	Revision uint64     `json:"revision"`
	Value    crdt.Value `json:"value"`
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
	Version   uint64        `json:"version"` // raised whenever anything about it moves; a reminder moves nothing
	Reason    string        `json:"reason"`
	Base      Revisioned    `json:"base"`
	Current   Revisioned    `json:"current"`
	Proposals []Proposal    `json:"proposals"`
	OpenedAt  time.Time     `json:"opened_at"`
	ClosedAt  time.Time     `json:"closed_at,omitzero"`
	Decision  *Decision     `json:"decision,omitempty"`
	// Reopens is the decided conflict that this one reopens, and ReopenedAs the
	// one that reopens this.
	Reopens    string `json:"reopens,omitempty"`
	ReopenedAs string `json:"reopened_as,omitempty"`
	// RemindedAt is when people were last reminded of it while it was pending,
	// and Reminders how often.
	RemindedAt time.Time `json:"reminded_at,omitzero"`
	Reminders  int       `json:"reminders,omitempty"`
}

// QuietSince is when the conflict was opened or last reminded of.
func (c *Conflict) QuietSince() time.Time {
	if c.RemindedAt.IsZero() {
		return c.OpenedAt
	}
	return c.RemindedAt
}

// Erase closes a conflict whose record was erased for good. Who proposed and
// decided stays, what they proposed and decided does not.
func (c *Conflict) Erase(now time.Time) {
	c.Status = Erased
	c.Version++
	c.Base.Value, c.Current.Value = crdt.Value{}, crdt.Value{}
	for i := range c.Proposals {
		c.Proposals[i].Value, c.Proposals[i].Since = crdt.Value{}, nil
	}
	if c.ClosedAt.IsZero() {
		c.ClosedAt = now
	}
	if c.Decision != nil {
		d := *c.Decision
		d.Value, d.Note = crdt.Value{}, ""
		c.Decision = &d
	}
}

// open are the proposals that wait for a decision.
func (c *Conflict) open() []Proposal {
	if c == nil {
		return nil
	}
	var open []Proposal
	for _, p := range c.Proposals {
		if p.State == Open {
			open = append(open, p)
		}
	}
	return open
}

// proposal is the proposal of that id, nil if there is none.
func (c *Conflict) proposal(id string) *Proposal {
	i := slices.IndexFunc(c.Proposals, func(p Proposal) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Proposals[i]
}

// row is a copy that does not change when the conflict moves on.
func (c *Conflict) row() Conflict {
	row := *c
	row.Proposals = slices.Clone(c.Proposals)
	for i := range row.Proposals {
		row.Proposals[i].Authors = slices.Clone(row.Proposals[i].Authors)
	}
	return row
}
