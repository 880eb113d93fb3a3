package conflicts

import (
	"fmt"
	"time"
)

// Reopened is the reason of a conflict whose decision somebody reconsiders.
const Reopened = "reopened"

// A Reopening asks for a decision to be reconsidered.
type Reopening struct {
	By     Principal
	Former Conflict // as it was decided
	Policy *Policy
	Now    time.Time
}

// Reopen makes a new conflict of a decided one: its current value is the
// decision, and each proposal that the decision rejected is open again, with
// its authors. On an error nothing has changed.
func (r *Record) Reopen(o Reopening) (*Outcome, error) {
	if err := r.mayReopen(o); err != nil {
		return nil, err
	}
	b := r.begin(o.By, o.Policy, o.Now)
	b.out.Input = &Input{Reopens: o.Former.ID}
	former := o.Former.row()
	f := b.ledger.Fields[former.Field]
	cause := fmt.Sprintf("reopen %s %d", former.ID, o.Now.UnixNano())
	c := &Conflict{
		ID: newID(b.now, "conflict", b.id, former.Field, cause), Record: b.id, Field: former.Field,
		Status: Pending, Version: 1, Reason: Reopened, Reopens: former.ID,
		Base: former.Current, Current: f.revisioned(f.revision()), OpenedAt: b.now,
	}
	f.Pending = c
	for _, p := range former.Proposals {
		if p.State == Rejected && !b.measure(f).same(p.Value, f.accepted()) {
			b.reopen(f, p, cause)
		}
	}
	b.log(LogEntry{
		Act: ActReopened, By: o.By.author(), Field: former.Field, Revision: f.revision(), Value: f.accepted(),
		Conflict: c.ID, Former: former.ID,
	})
	former.ReopenedAs = c.ID
	former.Version++
	b.out.Conflicts = append(b.out.Conflicts, former)
	b.move(c)
	b.answer(b.fields, nil)
	return b.outcome(), nil
}

// reopen makes a rejected proposal an open one of the field's pending conflict.
// What built on the former builds on it.
func (b *batch) reopen(f *field, p Proposal, cause string) {
	former := p.ID
	p.ID = newID(b.now, "proposal", b.id, f.Policy.Path, cause+" "+former)
	p.State, p.Reason, p.DecidedAt, p.Since = Open, Reopened, 0, nil
	authors := p.Authors
	p.Authors = nil
	for _, a := range authors {
		p.join(b.bound(a))
	}
	f.Pending.Proposals = append(f.Pending.Proposals, p)
	for i := range f.Steps {
		if s := &f.Steps[i]; s.Proposal == former {
			s.Proposal, s.State, s.At = p.ID, Open, 0
		}
	}
	for _, a := range p.Authors {
		b.out.Verdicts = append(b.out.Verdicts, Verdict{
			Field: f.Policy.Path, Outcome: string(EditDiverted), Reason: Reopened,
			Conflict: f.Pending.ID, Proposal: p.ID, Author: a,
		})
	}
}

// mayReopen checks a reopening.
func (r *Record) mayReopen(o Reopening) error {
	switch {
	case !o.By.Role.MayResolve():
		return ErrForbidden
	case r.ledger.Awaiting != nil:
		return ErrIntroducing
	case r.full():
		return ErrFull
	}
	policy := o.Policy
	if policy == nil {
		policy = r.policy
	}
	d, f := o.Former.Decision, r.ledger.Fields[o.Former.Field]
	switch {
	case o.Former.Record != r.id || f == nil:
		return ErrUnknownConflict
	case o.Former.Status != Resolved || d == nil:
		return &ReopenError{"nobody has decided the conflict"}
	case f.Pending != nil:
		return &ReopenError{fmt.Sprintf("conflict %s is pending for the field", f.Pending.ID)}
	case o.Former.ReopenedAs != "":
		return &ReopenError{fmt.Sprintf("it was reopened as conflict %s", o.Former.ReopenedAs)}
	case d.Revision != f.revision():
		return &ReopenError{"the field has another value since"}
	case !f.Critical || !r.isCritical(o.Former.Field, policy):
		return &ReopenError{"the field is not critical any more, or only about to be again"}
	case o.Now.Sub(d.At) > policy.reopenWithin():
		return &ReopenError{fmt.Sprintf("it was decided more than %.0f hours ago", policy.reopenWithin().Hours())}
	}
	return nil
}
