package breaker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// The states of a breaker.
const (
	Closed   = "closed"    // they are asked
	Open     = "open"      // they are not
	HalfOpen = "half_open" // they are, once
)

// A Breaker is how it stands with one of those who are asked, on this node.
type Breaker struct {
	State    string
	Failures int       // in a row
	Until    time.Time // when they are asked again; zero unless State is Open
}

// An OpenError means that somebody is left alone for now.
type OpenError struct {
	Until    time.Time // past if somebody else is trying right now
	Failures int       // in a row, after which it came to that
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("it failed %d times in a row and is left alone for a while", e.Failures)
}

// A Set has the breakers of those who have failed lately; the others need none.
// Its methods may be called from any goroutine.
type Set struct {
	After  int                // failures in a row after which somebody is left alone
	For    time.Duration      // before they are asked again
	Opened func(breakers int) // told how many are not closed, whenever that may have changed; nil for nobody

	mu  sync.Mutex
	all map[string]*breaker
}

type breaker struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	until time.Time // when an open one lets somebody pass
}

var errFailed = errors.New("failed")

// Enter lets an attempt pass, or says that it must wait as an *OpenError. Whoever
// passes calls done.
func (s *Set) Enter(key string, now time.Time) (done func(failed bool), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[key]
	if known == nil {
		return func(failed bool) { s.leave(key, nil, failed, now) }, nil
	}
	through, err := known.Allow()
	if err != nil {
		return nil, &OpenError{Until: known.until, Failures: s.After}
	}
	return func(failed bool) { s.leave(key, through, failed, now) }, nil
}

// leave notes how an attempt went.
func (s *Set) leave(key string, through func(error), failed bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[key]
	if through == nil && failed {
		if known == nil {
			known = s.add(key)
		}
		through, _ = known.Allow() // one that is open has no need of another failure
	}
	if through != nil {
		var err error
		if failed {
			err = errFailed
		}
		through(err)
	}
	if known == nil {
		return
	}
	known.until = now.Add(s.For)
	if !failed && known.State() == gobreaker.StateClosed {
		delete(s.all, key)
	}
	if s.Opened != nil {
		s.Opened(s.open())
	}
}

// add makes a breaker. The lock is held.
func (s *Set) add(key string) *breaker {
	added := &breaker{TwoStepCircuitBreaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: key, MaxRequests: 1, Timeout: s.For,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(max(0, s.After)) }, //nolint:gosec // a handful
	})}
	if s.all == nil {
		s.all = make(map[string]*breaker)
	}
	s.all[key] = added
	return added
}

// open counts those that are not closed. The lock is held.
func (s *Set) open() (n int) {
	for _, known := range s.all {
		if known.State() != gobreaker.StateClosed {
			n++
		}
	}
	return n
}

// Of is how it stands with somebody.
func (s *Set) Of(key string) Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[key]
	if known == nil {
		return Breaker{State: Closed}
	}
	switch known.State() {
	case gobreaker.StateOpen:
		return Breaker{State: Open, Failures: s.After, Until: known.until}
	case gobreaker.StateHalfOpen:
		return Breaker{State: HalfOpen, Failures: s.After}
	}
	return Breaker{State: Closed, Failures: int(known.Counts().ConsecutiveFailures)}
}
