package engine

import (
	"context"
	"errors"

	"wedsync/crdt"
)

// An Engine runs calls in its workers.
type Engine struct {
	options Options
}

// A Result is a record as its document shows it.
type Result struct {
	// Heads are the heads of the document, ascending. Callers compare them with
	// their own: they differ if changes are in quarantine.
	Heads []crdt.Hash
	// JSON is an object of all fields: texts and strings as strings, timestamps
	// RFC 3339 with milliseconds, counters as numbers, bytes as base64.
	JSON []byte
	// Quarantined are the changes that JSON does not show, in causal order:
	// those that kill the engine and all that depend on them. Nil if none.
	Quarantined []crdt.Hash
}

// Start starts the workers. ctx bounds the start alone; Close ends them.
func Start(ctx context.Context, o Options) (*Engine, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Engine{options: o}, nil
}

// Materialise loads chunks and returns what the document shows.
func (e *Engine) Materialise(ctx context.Context, id crdt.RecordID, chunks [][]byte) (*Result, error) {
	return nil, errors.ErrUnsupported
}

// Save loads chunks and returns them as one Automerge document.
func (e *Engine) Save(ctx context.Context, id crdt.RecordID, chunks [][]byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// A Quarantined names a change that is not fed to the engine.
type Quarantined struct {
	Record crdt.RecordID
	Change crdt.Hash
}

// Quarantined lists the quarantine, oldest first.
func (e *Engine) Quarantined() []Quarantined { return nil }

// Close kills the workers and returns when they are gone.
func (e *Engine) Close() error { return nil }
