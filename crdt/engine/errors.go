package engine

import (
	"errors"
	"fmt"

	"wedsync/crdt"
)

// What can go wrong with a call.
var (
	// ErrQuarantined means a change that the engine cannot take. See [QuarantineError].
	ErrQuarantined = errors.New("change in quarantine")
	// ErrTimeout means that the engine did not answer within its deadline.
	ErrTimeout = errors.New("engine took too long")
	// ErrHeld means a record that is not tried again for a while, since it
	// lately cost a worker and no single change could be blamed.
	ErrHeld = errors.New("record is held back from the engine")
	// ErrRefused means that the engine answered with an error, or with a
	// document that is not the history it was given.
	ErrRefused = errors.New("engine refused the history")
	// ErrWorker means that no worker could be started, or that it died.
	ErrWorker = errors.New("engine worker")
	// ErrClosed means that the engine is closed.
	ErrClosed = errors.New("engine is closed")
)

// A QuarantineError names a change that the engine died on or refused. It wraps
// [ErrQuarantined].
type QuarantineError struct {
	Record crdt.RecordID
	Change crdt.Hash
}

func (e *QuarantineError) Error() string {
	return fmt.Sprintf("record %s, change %s: %v", e.Record, e.Change, ErrQuarantined)
}

// Unwrap returns ErrQuarantined.
func (e *QuarantineError) Unwrap() error { return ErrQuarantined }
