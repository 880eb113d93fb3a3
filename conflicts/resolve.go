package conflicts

import (
	"slices"

	"wedsync/crdt"
)

// Resolve decides a conflict. On an error nothing has changed.
func (r *Record) Resolve(s Resolution) (*Outcome, error) {
	f, value, err := r.mayResolve(s)
	if err != nil {
		return nil, err
	}
	b := r.begin(s.By, s.Policy, s.Now)
	b.out.Input = &Input{Resolution: &s}
	b.settle(f, value, Decision{Action: s.Action, By: s.By, At: s.Now, Note: s.Note}, Revision{
		Value: value, Cause: CauseResolution, Author: s.By.author(),
	})
	b.answer(b.fields, nil)
	return b.outcome(), nil
}

// mayResolve checks a resolution, and says which field it decides and how.
func (r *Record) mayResolve(s Resolution) (*field, crdt.Value, error) {
	if !s.By.Role.MayResolve() {
		return nil, crdt.Value{}, ErrForbidden
	}
	if r.ledger.Awaiting != nil {
		return nil, crdt.Value{}, ErrIntroducing
	}
	if r.full() {
		return nil, crdt.Value{}, ErrFull
	}
	f := r.ledger.pending(s.Conflict)
	if f == nil {
		return nil, crdt.Value{}, ErrUnknownConflict
	}
	if f.Pending.Version != s.Version {
		return nil, crdt.Value{}, &StaleError{f.Pending.row()}
	}
	value, err := r.chosen(f, s)
	return f, value, err
}

// chosen is the value that a resolution chooses.
func (r *Record) chosen(f *field, s Resolution) (crdt.Value, error) {
	switch s.Action {
	case Accept:
		p := f.Pending.proposal(s.Proposal)
		if p == nil || p.State != Open {
			return crdt.Value{}, ErrUnknownProposal
		}
		return p.Value, nil
	case Keep:
		return f.accepted(), nil
	case Custom:
		policy := r.policy
		if s.Policy != nil {
			policy = s.Policy
		}
		fp, named := policy.field(f.Policy.Path)
		if !named {
			fp = f.Policy
		}
		if !(measure{fp.Kind, policy.zone()}).canon(s.Value).fits {
			return crdt.Value{}, &UnfitError{Field: fp.Path, Kind: fp.Kind}
		}
		return s.Value, nil
	}
	return crdt.Value{}, ErrUnknownAction
}

// settle closes a field's conflict by a revision: open proposals that mean
// the same are accepted, the others rejected.
func (b *batch) settle(f *field, value crdt.Value, d Decision, r Revision) {
	c := f.Pending
	f.Pending = nil
	b.raise(f, r)
	entry := &b.out.Log[len(b.out.Log)-1]
	entry.Conflict, entry.Action, entry.Note = c.ID, d.Action, d.Note
	m, number := b.measure(f), f.revision()
	d.Value, d.Revision = value, number
	for i := range c.Proposals {
		p := &c.Proposals[i]
		if p.State != Open {
			continue
		}
		p.State, p.DecidedAt = Rejected, number
		if m.same(p.Value, value) {
			p.State = Accepted
			entry.Proposal = p.ID
		}
		b.tell(c, p, string(r.Cause), d)
		f.decided(p)
	}
	c.Status, c.ClosedAt, c.Decision = Resolved, b.now, &d
	c.Version++
	b.move(c)
}

// decided notes what became of a proposal where later edits that build on it
// look.
func (f *field) decided(p *Proposal) {
	for i := range f.Steps {
		if s := &f.Steps[i]; s.Proposal == p.ID {
			s.State, s.At = p.State, p.DecidedAt
		}
	}
}

// pending is the field whose pending conflict has an id, nil if there is none.
// Nothing is decided about a deleted record.
func (l *ledger) pending(id string) *field {
	if l.Deleted {
		return nil
	}
	paths := l.paths()
	i := slices.IndexFunc(paths, func(p crdt.Path) bool {
		c := l.Fields[p].Pending
		return c != nil && c.ID == id
	})
	if i < 0 {
		return nil
	}
	return l.Fields[paths[i]]
}
