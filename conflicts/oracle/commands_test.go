package oracle_test

import (
	"errors"
	"slices"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
	"wedsync/crdt"
)

func (p *player) apiEdit(who conflicts.Principal) {
	fields := make(map[crdt.Path]crdt.Value)
	for range 1 + p.rng.IntN(2) {
		f := pick(p.rng, p.fields)
		fields[f.Path] = anyValue(p.rng, f.Kind)
		if revisions := p.oracle.Revisions(f.Path); len(revisions) > 0 && p.rng.IntN(4) == 0 {
			fields[f.Path] = pick(p.rng, revisions).Value
		}
	}
	if p.rng.IntN(3) == 0 {
		fields["notes"] = pick(p.rng, []crdt.Value{text("note"), text("a note"), integer(3)})
	}
	var match map[crdt.Path]uint64
	if p.rng.IntN(2) == 0 || who.Role == conflicts.Integration {
		match = make(map[crdt.Path]uint64)
		for path := range fields {
			if n := len(p.oracle.Revisions(path)); path != "notes" {
				match[path] = uint64(max(0, n-p.rng.IntN(3)))
			}
		}
	}
	key := pick(p.rng, []string{"", "", "k1", "k2"})
	p.logf("%s (%s) writes over the API %v if %v, key %q", who.User, who.Role, showAll(fields), match, key)
	out, err := p.rec.Edit(conflicts.Edit{From: who, Fields: fields, IfMatch: match, Key: key, Policy: p.policy, Now: p.now})
	res := p.oracle.Edit(oracle.Edit{
		From: principal(who), Fields: fields, IfMatch: match, Key: key, Policy: oraclePolicy(p.policy), Now: p.now,
	})
	p.command(out, err, res)
}

// resolve decides a pending conflict, sometimes by somebody who may not or who
// knows only an older version of it.
func (p *player) resolve() {
	var waiting []conflicts.Conflict
	for _, path := range p.oracle.Critical() {
		for _, c := range p.oracle.Conflicts(path) {
			if c.Status == "pending" || c.Status == "record_deleted" {
				waiting = append(waiting, p.rows[c.ID])
			}
		}
	}
	if len(waiting) == 0 {
		return
	}
	row := pick(p.rng, waiting)
	s := conflicts.Resolution{
		By:       conflicts.Principal{Supplier: "s", User: pick(p.rng, []string{"olga", "alice"}), Role: conflicts.Owner},
		Conflict: row.ID, Version: row.Version, Policy: p.policy, Now: p.now,
	}
	if p.rng.IntN(12) == 0 {
		s.By.Role = conflicts.Member
	}
	if p.rng.IntN(8) == 0 && s.Version > 1 {
		s.Version--
	}
	o := oracle.Resolution{
		By: principal(s.By), Field: row.Field, Conflict: slices.Index(p.names[row.Field], row.ID), Version: s.Version,
		Policy: oraclePolicy(p.policy), Now: p.now,
	}
	switch n := p.rng.IntN(4); {
	case n == 0, n > 1 && len(row.Proposals) == 0: // of a reopened conflict
		s.Action = conflicts.Keep
	case n == 1:
		s.Action = conflicts.Custom
		kind := conflicts.Text
		for _, f := range p.fields {
			if f.Path == row.Field {
				kind = f.Kind
			}
		}
		s.Value = anyValue(p.rng, kind)
		o.Value = s.Value
	default:
		s.Action = conflicts.Accept
		o.Proposal = p.rng.IntN(len(row.Proposals))
		s.Proposal = row.Proposals[o.Proposal].ID
	}
	o.Action = string(s.Action)
	p.logf("%s (%s) resolves %s version %d: %s %s %s", s.By.User, s.By.Role, row.Field, s.Version, s.Action, s.Proposal, show(s.Value))
	out, err := p.rec.Resolve(s)
	p.command(out, err, p.oracle.Resolve(o))
}

// command compares what a command led to, or that it failed.
func (p *player) command(out *conflicts.Outcome, err error, res *oracle.Result) {
	var stale *conflicts.StaleError
	var unfit *conflicts.UnfitError
	var again *conflicts.ReopenError
	failed := ""
	switch {
	case err == nil:
	case errors.Is(err, conflicts.ErrForbidden):
		failed = "forbidden"
	case errors.Is(err, conflicts.ErrIntroducing):
		failed = "introducing"
	case errors.Is(err, conflicts.ErrUnknownConflict), errors.Is(err, conflicts.ErrUnknownProposal):
		failed = "unknown"
	case errors.As(err, &stale):
		failed = "stale"
	case errors.As(err, &again):
		failed = "reopen"
	case errors.As(err, &unfit):
		failed = "unfit"
	default:
		failed = err.Error()
	}
	if failed != res.Fail {
		p.disagree("the command failed as %q, want %q", failed, res.Fail)
	}
	if failed != "" {
		p.happened["failed "+failed]++
	}
	if failed == "" {
		p.settle(out, res)
		return
	}
	p.compareState()
}
