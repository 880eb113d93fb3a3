package oracle

import (
	"maps"
	"slices"

	"wedsync/crdt"
)

// Edit plays an edit of the API.
func (r *Record) Edit(e Edit) *Result {
	res := r.begin(e.Now)
	if e.From.Role == "viewer" {
		res.Fail = "forbidden"
		return res
	}
	if !r.Listed && r.introducer != nil {
		res.Fail = "introducing"
		return res
	}
	r.Listed = true
	r.follow(e.Policy)
	r.batch.written = make(map[crdt.Path]crdt.Value)
	for _, path := range slices.Sorted(maps.Keys(e.Fields)) {
		f := r.field(path)
		if f == nil || !f.critical {
			r.batch.written[path] = e.Fields[path]
			continue
		}
		a := r.apiAttempt(f, e)
		if a.key != "" && f.knows(a.key) {
			r.verdict(f, a, 1, "no_change", "")
			continue
		}
		r.decide(f, a)
	}
	return res
}

func (r *Record) apiAttempt(f *field, e Edit) attempt {
	a := attempt{
		author: Author{User: e.From.User, Device: e.From.Device},
		role:   e.From.Role,
		value:  e.Fields[f.Path],
		base:   f.revision(),
	}
	if e.Key != "" {
		a.key = e.From.User + " " + e.Key
	}
	if e.IfMatch != nil {
		a.base = e.IfMatch[f.Path]
	}
	for _, p := range f.open() {
		if p.by(a.author) != nil {
			a.buildsOn = append(a.buildsOn, p)
		}
	}
	return a
}

// Resolve plays a person's decision.
func (r *Record) Resolve(s Resolution) *Result {
	res := r.begin(s.Now)
	f := r.field(s.Field)
	switch {
	case !s.By.mayResolve():
		res.Fail = "forbidden"
	case r.Deleted || f == nil || s.Conflict >= len(f.conflicts) || f.conflicts[s.Conflict].Status != "pending":
		res.Fail = "unknown"
	case f.conflicts[s.Conflict].Version != s.Version:
		res.Fail = "stale"
	case s.Action == "custom" && !f.meaning(s.Value, r.zone).fits:
		res.Fail = "unfit"
	case s.Action == "accept" && f.conflicts[s.Conflict].Proposals[s.Proposal].State != "open":
		res.Fail = "unknown"
	}
	if res.Fail != "" {
		return res
	}
	r.follow(s.Policy)
	c := f.conflicts[s.Conflict]
	value := s.Value
	switch s.Action {
	case "accept":
		value = c.Proposals[s.Proposal].Value
	case "keep":
		value = f.accepted()
	}
	f.raise(Revision{Value: value, Cause: "resolution", By: Author{User: s.By.User}, At: s.Now})
	r.batch.decided = true
	for _, p := range c.Proposals {
		if p.State != "open" {
			continue
		}
		p.State, p.DecidedAt = "rejected", f.revision()
		if r.same(f, p.Value, value) {
			p.State = "accepted"
		}
	}
	c.Status, c.decided, c.decidedAt = "resolved", f.revision(), s.Now
	c.Version++
	return res
}
