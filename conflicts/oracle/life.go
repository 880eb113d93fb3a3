package oracle

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// Withdraw plays somebody taking a proposal back: an author leaves it, and who
// may resolve and is no author of it takes it back for all.
func (r *Record) Withdraw(w Withdrawal) *Result {
	res := r.begin(w.Now)
	f := r.field(w.Field)
	if r.Deleted || f == nil || w.Conflict >= len(f.conflicts) || f.conflicts[w.Conflict] != f.pending() {
		res.Fail = "unknown"
		return res
	}
	c := f.conflicts[w.Conflict]
	p := c.Proposals[w.Proposal]
	by := Author{User: w.By.User, Device: w.By.Device}
	switch {
	case p.State != "open":
		res.Fail = "stale"
	case p.by(by) == nil && !w.By.mayResolve():
		res.Fail = "forbidden"
	}
	if res.Fail != "" {
		return res
	}
	r.follow(w.Policy)
	if p.by(by) != nil {
		p.leave(by, "withdrawn")
	} else {
		p.State = "withdrawn"
		p.authors = nil
	}
	c.Version++
	if len(f.open()) == 0 {
		c.Status = "withdrawn"
	}
	return res
}

// Reopen plays the reopening of a decision: a new conflict whose current value
// is the former decision, and which gets each proposal that it rejected back as
// an open one, with its authors. Their rejection is taken back with it.
func (r *Record) Reopen(o Reopening) *Result {
	res := r.begin(o.Now)
	f := r.field(o.Field)
	former := f.conflicts[o.Conflict]
	named := slices.ContainsFunc(o.Policy.Fields, func(n Field) bool { return n.Path == f.Path })
	switch {
	case !o.By.mayResolve():
		res.Fail = "forbidden"
	case former.Status != "resolved", former.reopened, f.pending() != nil, former.decided != f.revision(),
		!f.critical, !named, o.Now.Sub(former.decidedAt) > o.Policy.ReopenWithin:
		res.Fail = "reopen"
	}
	if res.Fail != "" {
		return res
	}
	r.follow(o.Policy)
	former.reopened = true
	former.Version++
	c := &Conflict{
		Status: "pending", Version: 1, Reason: "reopened",
		BaseRev: former.CurrentRev, BaseVal: former.CurrentVal,
		CurrentRev: f.revision(), CurrentVal: f.accepted(),
	}
	for _, p := range former.Proposals {
		if p.State != "rejected" || r.same(f, p.Value, f.accepted()) {
			continue
		}
		back := &Proposal{Value: p.Value, State: "open", Reason: "reopened"}
		for _, s := range p.authors {
			s.changes, s.keys = slices.Clone(s.changes), slices.Clone(s.keys)
			back.authors = append(back.authors, s)
		}
		p.back = true
		c.Proposals = append(c.Proposals, back)
	}
	f.conflicts = append(f.conflicts, c)
	return res
}

// Delete plays an owner taking the record out of use: what is pending waits.
func (r *Record) Delete(l Lifecycle) *Result { return r.setDeleted(l, true, "record_deleted") }

// Restore plays an owner taking it into use again.
func (r *Record) Restore(l Lifecycle) *Result { return r.setDeleted(l, false, "pending") }

func (r *Record) setDeleted(l Lifecycle, deleted bool, status string) *Result {
	res := r.begin(l.Now)
	switch {
	case !l.By.mayResolve():
		res.Fail = "forbidden"
	case !r.Listed:
		res.Fail = "introducing"
	}
	if res.Fail != "" {
		return res
	}
	r.follow(l.Policy)
	r.Deleted = deleted
	for _, f := range r.fields {
		if c := f.pending(); c != nil {
			c.Status = status
			c.Version++
		}
	}
	return res
}

// A Withdrawal takes a proposal back.
type Withdrawal struct {
	By       Principal
	Field    crdt.Path
	Conflict int // of the field, counted from 0
	Proposal int // of the conflict, counted from 0
	Policy   Policy
	Now      time.Time
}

// A Reopening has a decision reconsidered.
type Reopening struct {
	By       Principal
	Field    crdt.Path
	Conflict int // of the field, counted from 0
	Policy   Policy
	Now      time.Time
}

// A Lifecycle is the deletion or restoration of a record.
type Lifecycle struct {
	By     Principal
	Policy Policy
	Now    time.Time
}
