package conflicts

import (
	"slices"
	"time"
)

// A Withdrawal takes a proposal back. An author leaves it, and it is withdrawn
// when no author is left; a resolver who is no author withdraws it for all.
type Withdrawal struct {
	By       Principal `json:"-"`
	Conflict string    `json:"conflict"`
	Proposal string    `json:"proposal"`
	Policy   *Policy   `json:"-"`
	Now      time.Time `json:"-"`
}

// Withdraw takes an open proposal back. On an error nothing has changed; a
// *StaleError says that the proposal is not open any more.
func (r *Record) Withdraw(w Withdrawal) (*Outcome, error) {
	f, err := r.mayWithdraw(w)
	if err != nil {
		return nil, err
	}
	b := r.begin(w.By, w.Policy, w.Now)
	b.out.Input = &Input{Withdrawal: &w}
	c := f.Pending
	p := c.proposal(w.Proposal)
	if by := w.By.author(); p.isBy(by) {
		b.leave(f, by, Ruling{Result: EditNoChange, Leaves: []string{p.ID}})
		b.out.Verdicts = append(b.out.Verdicts, Verdict{
			Field: c.Field, Outcome: string(WithdrawnByAuth), Reason: string(WithdrawnByAuth),
			Conflict: c.ID, Proposal: p.ID, Author: by, Base: f.revision(), Value: p.Value,
		})
	} else {
		b.dismiss(f, p, w.By)
	}
	b.answer(b.fields, nil)
	return b.outcome(), nil
}

// mayWithdraw checks a withdrawal, and says which field it is about.
func (r *Record) mayWithdraw(w Withdrawal) (*field, error) {
	if r.ledger.Awaiting != nil {
		return nil, ErrIntroducing
	}
	if r.full() {
		return nil, ErrFull
	}
	f := r.ledger.pending(w.Conflict)
	if f == nil {
		return nil, ErrUnknownConflict
	}
	p := f.Pending.proposal(w.Proposal)
	switch {
	case p == nil:
		return nil, ErrUnknownProposal
	case !p.isBy(w.By.author()) && !w.By.Role.MayResolve():
		return nil, ErrForbidden
	case p.State != Open:
		return nil, &StaleError{f.Pending.row()}
	}
	return f, nil
}

// dismiss withdraws a proposal for all its authors, who are told.
func (b *batch) dismiss(f *field, p *Proposal, by Principal) {
	p.State = WithdrawnByAuth
	b.log(LogEntry{
		Act: ActWithdrawn, By: by.author(), Field: f.Policy.Path, Revision: f.revision(), Value: p.Value,
		Conflict: f.Pending.ID, Proposal: p.ID,
	})
	b.tell(f.Pending, p, string(WithdrawnByAuth), Decision{
		Action: Withdraw, By: by, At: b.now, Value: f.accepted(), Revision: f.revision(),
	})
	f.Steps = slices.DeleteFunc(f.Steps, func(s step) bool { return s.Proposal == p.ID })
	b.move(f.Pending)
	b.left(f)
}

// isBy reports whether an author stands behind the proposal.
func (p *Proposal) isBy(a Author) bool { return slices.ContainsFunc(p.Authors, a.same) }
