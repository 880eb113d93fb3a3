package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"wedsync/crdt"
)

// An Engine runs calls in its workers.
type Engine struct {
	options    Options
	metrics    *metrics
	slots      chan *slot // those that nobody uses
	start      func(context.Context) (*worker, error)
	closing    <-chan struct{}
	kill       context.CancelFunc // ends all workers, and closes closing
	closed     sync.Once
	quarantine quarantine
	held       held
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
	// those that the engine cannot take and all that depend on them. Nil if none.
	Quarantined []crdt.Hash
}

// Start starts the workers and returns when they are ready. ctx bounds the start
// alone; Close ends them.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if os.Getenv(workerVariable) != "" {
		return nil, errors.New("start engine: this process is a worker; main must call engine.Main first")
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	e := &Engine{
		options: o, metrics: m, slots: make(chan *slot, o.Workers), closing: life.Done(), kill: kill,
		start: func(ctx context.Context) (*worker, error) { return startWorker(ctx, life, o) },
	}
	var failed error
	for i := range o.Workers {
		s := &slot{e: e, name: strconv.Itoa(i)}
		if failed == nil {
			failed = s.ready(ctx)
		}
		e.slots <- s
	}
	if failed != nil {
		e.Close()
		return nil, fmt.Errorf("start engine: %w", failed)
	}
	return e, nil
}

// Materialise loads chunks, which a validator accepted and which stand in causal
// order, and returns what the document shows. Changes in quarantine are left
// out, and named in the result. The call that finds such a change returns a
// [QuarantineError] in place of a result; the next one leaves it out.
func (e *Engine) Materialise(ctx context.Context, id crdt.RecordID, chunks [][]byte) (*Result, error) {
	h, err := readHistory(chunks)
	if err != nil {
		return nil, fmt.Errorf("materialise %s: %w", id, err)
	}
	h, left := h.without(e.quarantine.of(id))
	r, err := e.perform(ctx, taskMaterialise, id, h)
	if err != nil {
		return nil, fmt.Errorf("materialise %s: %w", id, err)
	}
	return &Result{Heads: r.heads, JSON: r.payload, Quarantined: left}, nil
}

// Save loads chunks like Materialise and returns them as one Automerge document.
// The document holds all of them or there is none: a history with a change in
// quarantine gives a [QuarantineError].
func (e *Engine) Save(ctx context.Context, id crdt.RecordID, chunks [][]byte) ([]byte, error) {
	h, err := readHistory(chunks)
	if err != nil {
		return nil, fmt.Errorf("save %s: %w", id, err)
	}
	if _, left := h.without(e.quarantine.of(id)); left != nil {
		return nil, fmt.Errorf("save: %w", &QuarantineError{Record: id, Change: left[0]})
	}
	r, err := e.perform(ctx, taskSave, id, h)
	if err != nil {
		return nil, fmt.Errorf("save %s: %w", id, err)
	}
	return r.payload, nil
}

// perform waits for a slot and does a task there.
func (e *Engine) perform(ctx context.Context, task byte, id crdt.RecordID, h history) (report, error) {
	if h.size() > maxFrame {
		return report{}, fmt.Errorf("history of %d bytes, the engine takes %d: %w", h.size(), maxFrame, crdt.ErrLimit)
	}
	if err := e.held.check(id, time.Now()); err != nil {
		return report{}, err
	}
	s, err := e.take(ctx)
	if err != nil {
		return report{}, err
	}
	defer func() { e.slots <- s }()
	r, err := s.do(ctx, task, h)
	if err != nil {
		if r, err = e.investigate(ctx, s, task, id, h, err); err != nil {
			return report{}, err
		}
	}
	e.held.release(id)
	return r, nil
}

func (e *Engine) take(ctx context.Context) (*slot, error) {
	select {
	case s := <-e.slots:
		if e.isClosed() {
			e.slots <- s
			return nil, ErrClosed
		}
		return s, nil
	case <-e.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for an engine worker: %w", context.Cause(ctx))
	}
}

func (e *Engine) isClosed() bool {
	select {
	case <-e.closing:
		return true
	default:
		return false
	}
}

// Quarantined lists the quarantine, oldest first.
func (e *Engine) Quarantined() []Quarantined { return e.quarantine.list() }

// Close kills the workers and returns when they are gone. Calls under way end
// with ErrClosed.
func (e *Engine) Close() error {
	e.closed.Do(func() {
		e.kill()
		for range cap(e.slots) {
			s := <-e.slots
			s.dismiss()
		}
	})
	return nil
}
