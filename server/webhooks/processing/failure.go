package processing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/server/breaker"
	"wedsync/server/hub"
	"wedsync/store"
)

// delays bound the random times after which an event is tried again; half of
// their sum is about a day.
var delays = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour,
	4 * time.Hour, 8 * time.Hour, 14 * time.Hour, 18 * time.Hour,
}

// maxAttempts is how often an event is tried before it is dead.
var maxAttempts = len(delays) + 1

// A deadError is a failure that does not pass by itself; it says what to do.
type deadError struct{ says string }

func (e *deadError) Error() string { return e.says }

func dead(format string, args ...any) error { return &deadError{fmt.Sprintf(format, args...)} }

func isDead(err error) bool {
	var d *deadError
	return errors.As(err, &d)
}

// A senderError means that the sender's API failed, which may pass.
type senderError struct {
	cause error
	after time.Duration // when to ask again, at the earliest
}

func (e *senderError) Error() string { return e.cause.Error() }
func (e *senderError) Unwrap() error { return e.cause }

// fail notes why an event did not come to its end, and when it is tried again, if
// it is.
func (p *Processor) fail(ctx context.Context, e *store.InboxEvent, err error) {
	now := p.Now()
	var open *breaker.OpenError
	if errors.As(err, &open) {
		e.Attempts-- // it was none
		e.Due = now.Add(max(time.Second, open.Until.Sub(now)) + within(breakerFor))
		e.Error = leftAlone
		return
	}
	var d *deadError
	if errors.As(err, &d) {
		e.State, e.Error = store.EventDead, d.says
		return
	}
	why := p.explain(ctx, e, err)
	if e.Attempts >= maxAttempts {
		e.State = store.EventDead
		e.Error = fmt.Sprintf("it was tried %d times, about a day long: %s: replay it when that is mended", e.Attempts, why)
		return
	}
	wait := within(delays[e.Attempts-1])
	var s *senderError
	if errors.As(err, &s) {
		wait = max(wait, s.after)
	}
	e.Due, e.Error = now.Add(wait), why
}

// explain says why an event failed, to owners. What is no fault that they can see
// is in the log alone.
func (p *Processor) explain(ctx context.Context, e *store.InboxEvent, err error) string {
	var s *senderError
	switch {
	case errors.As(err, &s):
		return s.Error()
	case errors.Is(err, hub.ErrUnavailable), errors.Is(err, store.ErrUnavailable):
		return "the hub could not store it"
	case errors.Is(err, conflicts.ErrIntroducing):
		return "its client's record is still being uploaded by a device"
	}
	p.Log.ErrorContext(ctx, "event failed", "event", e.ID, "supplier", e.Supplier, "connection", e.Connection, "attempts", e.Attempts, "err", err)
	return "the hub could not work on it; its log says why"
}
