package conflicts

import "time"

// Deleted reports whether an owner deleted the record.
func (r *Record) Deleted() bool { return r.ledger.Deleted }

// Delete takes the record out of use. Its pending conflicts wait, as
// record_deleted, for it to be restored. On an error nothing has changed.
func (r *Record) Delete(by Principal, p *Policy, now time.Time) (*Outcome, error) {
	return r.setDeleted(by, p, now, true, RecordDeleted)
}

// Restore takes a deleted record back into use, and its conflicts with it. On
// an error nothing has changed.
func (r *Record) Restore(by Principal, p *Policy, now time.Time) (*Outcome, error) {
	return r.setDeleted(by, p, now, false, Pending)
}

func (r *Record) setDeleted(by Principal, p *Policy, now time.Time, deleted bool, status Status) (*Outcome, error) {
	switch {
	case !by.Role.MayResolve():
		return nil, ErrForbidden
	case r.ledger.Awaiting != nil || !r.ledger.Listed:
		return nil, ErrIntroducing
	case r.full():
		return nil, ErrFull
	}
	b := r.begin(by, p, now)
	b.out.Input = &Input{Deletes: deleted, Restores: !deleted}
	b.ledger.Deleted = deleted
	b.dirty = true
	for _, path := range b.ledger.paths() {
		if c := b.ledger.Fields[path].Pending; c != nil {
			c.Status = status
			c.Version++
			b.move(c)
		}
	}
	b.answer(b.fields, nil)
	return b.outcome(), nil
}
