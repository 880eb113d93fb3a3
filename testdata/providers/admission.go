package providers

import (
	"net/http"
	"strings"
	"time"
)

// A Count says how often something was asked.
type Count struct {
	Asked   int // requests that came
	Served  int // those that were answered as they should be
	Limited int // those that were refused as too many
	Units   int // of quota, that those cost which were not refused
}

// count changes a count. The lock is held.
func (s *Server) count(pattern string, change func(*Count)) {
	c := s.counts[pattern]
	change(&c)
	s.counts[pattern] = c
}

// answered counts what became of a request.
func (s *Server) answered(pattern string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(pattern, func(c *Count) {
		if err == nil {
			c.Served++
		}
	})
}

// Counts are the counts by method and path, as "GET /google/gmail/v1/users/me/messages".
func (s *Server) Counts() map[string]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Count, len(s.counts))
	for pattern, c := range s.counts {
		all[pattern] = c
	}
	return all
}

// Total is the sum of the counts whose method and path contain a text.
func (s *Server) Total(containing string) (sum Count) {
	for pattern, c := range s.Counts() {
		if strings.Contains(pattern, containing) {
			sum.Asked += c.Asked
			sum.Served += c.Served
			sum.Limited += c.Limited
			sum.Units += c.Units
		}
	}
	return sum
}

// ResetCounts makes all counts begin again.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
}

// SetQuota bounds the units per second of each account with a provider, 0 for no
// bound.
func (s *Server) SetQuota(p Provider, perSecond int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	quota := make(map[Provider]int)
	for other, units := range s.options.Quota {
		quota[other] = units
	}
	quota[p] = perSecond
	s.options.Quota = quota
	clear(s.quotas)
}

// A bucket holds the units that an account may use now: at most those of a second.
type bucket struct {
	units float64
	at    time.Time
}

// take uses units if they are there; else it says how long until they are.
func (b *bucket) take(units, perSecond float64, now time.Time) time.Duration {
	if passed := now.Sub(b.at); passed > 0 {
		b.units = min(perSecond, b.units+passed.Seconds()*perSecond)
		b.at = now
	}
	if missing := min(units, perSecond) - b.units; missing > 0 {
		return time.Duration(missing / perSecond * float64(time.Second))
	}
	b.units -= units
	return 0
}

// admit finds out whose request it is, and refuses one too many.
func (s *Server) admit(r *request, cost int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.now = s.now(r.provider)
	if !s.authenticate(r) || s.faults.strikes(Unauthorized, r.Request) {
		return unauthorized(r.provider)
	}
	if refused, silent := s.faults.limits(r.account, r.Request); refused {
		s.count(r.Pattern, func(c *Count) { c.Limited++ })
		if silent {
			return limited(r.provider, 0, true)
		}
		return limited(r.provider, s.options.RetryAfter, false)
	}
	if perSecond := s.options.Quota[r.provider]; perSecond > 0 {
		b, ok := s.quotas[r.account]
		if !ok {
			b = &bucket{units: float64(perSecond), at: s.options.Clock()}
			s.quotas[r.account] = b
		}
		if b.take(float64(cost), float64(perSecond), s.options.Clock()) > 0 {
			s.count(r.Pattern, func(c *Count) { c.Limited++ })
			return limited(r.provider, time.Second, false)
		}
	}
	s.count(r.Pattern, func(c *Count) { c.Units += cost })
	return nil
}

// authenticate fills in the account in whose name a request is made, if it is good.
// The lock is held.
func (s *Server) authenticate(r *request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		of, known := s.accounts[account{r.provider, user}]
		r.address = user
		return known && of.secret != "" && of.secret == password
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	grant, ok := s.tokens.access[token]
	r.address = grant.address
	return ok && grant.provider == r.provider && r.now.Before(grant.expires)
}

// badRequest is the failure of a request that makes no sense.
func badRequest(message string) failure {
	return failure{status: http.StatusBadRequest, reason: "invalidArgument", code: 20001, message: message}
}
