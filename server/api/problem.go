package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/activity"
	"wedsync/server/auth"
	"wedsync/server/communications/account"
	"wedsync/server/communications/source"
	"wedsync/server/communications/timeline"
	"wedsync/server/hub"
	"wedsync/server/sheet"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/sending"
	"wedsync/store"
)

// What endpoints return beside the errors of the packages below.
var (
	errForbidden   = errors.New("not allowed for this role")
	errMethod      = errors.New("method not allowed")
	errMediaType   = errors.New("another content type")
	errNoSuchURL   = errors.New("no such URL")
	errKeyReused   = errors.New("idempotency key used for another request")
	errPolicyMoved = errors.New("the policy has moved on")

	errEventMoved      = errors.New("the event has moved on")
	errConnectionMoved = errors.New("the connection has moved on")
	errAccountMoved    = errors.New("the account has moved on")
	errKeyBusy         = errors.New("a request with this idempotency key is being worked on")
)

// A Fault is one thing that is wrong with a request.
type Fault struct {
	Field string `json:"field" doc:"The member, parameter or header; dots and brackets lead into it." example:"fields.budget"`
	Rule  string `json:"rule" doc:"What it breaks." example:"must be a number"`
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

// A Problem is an RFC 9457 problem document.
type Problem struct {
	Type     string        `json:"type" doc:"The kind of problem, which callers branch on." example:"urn:wedsync:problem:invalid"`
	Title    string        `json:"title" doc:"The kind in words."`
	Status   int           `json:"status" doc:"The HTTP status."`
	Detail   string        `json:"detail,omitempty" doc:"What is wrong with this request, or what to do."`
	Errors   []Fault       `json:"errors,omitempty" doc:"What is wrong with which part of the request; the first twenty faults."`
	Conflict *conflictItem `json:"conflict,omitempty" doc:"The conflict as it stands now, of the kind stale."`
	Merged   *mergedItem   `json:"merged,omitempty" doc:"The merged entry as it stands now, of the kind closed."`
	Import   *importReport `json:"import,omitempty" doc:"What is wrong with the table, of the kind bad-cells, or how far the import is that broke off."`
}

// problemOf is the one table from errors to problems. An error that it does not
// know is ours, and its text is kept from the caller.
func problemOf(err error) Problem {
	if p, ok := toldProblem(err); ok {
		return p
	}
	for _, row := range []struct {
		is     error
		kind   Kind
		detail string
	}{
		{auth.ErrNoToken, NoToken, "Send Authorization: Bearer with a token; wedsync token makes one."},
		{auth.ErrExpired, TokenExpired, "Get a new one; wedsync token makes one."},
		{auth.ErrBadToken, BadToken, err.Error()},
		{auth.ErrUnavailable, KeysUnavailable, "The keys of its issuer cannot be read. Try again in a moment."},
		{hub.ErrRevoked, Revoked, "An owner shut out this device or its user. Another token does not help: ask an owner."},
		{hub.ErrOneself, Oneself, "Nothing was changed. Ask another owner."},
		{errForbidden, Forbidden, ""},
		{hub.ErrForbidden, Forbidden, ""},
		{conflicts.ErrForbidden, Forbidden, ""},
		{errNoSuchURL, NoSuchURL, "GET /openapi.json lists those that there are."},
		{errMethod, Method, "The Allow header lists those that it knows."},
		{errMediaType, MediaType, err.Error()},
		{store.ErrNotFound, NotFound, notThere},
		{hub.ErrTaken, Taken, "Leave it empty to have one made."},
		{errTooWide, TooWide, fmt.Sprintf("A table has at most %d columns. Name the fields with ?fields=.", sheet.MaxColumns)},
		{errImportBusy, ImportBusy, "Nothing was changed. Send this one again when the other is done."},
		{errImportsBusy, Unavailable, nothingChanged},
		{conflicts.ErrUnknownConflict, NotFound, notThere},
		{conflicts.ErrUnknownMerged, NotFound, notThere},
		{conflicts.ErrUnknownValue, UnknownValue, "Name the change of one of its values."},
		{conflicts.ErrIntroducing, NotFound, notThere},
		{conflicts.ErrUnknownProposal, UnknownProposal, ""},
		{errPolicyMoved, PolicyMoved, "Nothing was changed. Look at the policy as it stands now and change that."},
		{errEventMoved, EventMoved, "Nothing was changed. Look at the event as it stands now."},
		{errConnectionMoved, ConnectionMoved, "Nothing was changed. Look at the connection as it stands now and change that."},
		{errAccountMoved, AccountMoved, "Nothing was changed. Look at the account as it stands now and change that."},
		{account.ErrSettings, AccountLost, "Nothing was changed. Connect the account again, then disconnect this one."},
		{account.ErrState, NotBegun, "Nothing was connected. Begin it again, and go on in the same browser within ten minutes."},
		{account.ErrBusy, Unavailable, nothingChanged},
		{source.ErrTemporary, ProviderAway, nothingChanged},
		{source.ErrUnreadable, ProviderAway, nothingChanged},
		{source.ErrForbidden, ProviderRefused, "It does not allow the hub to read this account."},
		{source.ErrGone, ProviderRefused, "It has no such account."},
		{store.ErrTooMany, TooMany, ""},
		{inbound.ErrUnsigned, Unsigned, ""},
		{inbound.ErrPaused, Paused, ""},
		{inbound.ErrBody, Malformed, "The body did not come to its end."},
		{inbound.ErrFull, Unavailable, "Nothing was kept. Send it again later."},
		{inbound.ErrClosed, Unavailable, "Nothing was kept. Send it again later."},
		{timeline.ErrReused, KeyReused, "Use a new key for each command."},
		{timeline.ErrBusy, Crowded, "Come back in a moment; what was found so far is in the client's timeline."},
		{errKeyReused, KeyReused, "Use a new key for each command."},
		{errKeyBusy, KeyBusy, "Send it again in a moment to get its answer."},
		{crdt.ErrLimit, Limit, ""},
		{activity.ErrNoSocket, NoSocket, "Open a WebSocket, or read the same events from /api/realtime/clients/events."},
		{activity.ErrCrowded, Crowded, "Come back later."},
		{activity.ErrClosed, Unavailable, nothingChanged},
		{hub.ErrUnavailable, Unavailable, nothingChanged},
		{store.ErrUnavailable, Unavailable, nothingChanged},
		{context.Canceled, Unavailable, nothingChanged},
		{context.DeadlineExceeded, Unavailable, nothingChanged},
	} {
		if errors.Is(err, row.is) {
			return row.kind.problem(row.detail)
		}
	}
	return Internal.problem("The hub's log says why.")
}

// toldProblem is the problem of an error that itself tells what is wrong.
func toldProblem(err error) (p Problem, ok bool) {
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
		endpoint   *sending.SettingsError
		entry      *timeline.EntryError
		wish       *account.FaultsError
		setup      *account.SetupError
		refused    *account.RefusedError
		limited    *source.LimitError
		limit      *auth.LimitError
		cells      *badCellsError
		begun      *brokenOffError
		event      *processing.StateError
	)
	switch {
	case errors.As(err, &limit):
		p = RateLimited.problem("There are " + limit.Error() + ". Try again in " + retryAfter(err) + " s.")
	case errors.As(err, &cells):
		p = BadCells.problem("Nothing was changed. Correct the cells that import.errors names, or leave their rows out with ?skip_bad_rows=true.")
		p.Import = cells.report
	case errors.As(err, &begun):
		p = problemOf(begun.cause)
		p.Detail = "The import broke off; import.done says how far it is. With the same Idempotency-Key it goes on when it is sent again."
		p.Import = begun.report
	case errors.As(err, &unreadable):
		p = Malformed.problem(err.Error(), unreadable.fault)
	case errors.As(err, &stream):
		p = Malformed.problem(err.Error(), Fault{stream.Field, stream.Rule})
	case errors.As(err, &posted):
		p = Invalid.problem(posted.Error(), Fault{posted.Member, posted.Reason})
	case errors.As(err, &endpoint):
		p = Invalid.problem(endpoint.Error(), Fault{endpoint.Member, endpoint.Reason})
	case errors.As(err, &entry):
		p = Invalid.problem(entry.Error(), Fault{entry.Member, entry.Reason})
	case errors.As(err, &wish):
		p = Invalid.problem(wish.Error())
		for _, f := range wish.Faults {
			p.Errors = append(p.Errors, Fault(f))
		}
	case errors.As(err, &setup):
		p = Setup.problem(setup.Todo)
	case errors.As(err, &refused):
		p = ProviderRefused.problem(refused.Error())
	case errors.As(err, &limited):
		p = ProviderAway.problem("It is asked too much. Nothing was changed. Try again later.")
	case errors.As(err, &invalid):
		p = Invalid.problem(invalid.Error(), invalid.faults...)
	case errors.As(err, &large):
		p = TooLarge.problem(fmt.Sprintf("A body may have at most %d bytes.", large.Limit))
	case errors.As(err, &stale):
		p = Stale.problem("Nothing was changed. Look at the conflict as it stands now and decide again.")
		p.Conflict = stale.conflict
	case errors.As(err, &closed):
		p = Closed.problem("Nothing was changed. Look at the entry as it stands now.")
		p.Merged = closed.entry
	case errors.As(err, &event):
		p = EventState.problem("Nothing was changed: " + event.Error() + ".")
	case errors.As(err, &ahead):
		p = UnknownRevision.problem("Nothing was changed: " + ahead.Error() + ". Read the record again.")
	case errors.As(err, &field):
		p = Invalid.problem(field.Error(), Fault{"fields." + string(field.Field), field.Reason})
	case errors.As(err, &reopen):
		p = NotReopened.problem("Nothing was changed: " + reopen.Error() + ".")
	case errors.As(err, &history):
		p = TooLong.problem(history.Error() + ". One field may have less: name it with ?field=.")
	case errors.As(err, &zone):
		p = Invalid.problem(zone.Error(), Fault{"zone", zone.Error()})
	case errors.As(err, &policy):
		p = Invalid.problem(policy.Error(), Fault{policy.Member, policy.Reason})
	case errors.As(err, &unfit):
		p = Unfit.problem(unfit.Error(), Fault{"value", unfit.Error()})
	default:
		return p, false
	}
	return p, true
}

// retryAfter is in how many seconds what err refused may be tried again, at least 1.
func retryAfter(err error) string {
	var limit *auth.LimitError
	if !errors.As(err, &limit) {
		return "1"
	}
	return strconv.Itoa(max(1, int(math.Ceil(limit.After.Seconds()))))
}
