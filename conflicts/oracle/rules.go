package oracle

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// An attempt is one edit of one critical field, as the rules see it.
type attempt struct {
	author   Author
	role     string
	value    crdt.Value
	before   *crdt.Value // what the field showed its author just before; nil for the API
	base     uint64
	change   crdt.Hash   // zero for the API
	key      string      // of the API, with the user; empty for none
	buildsOn []*Proposal // open ones of the same author
	rejected bool        // builds on one that a revision above base rejected
}

// typing is how long a first value may still be typed.
const typing = 10 * time.Minute

// decide decides an attempt: the first rule that matches. Rule 1's other half,
// what was decided already, never comes here.
func (r *Record) decide(f *field, a attempt) {
	integration := a.role == "integration"
	resolver := a.role == "owner"
	fits := f.meaning(a.value, r.zone).fits
	current := f.revision()
	meets12 := resolver || f.Review == "conflicting_edits" && !integration

	// 1
	if a.before != nil && r.same(f, *a.before, a.value) {
		r.verdict(f, a, 1, "no_change", "")
		return
	}
	// 2
	backToBase := (len(a.buildsOn) > 0 || a.rejected) && r.same(f, a.value, f.at(a.base))
	if r.same(f, a.value, f.accepted()) || backToBase {
		r.withdraw(f, a)
		r.verdict(f, a, 2, "no_change", "")
		return
	}
	// 3
	if a.role == "viewer" || f.Review == "locked" && !resolver {
		for _, p := range f.open() {
			if p.by(a.author) != nil {
				p.Since = &a.value
			}
		}
		r.answer(a)
		r.verdict(f, a, 3, "rejected", "forbidden")
		return
	}
	// 4
	if len(a.buildsOn) > 0 {
		r.supersede(f, a)
		return
	}
	// 5
	for _, p := range f.open() {
		if r.same(f, p.Value, a.value) {
			r.joins(f, a, 5, p, "concurrent_pending")
			return
		}
	}
	// 6
	if !integration && f.pending() == nil && fits && (current == 0 || r.stillTyping(f, a)) {
		r.accept(f, a, 6)
		return
	}
	// 7
	if a.base == current && current > 0 && r.ownEdit(f, a.author) && fits && meets12 {
		r.accept(f, a, 7)
		return
	}
	rule, reason := r.diversion(f, a, f.pending() != nil)
	// 12
	if rule == 13 && meets12 {
		r.accept(f, a, 12)
		return
	}
	r.propose(f, a, rule, reason)
}

// diversion is what rules 8 to 11 and 13 say.
func (r *Record) diversion(f *field, a attempt, pending bool) (int, string) {
	switch {
	case a.rejected:
		return 8, "built_on_rejected"
	case pending:
		return 9, "concurrent_pending"
	case a.base < f.revision():
		return 10, "stale_base"
	case !f.meaning(a.value, r.zone).fits:
		return 11, "invalid_value"
	}
	return 13, "needs_review"
}

// stillTyping: every revision so far was accepted by rule 6 from this author,
// base is current, and the first of them is younger than ten minutes.
func (r *Record) stillTyping(f *field, a attempt) bool {
	for _, rev := range f.revisions {
		if rev.Cause != "edit" || rev.Rule != 6 || !rev.By.same(a.author) {
			return false
		}
	}
	return a.base == f.revision() && r.batch.now.Sub(f.revisions[0].At) < typing
}

// ownEdit: the current revision is an edit of the author accepted by 6, 7 or 12.
func (r *Record) ownEdit(f *field, a Author) bool {
	rev := f.revisions[len(f.revisions)-1]
	return rev.Cause == "edit" && rev.By.same(a) && slices.Contains([]int{6, 7, 12}, rev.Rule)
}

// accept makes the value the next revision.
func (r *Record) accept(f *field, a attempt, rule int) {
	f.raise(Revision{
		Value: a.value, Cause: "edit", Rule: rule, By: a.author, At: r.batch.now, established: a.change, key: a.key,
	})
	if c := f.pending(); c != nil {
		c.CurrentRev, c.CurrentVal = f.revision(), a.value
		c.Version++
	}
	if a.change.IsZero() {
		r.batch.decided = true
	}
	r.verdict(f, a, rule, "accepted", "")
}

// withdraw lets the author leave every open proposal that the attempt builds on.
func (r *Record) withdraw(f *field, a attempt) {
	c := f.pending()
	for _, p := range a.buildsOn {
		p.leave(a.author, "withdrawn")
	}
	if len(a.buildsOn) == 0 {
		return // a reopened conflict may have no open proposal, and waits all the same
	}
	c.Version++
	if len(f.open()) == 0 {
		c.Status = "withdrawn"
	}
}

// supersede lets the author leave every open proposal that the attempt builds
// on; it joins another one that equals it, or takes their place, with the
// reason it would have if those it leaves were not there.
func (r *Record) supersede(f *field, a attempt) {
	for _, p := range a.buildsOn {
		p.leave(a.author, "superseded")
	}
	_, reason := r.diversion(f, a, len(f.open()) > 0)
	for _, p := range f.open() {
		if r.same(f, p.Value, a.value) {
			r.joins(f, a, 4, p, reason)
			return
		}
	}
	r.propose(f, a, 4, reason)
}

// joins makes the author a co-author of an open proposal.
func (r *Record) joins(f *field, a attempt, rule int, p *Proposal, reason string) {
	p.join(a.author, a.change, a.key)
	f.pending().Version++
	r.answer(a)
	r.verdict(f, a, rule, "diverted", reason)
}

// propose joins the pending conflict with a new proposal, or opens one.
func (r *Record) propose(f *field, a attempt, rule int, reason string) {
	c := f.pending()
	if c == nil {
		c = &Conflict{
			Status: "pending", Reason: reason,
			BaseRev: a.base, BaseVal: f.at(a.base),
			CurrentRev: f.revision(), CurrentVal: f.accepted(),
		}
		f.conflicts = append(f.conflicts, c)
	}
	p := &Proposal{Value: a.value, State: "open", Reason: reason}
	p.join(a.author, a.change, a.key)
	c.Proposals = append(c.Proposals, p)
	c.Version++
	r.answer(a)
	r.verdict(f, a, rule, "diverted", reason)
}

// answer notes that a device's change is in the history without authority, and
// must be answered. What the API wished stands nowhere.
func (r *Record) answer(a attempt) {
	if !a.change.IsZero() {
		r.batch.answered = true
	}
}

func (r *Record) verdict(f *field, a attempt, rule int, outcome, reason string) {
	r.batch.result.Verdicts = append(r.batch.result.Verdicts, Verdict{
		Field: f.Path, Rule: rule, Outcome: outcome, Reason: reason, Author: a.author, Change: a.change,
	})
}
