package conflicts

import "wedsync/crdt"

// A Receipt tells one author of a proposal what was decided about it. It is
// kept for each of the author's devices until that has acknowledged it.
type Receipt struct {
	ID       string        `json:"id"` // receipts made later have greater ids
	User     string        `json:"user"`
	Record   crdt.RecordID `json:"record"`
	Field    crdt.Path     `json:"field"`
	Conflict string        `json:"conflict"`
	Proposal string        `json:"proposal"`
	Proposed crdt.Value    `json:"proposed"`
	Outcome  State         `json:"outcome"` // accepted, rejected or withdrawn
	Reason   string        `json:"reason"`  // what decided it: a Cause, or withdrawn
	Decision Decision      `json:"decision"`
}

// tell gives every author of a decided proposal its verdict and, if it has a
// name, its receipt; the reason is what decided it.
func (b *batch) tell(c *Conflict, p *Proposal, reason string, d Decision) {
	for _, a := range p.Authors {
		b.out.Verdicts = append(b.out.Verdicts, Verdict{
			Field: c.Field, Outcome: string(p.State), Reason: reason,
			Conflict: c.ID, Proposal: p.ID, Author: a,
		})
		if a.User == "" {
			continue
		}
		b.out.Receipts = append(b.out.Receipts, Receipt{
			ID:   newID(b.now, "receipt", b.id, c.Field, p.ID+" "+a.User),
			User: a.User, Record: b.id, Field: c.Field, Conflict: c.ID,
			Proposal: p.ID, Proposed: p.Value, Outcome: p.State, Reason: reason, Decision: d,
		})
	}
}
