package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/activity"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/store"
)

// What endpoints return beside the errors of the packages below.
var (
	errForbidden   = errors.New("not allowed for this role")
	errMethod      = errors.New("method not allowed")
	errNoSuchURL   = errors.New("no such URL")
	errKeyReused   = errors.New("idempotency key used for another request")
	errPolicyMoved = errors.New("the policy has moved on")
	errKeyBusy     = errors.New("a request with this idempotency key is being worked on")
)

// A Fault is one thing that is wrong with a request.
type Fault struct {
	Field string `json:"field"`
	Rule  string `json:"rule"`
}

// A malformedError means a request that cannot be read.
type malformedError struct{ fault Fault }

func (e *malformedError) Error() string { return e.fault.Field + " " + e.fault.Rule }

func malformed(field, rule string) error { return &malformedError{Fault{field, rule}} }

// An invalidError means a request that can be read but breaks rules.
type invalidError struct{ faults []Fault }

func (e *invalidError) Error() string {
	return fmt.Sprintf("%s %s (%d faults)", e.faults[0].Field, e.faults[0].Rule, len(e.faults))
}

// A staleError means a conflict that moved on since the caller read it.
type staleError struct{ conflict *conflictItem }

func (e *staleError) Error() string { return "conflict " + e.conflict.ID + " has moved on" }

// A closedError means a merged entry that is not open any more.
type closedError struct{ entry *mergedItem }

func (e *closedError) Error() string { return "merged entry " + e.entry.ID + " is closed" }

// A problem is an RFC 9457 problem document.
type problem struct {
	Type     string        `json:"type"`
	Title    string        `json:"title"`
	Status   int           `json:"status"`
	Detail   string        `json:"detail,omitempty"`
	Errors   []Fault       `json:"errors,omitempty"`
	Conflict *conflictItem `json:"conflict,omitempty"` // as it stands now
	Merged   *mergedItem   `json:"merged,omitempty"`   // as it stands now
}

func newProblem(status int, kind, title, detail string) problem {
	return problem{Type: "urn:wedsync:problem:" + kind, Title: title, Status: status, Detail: detail}
}

// Problems that several errors lead to.
var (
	forbidden   = newProblem(http.StatusForbidden, "forbidden", "Your role does not allow this", "")
	notFound    = newProblem(http.StatusNotFound, "not-found", "There is no such thing", "")
	unavailable = newProblem(http.StatusServiceUnavailable, "unavailable", "The hub cannot do this now", "Nothing was changed. Try again in a moment.")
)

// problemOf is the one table from errors to statuses. An error that it does not
// know is ours, and its text is kept from the caller.
func problemOf(err error) problem {
	var (
		unreadable *malformedError
		invalid    *invalidError
		large      *http.MaxBytesError
		stale      *staleError
		closed     *closedError
		ahead      *conflicts.StepsError
		field      *conflicts.FieldError
		unfit      *conflicts.UnfitError
		zone       *conflicts.ZoneError
		policy     *conflicts.PolicyError
		reopen     *conflicts.ReopenError
		history    *conflicts.HistoryLimitError
		stream     *activity.RequestError
		posted     *conflicts.ActivityError
	)
	switch {
	case errors.As(err, &unreadable):
		p := newProblem(http.StatusBadRequest, "malformed", "The request cannot be read", err.Error())
		p.Errors = []Fault{unreadable.fault}
		return p
	case errors.As(err, &stream):
		return problemOf(malformed(stream.Field, stream.Rule))
	case errors.As(err, &posted):
		return problemOf(&invalidError{[]Fault{{posted.Member, posted.Reason}}})
	case errors.As(err, &invalid):
		p := newProblem(http.StatusUnprocessableEntity, "invalid", "The request breaks rules", invalid.Error())
		p.Errors = invalid.faults
		return p
	case errors.As(err, &large):
		return newProblem(http.StatusRequestEntityTooLarge, "too-large", "The request is too large",
			fmt.Sprintf("A body may have at most %d bytes.", large.Limit))
	case errors.As(err, &stale):
		p := newProblem(http.StatusConflict, "stale", "The conflict has moved on",
			"Nothing was changed. Look at the conflict as it stands now and decide again.")
		p.Conflict = stale.conflict
		return p
	case errors.As(err, &closed):
		p := newProblem(http.StatusConflict, "closed", "The entry is closed",
			"Nothing was changed. Look at the entry as it stands now.")
		p.Merged = closed.entry
		return p
	case errors.As(err, &ahead):
		return newProblem(http.StatusPreconditionFailed, "unknown-revision", "The record does not have that revision",
			"Nothing was changed: "+ahead.Error()+". Read the record again.")
	case errors.As(err, &field):
		p := newProblem(http.StatusUnprocessableEntity, "invalid", "The request breaks rules", field.Error())
		p.Errors = []Fault{{"fields." + string(field.Field), field.Reason}}
		return p
	case errors.As(err, &reopen):
		return newProblem(http.StatusConflict, "not-reopened", "The conflict cannot be reopened", "Nothing was changed: "+reopen.Error()+".")
	case errors.As(err, &history):
		return newProblem(http.StatusUnprocessableEntity, "too-long", "The history is too long to be told at once",
			history.Error()+". One field may have less: name it with ?field=.")
	case errors.As(err, &zone):
		p := newProblem(http.StatusUnprocessableEntity, "invalid", "The request breaks rules", zone.Error())
		p.Errors = []Fault{{"zone", zone.Error()}}
		return p
	case errors.As(err, &policy):
		p := newProblem(http.StatusUnprocessableEntity, "invalid", "The request breaks rules", policy.Error())
		p.Errors = []Fault{{policy.Member, policy.Reason}}
		return p
	case errors.As(err, &unfit):
		p := newProblem(http.StatusUnprocessableEntity, "unfit", "The value does not fit the field", unfit.Error())
		p.Errors = []Fault{{"value", unfit.Error()}}
		return p
	}
	for _, row := range []struct {
		is      error
		problem problem
	}{
		{auth.ErrNoToken, newProblem(http.StatusUnauthorized, "no-token", "A token is needed", "Send Authorization: Bearer with a token; wedsync token makes one.")},
		{auth.ErrExpired, newProblem(http.StatusUnauthorized, "token-expired", "The token has expired", "Get a new one; wedsync token makes one.")},
		{auth.ErrBadToken, newProblem(http.StatusUnauthorized, "bad-token", "The token is not valid here", err.Error())},
		{errForbidden, forbidden},
		{hub.ErrForbidden, forbidden},
		{conflicts.ErrForbidden, forbidden},
		{errNoSuchURL, newProblem(http.StatusNotFound, "no-such-url", "There is no such URL", "")},
		{errMethod, newProblem(http.StatusMethodNotAllowed, "method", "This URL does not know the method", "The Allow header lists those that it knows.")},
		{store.ErrNotFound, notFound},
		{conflicts.ErrUnknownConflict, notFound},
		{conflicts.ErrUnknownMerged, notFound},
		{conflicts.ErrUnknownValue, newProblem(http.StatusUnprocessableEntity, "unknown-value", "The entry has no value of that change", "Name the change of one of its values.")},
		{conflicts.ErrIntroducing, notFound},
		{conflicts.ErrUnknownProposal, newProblem(http.StatusUnprocessableEntity, "unknown-proposal", "The conflict has no such open proposal", "")},
		{errPolicyMoved, newProblem(http.StatusConflict, "stale", "The policy has moved on", "Nothing was changed. Look at the policy as it stands now and change that.")},
		{store.ErrTooMany, newProblem(http.StatusUnprocessableEntity, "too-many", "There are too many of these already", "")},
		{errKeyReused, newProblem(http.StatusUnprocessableEntity, "key-reused", "The idempotency key was used for another request", "Use a new key for each command.")},
		{errKeyBusy, newProblem(http.StatusConflict, "key-busy", "The same command is being worked on", "Send it again in a moment to get its answer.")},
		{crdt.ErrLimit, newProblem(http.StatusUnprocessableEntity, "limit", "The edit is larger than a record takes at once", "")},
		{activity.ErrNoSocket, newProblem(http.StatusUpgradeRequired, "no-socket", "This URL speaks WebSocket", "Open a WebSocket, or read the same events from /api/realtime/clients/events.")},
		{activity.ErrCrowded, newProblem(http.StatusServiceUnavailable, "crowded", "Too many listen", "Come back later.")},
		{activity.ErrClosed, unavailable},
		{hub.ErrUnavailable, unavailable},
		{store.ErrUnavailable, unavailable},
		{context.Canceled, unavailable},
		{context.DeadlineExceeded, unavailable},
	} {
		if errors.Is(err, row.is) {
			return row.problem
		}
	}
	return newProblem(http.StatusInternalServerError, "internal", "The hub could not do this", "The hub's log says why.")
}
