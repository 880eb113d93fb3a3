package sending

import (
	"time"
)

// A Trouble is what failed since a delivery to the endpoint came through last. It
// is stored: all nodes go by the same breaker.
type Trouble struct {
	Since    time.Time `json:"since"`
	Failures int       `json:"failures"`
	Latest   time.Time `json:"latest"`
	Error    string    `json:"error"`          // of the latest
	Until    time.Time `json:"until,omitzero"` // the endpoint is left alone; zero for not at all
}

// A Breaker says whether requests go to an endpoint.
type Breaker string

// The states of a breaker.
const (
	Closed   Breaker = "closed"    // they do
	Open     Breaker = "open"      // none for a while
	HalfOpen Breaker = "half_open" // one at a time, to see
)

// Breaker is the state of the endpoint's.
func (s *Settings) Breaker(now time.Time) Breaker {
	switch t := s.Trouble; {
	case t == nil || t.Until.IsZero():
		return Closed
	case now.Before(t.Until):
		return Open
	}
	return HalfOpen
}

// width is how many requests may go to the endpoint at the same time.
func (s *Settings) width(now time.Time) int {
	return map[Breaker]int{Closed: width, HalfOpen: 1}[s.Breaker(now)]
}

// Bounds of how long an open breaker stays so.
const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

// failed notes that a request failed. Chance is from 0 to 1.
func (s *Settings) failed(now time.Time, text string, chance float64) {
	t := s.Trouble
	if t == nil {
		t = &Trouble{Since: now}
	}
	t = &Trouble{Since: t.Since, Failures: t.Failures + 1, Latest: now, Error: text, Until: t.Until}
	s.Trouble = t
	switch {
	case t.Failures < OpensAfter || now.Before(t.Until): // those under way when it opened prove nothing new
	case now.Sub(t.Since) >= DisableAfter:
		s.disable(now, Failing)
	default:
		pause := min(longestPause, firstPause<<min(t.Failures-OpensAfter, 8))
		t.Until = now.Add(pause + time.Duration(chance*float64(pause/10)))
	}
}

// disable has the endpoint sent nothing until a person says so.
func (s *Settings) disable(now time.Time, why Reason) {
	if s.Disabled == nil {
		s.Disabled = &Disabled{why, now}
	}
}
