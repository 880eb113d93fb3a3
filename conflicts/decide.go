package conflicts

import (
	"slices"
	"time"

	"wedsync/crdt"
)

// firstTyping is how long after a field's first value its author may go on
// typing it.
const firstTyping = 10 * time.Minute

// A Standing is where a field stands when an edit of it is decided.
type Standing struct {
	Policy    FieldPolicy
	Zone      *time.Location
	Revisions []Revision
	Pending   bool
	Open      []Proposal // the open proposals of the pending conflict
}

// An Attempt is one edit of a critical field, folded.
type Attempt struct {
	Value  crdt.Value
	Before *crdt.Value // what the field showed its author just before; nil for the API
	Author Author
	Base   uint64 // the newest revision that its author knew
	Known  bool   // it was decided before
	// BuildsOn are the open proposals of the same author that it builds on.
	BuildsOn []string
	// Rejected says that it builds on a proposal of the same author that a
	// revision above Base rejected.
	Rejected bool
	At       time.Time // the hub's clock
}

// A Result is what the rules make of an edit.
type Result string

// The results.
const (
	EditAccepted Result = "accepted"
	EditDiverted Result = "diverted"
	EditRejected Result = "rejected"
	EditNoChange Result = "no_change"
)

// The reasons of what is not accepted.
const (
	Forbidden         = "forbidden"
	BuiltOnRejected   = "built_on_rejected"
	ConcurrentPending = "concurrent_pending"
	StaleBase         = "stale_base"
	InvalidValue      = "invalid_value"
	NeedsReview       = "needs_review"
)

// A Ruling is what Decide says of an attempt.
type Ruling struct {
	Rule   int
	Result Result
	Reason string
	Leaves []string // the proposals that the author leaves
	Joins  string   // the open proposal that the author joins; a diverted edit that joins none is a new one
}

// Decide applies the rules in their order; the first that matches wins.
func Decide(s Standing, a Attempt) Ruling {
	j := &judge{s, a, measure{s.Policy.Kind, s.Zone}}
	equal, isOpen := j.equalOpen(nil)
	switch {
	case a.Known, a.Before != nil && j.equals(*a.Before):
		return Ruling{Rule: 1, Result: EditNoChange}
	case j.equals(s.value(s.current())), j.buildsOnOwn() && j.equals(s.value(a.Base)):
		return Ruling{Rule: 2, Result: EditNoChange, Leaves: a.BuildsOn}
	case !j.mayPropose():
		return Ruling{Rule: 3, Result: EditRejected, Reason: Forbidden}
	case len(a.BuildsOn) > 0:
		equal, _ := j.equalOpen(a.BuildsOn)
		return Ruling{
			Rule: 4, Result: EditDiverted, Reason: j.reason(j.othersOpen(a.BuildsOn)),
			Leaves: a.BuildsOn, Joins: equal,
		}
	case isOpen:
		return Ruling{Rule: 5, Result: EditDiverted, Reason: ConcurrentPending, Joins: equal}
	case j.typesFirstValue():
		return Ruling{Rule: 6, Result: EditAccepted}
	case j.continuesOwnRevision():
		return Ruling{Rule: 7, Result: EditAccepted}
	case a.Rejected:
		return Ruling{Rule: 8, Result: EditDiverted, Reason: BuiltOnRejected}
	case s.Pending:
		return Ruling{Rule: 9, Result: EditDiverted, Reason: ConcurrentPending}
	case a.Base < s.current():
		return Ruling{Rule: 10, Result: EditDiverted, Reason: StaleBase}
	case !j.fits():
		return Ruling{Rule: 11, Result: EditDiverted, Reason: InvalidValue}
	case j.mayDecide():
		return Ruling{Rule: 12, Result: EditAccepted}
	}
	return Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview}
}

// current is the number of the revision that counts.
func (s Standing) current() uint64 { return uint64(len(s.Revisions)) }

// value is the value of a revision; nothing for revision 0.
func (s Standing) value(revision uint64) crdt.Value {
	if revision == 0 || revision > s.current() {
		return crdt.Value{}
	}
	return s.Revisions[revision-1].Value
}

// A judge has the words of the rules for one attempt.
type judge struct {
	Standing
	a Attempt
	m measure
}

func (j *judge) equals(v crdt.Value) bool { return j.m.same(j.a.Value, v) }

func (j *judge) fits() bool { return j.m.canon(j.a.Value).fits }

func (j *judge) buildsOnOwn() bool { return len(j.a.BuildsOn) > 0 || j.a.Rejected }

// mayPropose is the first half of rule 3.
func (j *judge) mayPropose() bool {
	role := j.a.Author.Role
	return role.MayPropose() && (j.Policy.Review != Locked || role.MayResolve())
}

// mayDecide is the clause of rule 12.
func (j *judge) mayDecide() bool {
	role := j.a.Author.Role
	return role.MayResolve() || j.Policy.Review == ConflictingEdits && role != Integration
}

// typesFirstValue is rule 6.
func (j *judge) typesFirstValue() bool {
	if j.a.Author.Role == Integration || j.Pending || !j.fits() {
		return false
	}
	if j.current() == 0 {
		return true
	}
	typed := func(r Revision) bool { return r.Rule == 6 && r.Author.same(j.a.Author) }
	notTyped := func(r Revision) bool { return !typed(r) }
	return !slices.ContainsFunc(j.Revisions, notTyped) &&
		j.a.Base == j.current() && j.a.At.Sub(j.Revisions[0].At) < firstTyping
}

// continuesOwnRevision is rule 7.
func (j *judge) continuesOwnRevision() bool {
	if j.current() == 0 || j.a.Base != j.current() || !j.fits() || !j.mayDecide() {
		return false
	}
	r := j.Revisions[j.current()-1]
	return r.Author.same(j.a.Author) && (r.Rule == 6 || r.Rule == 7 || r.Rule == 12)
}

// reason is the one that rules 8 to 11 or 13 would give if a conflict were
// pending or not.
func (j *judge) reason(pending bool) string {
	switch {
	case j.a.Rejected:
		return BuiltOnRejected
	case pending:
		return ConcurrentPending
	case j.a.Base < j.current():
		return StaleBase
	case !j.fits():
		return InvalidValue
	}
	return NeedsReview
}

// equalOpen is the first open proposal that means the same as the attempt and
// is still open once its author has left some.
func (j *judge) equalOpen(left []string) (id string, ok bool) {
	for _, p := range j.Open {
		if j.stays(p, left) && j.equals(p.Value) {
			return p.ID, true
		}
	}
	return "", false
}

// othersOpen reports whether a proposal is still open once the author has left some.
func (j *judge) othersOpen(left []string) bool {
	return slices.ContainsFunc(j.Open, func(p Proposal) bool { return j.stays(p, left) })
}

// stays reports whether a proposal is still open once the author has left some.
func (j *judge) stays(p Proposal, left []string) bool {
	return !slices.Contains(left, p.ID) ||
		slices.ContainsFunc(p.Authors, func(a Author) bool { return !a.same(j.a.Author) })
}
