package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
)

// A cause says why a worker ended before its time.
type cause string

const (
	crashed   cause = "crash"
	outOfMem  cause = "memory"
	timedOut  cause = "timeout"
	cancelled cause = "cancelled" // the caller gave up
	idle      cause = "idle"      // between two calls
	unready   cause = "start"     // before it was ready
)

// A death is the end of a worker in the middle of a call. It wraps ErrWorker, or
// ErrTimeout, or what the caller's context says.
type death struct {
	cause  cause
	detail string // how the process ended, and the start of what it wrote to standard error
	err    error
}

func (d *death) Error() string { return fmt.Sprintf("%v: %s: %s", d.err, d.cause, d.detail) }
func (d *death) Unwrap() error { return d.err }

// buried makes sure that the process is gone and says why it is.
func (w *worker) buried(ctx context.Context, err error) *death {
	w.kill()
	d := &death{cause: crashed, err: ErrWorker, detail: fmt.Sprintf("%v; %s", w.cmd.ProcessState, w.stderr.first)}
	switch {
	case ctx.Err() != nil:
		d.cause, d.err = cancelled, context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		d.cause, d.err = timedOut, ErrTimeout
	case w.stderr.tellOfMemory():
		d.cause = outOfMem
	}
	return d
}

// notes keep the start of what a worker writes to standard error: that is where
// the reason stands. They may be read when the worker is gone.
type notes struct{ first []byte }

const maxNotes = 2 << 10

func (n *notes) Write(p []byte) (int, error) {
	n.first = append(n.first, p[:min(len(p), maxNotes-len(n.first))]...)
	return len(p), nil
}

// tellOfMemory knows the last words of Rust, Go, glibc and the race detector when
// memory runs out.
func (n *notes) tellOfMemory() bool {
	for _, words := range []string{"memory allocation of", "out of memory", "annot allocate memory", "failed to allocate"} {
		if bytes.Contains(n.first, []byte(words)) {
			return true
		}
	}
	return false
}
