package conflicts

import (
	"errors"
	"fmt"

	"wedsync/crdt"
)

// Why a command was not carried out. Nothing has changed then.
var (
	// ErrForbidden means that the principal's role does not allow it.
	ErrForbidden = errors.New("the role does not allow this")
	// ErrUnknownConflict means that no conflict of that id is pending here.
	ErrUnknownConflict = errors.New("no such pending conflict")
	// ErrUnknownProposal means that the conflict has no open proposal of that id.
	ErrUnknownProposal = errors.New("no such open proposal")
	// ErrUnknownAction means that the action is none of accept, keep and custom.
	ErrUnknownAction = errors.New("no such action")
	// ErrUnknownMerged means that no merged entry of that id is open here.
	ErrUnknownMerged = errors.New("no such open merged entry")
	// ErrUnknownValue means that the merged entry has no value of that change.
	ErrUnknownValue = errors.New("no such value")
	// ErrIntroducing means that the record's first upload is incomplete.
	ErrIntroducing = errors.New("the record is still being uploaded")
	// ErrErased means that nothing is left of the record.
	ErrErased = errors.New("the record was erased")
	// ErrEventID means that a webhook event has no id, or one that is too long.
	ErrEventID = errors.New("an event needs an id of 1 to 128 bytes")
	// ErrFull means that the record has no room for another hub change.
	ErrFull = errors.New("the record is full")
)

// A StaleError says that a conflict moved on since the caller read it.
type StaleError struct {
	Conflict Conflict // as it now stands
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("conflict %s is at version %d now", e.Conflict.ID, e.Conflict.Version)
}

// An UnfitError says that a custom value does not fit its field's kind.
type UnfitError struct {
	Field crdt.Path
	Kind  Kind
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("the value does not fit %s, which is of kind %s: %s would, or null to clear it", e.Field, e.Kind, e.Kind.example())
}

// A FieldError says which field of an edit cannot be written, and why.
type FieldError struct {
	Field  crdt.Path
	Reason string
}

func (e *FieldError) Error() string { return fmt.Sprintf("field %q %s", e.Field, e.Reason) }

// A ZoneError says that a policy names no time zone.
type ZoneError struct{ Zone string }

func (e *ZoneError) Error() string {
	return fmt.Sprintf("%q is no time zone of the IANA list, such as Europe/Berlin", e.Zone)
}

// A ReopenError says why a conflict cannot be reopened.
type ReopenError struct{ Reason string }

func (e *ReopenError) Error() string { return e.Reason }

// A PolicyError says what is wrong with a policy as a whole.
type PolicyError struct{ Member, Reason string }

func (e *PolicyError) Error() string { return fmt.Sprintf("%s %s", e.Member, e.Reason) }
