package conflicts

import (
	"cmp"
	"slices"
	"time"

	"wedsync/crdt"
)

// A source says where an attempt came from.
type source struct {
	change crdt.Hash // of a device's edit
	key    string    // of an API edit
	edited time.Time // by its author's clock
	cause  string    // what makes the attempt unlike any other
}

// way is which way the attempt came.
func (s source) way(a Author) Source {
	switch {
	case a.Role == Integration:
		return FromWebhook
	case s.change.IsZero():
		return FromAPI
	}
	return FromDevice
}

// rule decides an attempt and does what the ruling says.
func (b *batch) rule(f *field, a *Attempt, s source) Result {
	r := Decide(f.standing(b.policy.zone()), *a)
	b.do(f, a, s, r)
	return r.Result
}

// do carries out a ruling and tells its verdict.
func (b *batch) do(f *field, a *Attempt, s source, r Ruling) {
	verdict := Verdict{
		Field: f.Policy.Path, Outcome: string(r.Result), Reason: r.Reason, Rule: r.Rule, Author: a.Author, Base: a.Base,
	}
	if s.change.IsZero() {
		verdict.Value = a.Value
	} else {
		verdict.Change = s.change.String()
	}
	b.leave(f, a.Author, r)
	switch r.Result {
	case EditAccepted:
		b.raise(f, Revision{
			Value: a.Value, Cause: CauseEdit, Rule: r.Rule, Author: a.Author, Change: s.change, Key: s.key,
		})
	case EditDiverted:
		verdict.Conflict, verdict.Proposal = b.divert(f, a, s, r)
	case EditRejected:
		b.since(f, a)
	}
	b.out.Verdicts = append(b.out.Verdicts, verdict)
}

// leave takes the author out of the proposals that the ruling names. A
// conflict that has no open one left, and gets none, closes.
func (b *batch) leave(f *field, author Author, r Ruling) {
	if len(r.Leaves) == 0 {
		return
	}
	left := Superseded
	if r.Result == EditNoChange {
		left = WithdrawnByAuth
	}
	c := f.Pending
	for _, id := range r.Leaves {
		c.proposal(id).leave(author, left)
	}
	f.Steps = slices.DeleteFunc(f.Steps, func(s step) bool {
		return s.Author == author.key() && slices.Contains(r.Leaves, s.Proposal)
	})
	b.move(c)
	if r.Result == EditDiverted {
		return // divert raises the version
	}
	b.left(f)
}

// left raises the version of a conflict that somebody left; it closes if no
// proposal is open any more.
func (b *batch) left(f *field) {
	c := f.Pending
	c.Version++
	if len(c.open()) == 0 {
		c.Status, c.ClosedAt = Withdrawn, b.now
		f.Pending = nil
	}
}

// divert makes the attempt a proposal, or its author one of those who stand
// behind an equal one.
func (b *batch) divert(f *field, a *Attempt, s source, r Ruling) (conflict, proposal string) {
	c := b.pending(f, a, s, r.Reason)
	c.Version++
	id := r.Joins
	if id != "" {
		c.proposal(id).join(a.Author)
	} else {
		id = newID(b.now, "proposal", b.id, f.Policy.Path, s.cause)
		c.Proposals = append(c.Proposals, Proposal{
			ID: id, Value: a.Value, State: Open, Reason: r.Reason, Source: s.way(a.Author), Authors: []Author{a.Author},
			EditedAt: s.edited, ReceivedAt: b.now,
		})
	}
	f.Steps = append(f.Steps, step{
		Author: a.Author.key(), Proposal: id, Change: s.change, Key: s.key, State: Open,
	})
	b.due = b.due || !s.change.IsZero()
	b.move(c)
	return c.ID, id
}

// pending is the field's pending conflict, opened if there is none.
func (b *batch) pending(f *field, a *Attempt, s source, reason string) *Conflict {
	if f.Pending == nil {
		f.Pending = &Conflict{
			ID:     cmp.Or(f.Reopens, newID(b.now, "conflict", b.id, f.Policy.Path, s.cause)),
			Record: b.id, Field: f.Policy.Path, Status: Pending, Reason: reason,
			Base: f.revisioned(a.Base), Current: f.revisioned(f.revision()), OpenedAt: b.now,
		}
	}
	return f.Pending
}

// since shows on the author's open proposals what the author has set since,
// without the right to.
func (b *batch) since(f *field, a *Attempt) {
	b.due = b.due || a.Before != nil
	for _, id := range f.openOf(a.Author.key()) {
		f.Pending.proposal(id).Since = &Later{a.Value, b.now}
		b.move(f.Pending)
	}
}
