package processing

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	breakerAfter = 5           // failures in a row after which a sender is left alone
	breakerFor   = time.Minute // before it is asked again
)

// The states of a breaker.
const (
	BreakerClosed   = "closed"    // the sender is asked
	BreakerOpen     = "open"      // it is not
	BreakerHalfOpen = "half_open" // it is, once
)

// A Breaker is how it stands with a connection's sender, on this node.
type Breaker struct {
	State    string
	Failures int       // in a row
	Until    time.Time // when it is asked again; zero unless State is open
}

// An openError means that a sender is left alone for now.
type openError struct{ until time.Time }

func (e *openError) Error() string {
	return fmt.Sprintf("its sender failed %d times in a row and is left alone for a while", breakerAfter)
}

// breakers are those of connections whose sender has failed lately; the others
// need none.
type breakers struct {
	metrics *metrics

	mu  sync.Mutex
	all map[string]*breaker
}

type breaker struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	until time.Time // when an open one lets somebody pass
}

var errSender = errors.New("the sender failed")

// enter lets an attempt at a connection's sender pass, or says that it must wait
// as an *openError. Whoever passes calls done.
func (b *breakers) enter(connection string, now time.Time) (done func(failed bool), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.all[connection]
	if known == nil {
		return func(failed bool) { b.leave(connection, nil, failed, now) }, nil
	}
	through, err := known.Allow()
	if err != nil {
		return nil, &openError{known.until}
	}
	return func(failed bool) { b.leave(connection, through, failed, now) }, nil
}

// leave notes how an attempt went.
func (b *breakers) leave(connection string, through func(error), failed bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.all[connection]
	if through == nil && failed {
		if known == nil {
			known = &breaker{TwoStepCircuitBreaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
				Name: connection, MaxRequests: 1, Timeout: breakerFor,
				ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerAfter },
			})}
			if b.all == nil {
				b.all = make(map[string]*breaker)
			}
			b.all[connection] = known
		}
		through, _ = known.Allow() // one that is open has no need of another failure
	}
	if through != nil {
		var err error
		if failed {
			err = errSender
		}
		through(err)
	}
	if known == nil {
		return
	}
	known.until = now.Add(breakerFor)
	if !failed && known.State() == gobreaker.StateClosed {
		delete(b.all, connection)
	}
	b.metrics.breakers.Set(float64(b.open()))
}

// open counts the open ones. The lock is held.
func (b *breakers) open() (n int) {
	for _, known := range b.all {
		if known.State() != gobreaker.StateClosed {
			n++
		}
	}
	return n
}

// Breaker is how it stands with a connection's sender.
func (p *Processor) Breaker(connection string) Breaker {
	b := &p.breakers
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.all[connection]
	if known == nil {
		return Breaker{State: BreakerClosed}
	}
	switch known.State() {
	case gobreaker.StateOpen:
		return Breaker{State: BreakerOpen, Failures: breakerAfter, Until: known.until}
	case gobreaker.StateHalfOpen:
		return Breaker{State: BreakerHalfOpen, Failures: breakerAfter}
	}
	return Breaker{State: BreakerClosed, Failures: int(known.Counts().ConsecutiveFailures)}
}
