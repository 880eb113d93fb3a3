package oracle_test

import (
	"errors"
	"slices"

	"wedsync/conflicts"
	"wedsync/conflicts/oracle"
)

// somebody is who acts on a conflict: mostly one who may.
func (p *player) somebody() conflicts.Principal {
	if p.rng.IntN(6) == 0 {
		return p.caller()
	}
	return conflicts.Principal{Supplier: "s", User: pick(p.rng, []string{"olga", "alice"}), Role: conflicts.Owner}
}

// anyRow is a conflict of any status, false if there never was one.
func (p *player) anyRow() (row conflicts.Conflict, index int, ok bool) {
	var ids []string
	for _, path := range p.oracle.Critical() {
		ids = append(ids, p.names[path]...)
	}
	if len(ids) == 0 {
		return row, 0, false
	}
	row = p.rows[pick(p.rng, ids)]
	return row, slices.Index(p.names[row.Field], row.ID), true
}

// withdraw takes a proposal back, mostly an open one and by its author.
func (p *player) withdraw() {
	row, index, ok := p.anyRow()
	for range 5 {
		if ok && row.Status != conflicts.Pending {
			row, index, ok = p.anyRow()
		}
	}
	if !ok || len(row.Proposals) == 0 {
		return
	}
	n := p.rng.IntN(len(row.Proposals))
	q := row.Proposals[n]
	by := p.somebody()
	if author := q.Authors[0]; author.User != "" && p.rng.IntN(3) > 0 {
		by = conflicts.Principal{Supplier: "s", User: author.User, Device: "browser", Role: conflicts.Member}
	}
	p.logf("%s (%s) withdraws %s of %s", by.User, by.Role, show(q.Value), row.Field)
	out, err := p.rec.Withdraw(conflicts.Withdrawal{By: by, Conflict: row.ID, Proposal: q.ID, Policy: p.policy, Now: p.now})
	switch {
	case err == nil:
		p.happened["withdraw"]++
	case errors.Is(err, conflicts.ErrForbidden) && q.State != conflicts.Open:
		return // of a proposal that he may not withdraw and that is not open the text says no order
	}
	p.command(out, err, p.oracle.Withdraw(oracle.Withdrawal{
		By: principal(by), Field: row.Field, Conflict: index, Proposal: n, Policy: oraclePolicy(p.policy), Now: p.now,
	}))
}

// reopen has a decision reconsidered.
func (p *player) reopen() {
	row, index, ok := p.anyRow()
	for range 8 {
		if ok && (row.Status != conflicts.Resolved || row.ReopenedAs != "") {
			row, index, ok = p.anyRow()
		}
	}
	if !ok {
		return
	}
	by := p.somebody()
	if p.rng.IntN(20) == 0 {
		p.now = p.now.AddDate(0, 0, 2) // beyond the window
	}
	p.logf("%s (%s) reopens conflict %d of %s", by.User, by.Role, index, row.Field)
	out, err := p.rec.Reopen(conflicts.Reopening{By: by, Former: row, Policy: p.policy, Now: p.now})
	if err == nil {
		p.happened["reopen"]++
	}
	p.command(out, err, p.oracle.Reopen(oracle.Reopening{
		By: principal(by), Field: row.Field, Conflict: index, Policy: oraclePolicy(p.policy), Now: p.now,
	}))
}

// delete deletes the record, or restores it.
func (p *player) delete() {
	by := p.somebody()
	do, play := p.rec.Delete, p.oracle.Delete
	if p.oracle.Deleted {
		do, play = p.rec.Restore, p.oracle.Restore
	}
	p.logf("%s (%s) deletes or restores", by.User, by.Role)
	out, err := do(by, p.policy, p.now)
	if err == nil {
		p.happened["deleted or restored"]++
	}
	p.command(out, err, play(oracle.Lifecycle{By: principal(by), Policy: oraclePolicy(p.policy), Now: p.now}))
}

// actDeleted plays an action while the record is deleted: what devices bring and
// callers ask does not reach it until it is restored.
func (p *player) actDeleted(d *device) {
	switch p.rng.IntN(6) {
	case 0:
		p.edit(d)
	case 1:
		p.resolve()
	case 2:
		p.withdraw()
	case 3:
		p.reload()
	default:
		p.delete()
	}
}
