package conflicts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wedsync/crdt"
)

// A ruling test puts one field and one attempt before the rules.
func TestFirstRuleThatMatchesWins(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ann := Author{User: "ann", Device: "d", Role: Member}
	ben := Author{User: "ben", Device: "d", Role: Member}
	owner := Author{User: "olga", Device: "d", Role: Owner}
	hook := Author{User: "crm", Role: Integration}
	rev := func(n int64, rule int, a Author, age time.Duration) Revision {
		return Revision{Value: num(n), Cause: CauseEdit, Rule: rule, Author: a, At: at.Add(-age)}
	}
	created := Revision{Value: num(1), Cause: CauseCreated, Author: ann, At: at}
	open := func(id string, n int64, authors ...Author) Proposal {
		return Proposal{ID: id, Value: num(n), State: Open, Authors: authors}
	}
	before := func(n int64) *crdt.Value { v := num(n); return &v }
	standing := func(review Review, revisions []Revision, open ...Proposal) Standing {
		return Standing{
			Policy: FieldPolicy{Path: "budget", Kind: Money, Review: review}, Zone: time.UTC,
			Revisions: revisions, Pending: len(open) > 0, Open: open,
		}
	}
	one := []Revision{created}
	for _, c := range []struct {
		name string
		s    Standing
		a    Attempt
		want Ruling
	}{
		{
			"decided before", standing(Locked, one),
			Attempt{Value: num(9), Author: ann, Known: true},
			Ruling{Rule: 1, Result: EditNoChange},
		},
		{
			"a saved form", standing(Locked, one),
			Attempt{Value: num(9), Before: before(9), Author: ann},
			Ruling{Rule: 1, Result: EditNoChange},
		},
		{
			"the accepted value", standing(Locked, one),
			Attempt{Value: str("1.0"), Before: before(2), Author: ann},
			Ruling{Rule: 2, Result: EditNoChange},
		},
		{
			"the accepted value, leaving", standing(EveryEdit, one, open("p", 5, ann)),
			Attempt{Value: num(1), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 2, Result: EditNoChange, Leaves: []string{"p"}},
		},
		{
			"back to the base", standing(EveryEdit, []Revision{created, rev(3, 12, owner, 0)}, open("p", 5, ann)),
			Attempt{Value: num(1), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 2, Result: EditNoChange, Leaves: []string{"p"}},
		},
		{
			"back to the base on a rejected one", standing(EveryEdit, []Revision{created, rev(3, 12, owner, 0)}),
			Attempt{Value: num(1), Author: ann, Base: 1, Rejected: true},
			Ruling{Rule: 2, Result: EditNoChange},
		},
		{
			"locked", standing(Locked, one),
			Attempt{Value: num(9), Author: ann, Base: 1},
			Ruling{Rule: 3, Result: EditRejected, Reason: Forbidden},
		},
		{
			"locked at revision 0", standing(Locked, nil),
			Attempt{Value: num(9), Author: ann},
			Ruling{Rule: 3, Result: EditRejected, Reason: Forbidden},
		},
		{
			"locked, building on an own one", standing(Locked, one, open("p", 5, ann)),
			Attempt{Value: num(9), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 3, Result: EditRejected, Reason: Forbidden},
		},
		{
			"access revoked", standing(ConflictingEdits, one),
			Attempt{Value: num(9), Author: Author{User: "x", Role: Viewer}, Base: 1},
			Ruling{Rule: 3, Result: EditRejected, Reason: Forbidden},
		},
		{
			"in the place of an own one", standing(EveryEdit, one, open("p", 5, ann)),
			Attempt{Value: num(9), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: NeedsReview, Leaves: []string{"p"}},
		},
		{
			"in its place, beside others", standing(EveryEdit, one, open("p", 5, ann), open("q", 6, ben)),
			Attempt{Value: num(9), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: ConcurrentPending, Leaves: []string{"p"}},
		},
		{
			"over to another's", standing(EveryEdit, one, open("p", 5, ann), open("q", 6, ben)),
			Attempt{Value: num(6), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: ConcurrentPending, Leaves: []string{"p"}, Joins: "q"},
		},
		{
			"the same again", standing(EveryEdit, one, open("p", 5, ann)),
			Attempt{Value: num(5), Before: before(1), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: NeedsReview, Leaves: []string{"p"}},
		},
		{
			"the same again, shared", standing(EveryEdit, one, open("p", 5, ann, ben)),
			Attempt{Value: num(5), Before: before(1), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: ConcurrentPending, Leaves: []string{"p"}, Joins: "p"},
		},
		{
			"an owner's own one stays a proposal", standing(ConflictingEdits, one, open("p", 5, owner)),
			Attempt{Value: num(9), Author: owner, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: NeedsReview, Leaves: []string{"p"}},
		},
		{
			"its replacement does not fit", standing(EveryEdit, one, open("p", 5, ann)),
			Attempt{Value: str("much"), Author: ann, Base: 1, BuildsOn: []string{"p"}},
			Ruling{Rule: 4, Result: EditDiverted, Reason: InvalidValue, Leaves: []string{"p"}},
		},
		{
			"equal to an open one", standing(EveryEdit, one, open("p", 5, ann)),
			Attempt{Value: str("5"), Author: owner, Base: 1},
			Ruling{Rule: 5, Result: EditDiverted, Reason: ConcurrentPending, Joins: "p"},
		},
		{
			"a first value", standing(EveryEdit, nil),
			Attempt{Value: num(9), Author: ann, At: at},
			Ruling{Rule: 6, Result: EditAccepted},
		},
		{
			"a first value of a connection", standing(ConflictingEdits, nil),
			Attempt{Value: num(9), Author: hook, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{
			"a first value while one is pending", standing(EveryEdit, nil, open("p", 5, ben)),
			Attempt{Value: num(9), Author: ann, At: at},
			Ruling{Rule: 9, Result: EditDiverted, Reason: ConcurrentPending},
		},
		{
			"a first value that does not fit", standing(EveryEdit, nil),
			Attempt{Value: str("much"), Author: ann, At: at},
			Ruling{Rule: 11, Result: EditDiverted, Reason: InvalidValue},
		},
		{
			"typing on", standing(EveryEdit, []Revision{rev(1, 6, ann, 9*time.Minute), rev(2, 6, ann, time.Minute)}),
			Attempt{Value: num(9), Author: ann, Base: 2, At: at},
			Ruling{Rule: 6, Result: EditAccepted},
		},
		{
			"typing on too late", standing(EveryEdit, []Revision{rev(1, 6, ann, 10*time.Minute)}),
			Attempt{Value: num(9), Author: ann, Base: 1, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{
			"typing on another's", standing(EveryEdit, []Revision{rev(1, 6, ben, time.Minute)}),
			Attempt{Value: num(9), Author: ann, Base: 1, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{
			"typing on without having seen it", standing(EveryEdit, []Revision{rev(1, 6, ann, time.Minute)}),
			Attempt{Value: num(9), Author: ann, Base: 0, At: at},
			Ruling{Rule: 10, Result: EditDiverted, Reason: StaleBase},
		},
		{
			"typing on after the upload", standing(EveryEdit, one),
			Attempt{Value: num(9), Author: ann, Base: 1, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{
			"an own revision while one is pending", standing(ConflictingEdits, []Revision{created, rev(2, 12, ann, time.Hour)}, open("p", 5, ben)),
			Attempt{Value: num(9), Author: ann, Base: 2, At: at},
			Ruling{Rule: 7, Result: EditAccepted},
		},
		{
			"an own revision under every_edit", standing(EveryEdit, []Revision{created, rev(2, 12, ann, time.Hour)}, open("p", 5, ben)),
			Attempt{Value: num(9), Author: ann, Base: 2, At: at},
			Ruling{Rule: 9, Result: EditDiverted, Reason: ConcurrentPending},
		},
		{
			"an own resolution", standing(EveryEdit, []Revision{created, {Value: num(2), Cause: CauseResolution, Author: owner}}, open("p", 5, ben)),
			Attempt{Value: num(9), Author: owner, Base: 2, At: at},
			Ruling{Rule: 9, Result: EditDiverted, Reason: ConcurrentPending},
		},
		{
			"on a rejected one", standing(ConflictingEdits, []Revision{created, rev(2, 12, owner, 0)}, open("p", 5, ben)),
			Attempt{Value: num(9), Author: ann, Base: 1, Rejected: true, At: at},
			Ruling{Rule: 8, Result: EditDiverted, Reason: BuiltOnRejected},
		},
		{
			"an owner while one is pending", standing(ConflictingEdits, one, open("p", 5, ben)),
			Attempt{Value: num(9), Author: owner, Base: 1, At: at},
			Ruling{Rule: 9, Result: EditDiverted, Reason: ConcurrentPending},
		},
		{
			"stale", standing(ConflictingEdits, []Revision{created, rev(2, 12, owner, 0)}),
			Attempt{Value: str("much"), Author: owner, Base: 1, At: at},
			Ruling{Rule: 10, Result: EditDiverted, Reason: StaleBase},
		},
		{
			"an owner's value that does not fit", standing(ConflictingEdits, one),
			Attempt{Value: str("much"), Author: owner, Base: 1, At: at},
			Ruling{Rule: 11, Result: EditDiverted, Reason: InvalidValue},
		},
		{"an owner", standing(Locked, one), Attempt{Value: num(9), Author: owner, Base: 1, At: at}, Ruling{Rule: 12, Result: EditAccepted}},
		{"informed", standing(ConflictingEdits, one), Attempt{Value: num(9), Author: ann, Base: 1, At: at}, Ruling{Rule: 12, Result: EditAccepted}},
		{
			"an informed connection", standing(ConflictingEdits, one),
			Attempt{Value: num(9), Author: hook, Base: 1, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{
			"informed, under every_edit", standing(EveryEdit, one),
			Attempt{Value: num(9), Author: ann, Base: 1, At: at},
			Ruling{Rule: 13, Result: EditDiverted, Reason: NeedsReview},
		},
		{"clearing", standing(ConflictingEdits, one), Attempt{Value: crdt.Value{}, Author: ann, Base: 1, At: at}, Ruling{Rule: 12, Result: EditAccepted}},
	} {
		if diff := cmp.Diff(c.want, Decide(c.s, c.a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
