package store

import (
	"errors"
	"fmt"

	"wedsync/crdt"
)

// What callers branch on. Every other error of a store is for people.
var (
	// ErrNotFound means that there is no such thing for this supplier, whether
	// or not another supplier has it.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable means that the store cannot work now but may later: a full
	// or read-only disk, a lost connection, a closed store. Nothing about the
	// request was wrong; devices are told to come back.
	ErrUnavailable = errors.New("store unavailable")
	// ErrStale means that what was to be replaced is no longer what the caller
	// read.
	ErrStale = errors.New("stale")
	// ErrNotEmpty means that something is stored where nothing may be.
	ErrNotEmpty = errors.New("not empty")
	// ErrTooMany means that a bound of the store is reached.
	ErrTooMany = errors.New("too many")
	// ErrUnfinished means that a copy into the store was begun and has not ended.
	ErrUnfinished = errors.New("a copy into the store was not finished (run wedsync copy again)")
	// ErrCorrupt means that a stored row cannot be read. The error names the
	// record and the row.
	ErrCorrupt = errors.New("corrupt row")
)

// A CommitError means that one commit breaks a rule of the store and never can
// be stored. Nothing of its batch was: append the others again without it.
type CommitError struct {
	Record crdt.RecordID
	Reason string
}

// Error names the record and the rule.
func (e *CommitError) Error() string {
	return fmt.Sprintf("commit of %s: %s", e.Record, e.Reason)
}

// An UnavailableError is an ErrUnavailable that says why.
type UnavailableError struct {
	Reason string // for a person, with what to do; tells no address and no secret
	Err    error  // what happened
}

// Unavailable is the error that the store cannot work now for a reason.
func Unavailable(reason string, err error) error { return &UnavailableError{reason, err} }

// Error gives the reason and what happened.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%v: %s: %v", ErrUnavailable, e.Reason, e.Err)
}

// Unwrap gives ErrUnavailable and what happened.
func (e *UnavailableError) Unwrap() []error { return []error{ErrUnavailable, e.Err} }
