package providers

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// A Fault is a kind of trouble.
type Fault string

// The faults.
const (
	Unauthorized Fault = "unauthorized" // a good token is refused, once
	Limited      Fault = "limited"      // up to three requests of an account are refused, with Retry-After
	Silent       Fault = "silent"       // the same without it; Google says 403
	Broken       Fault = "broken"       // 503
	Slow         Fault = "slow"
	Truncated    Fault = "truncated" // half of an answer
	Dropped      Fault = "dropped"   // the connection breaks
	Doubled      Fault = "doubled"   // things occur twice in a list
	Reordered    Fault = "reordered" // a page's things come in another order
	Expired      Fault = "expired"   // a cursor is too old, in the middle of reading too
)

// AllFaults are all faults.
func AllFaults() []Fault {
	return []Fault{Unauthorized, Limited, Silent, Broken, Slow, Truncated, Dropped, Doubled, Reordered, Expired}
}

// faults are the troubles that are asked for.
type faults struct {
	seed    uint64
	chances map[Fault]chance
	scripts []script
	times   map[string]uint64 // how often a URL was asked
	bursts  map[account]burst // who is being refused
	struck  map[Fault]int
}

type chance struct {
	share  float64 // of the requests that can meet it
	atMost int     // times; less than 0 for no bound
}

// A script is trouble for the next requests to a path.
type script struct {
	fault Fault
	path  string
	times int
}

// A burst is how many requests more are refused.
type burst struct {
	left   int
	silent bool
}

func newFaults(seed uint64) faults {
	return faults{seed: seed, chances: make(map[Fault]chance), times: make(map[string]uint64), bursts: make(map[account]burst), struck: make(map[Fault]int)}
}

// Trouble makes a share (0 to 1) of the requests meet a fault, at most so many
// times (less than 0 for no bound), in place of what was said of it before.
func (s *Server) Trouble(f Fault, share float64, atMost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.chances[f] = chance{share, atMost}
}

// Next makes the next requests whose path contains a text meet a fault.
func (s *Server) Next(f Fault, path string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.scripts = append(s.faults.scripts, script{f, path, times})
}

// Calm ends all trouble.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = newFaults(s.faults.seed)
}

// Struck says how often a fault was met since the server was calm.
func (s *Server) Struck(f Fault) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.struck[f]
}

// strikes reports whether a request that could meet a fault does. The lock is held.
func (f *faults) strikes(what Fault, r *http.Request) bool {
	if f.due(what, r) {
		f.struck[what]++
		return true
	}
	return false
}

func (f *faults) due(what Fault, r *http.Request) bool {
	for i := range f.scripts {
		if one := &f.scripts[i]; one.fault == what && one.times > 0 && strings.Contains(r.URL.Path, one.path) {
			one.times--
			return true
		}
	}
	c := f.chances[what]
	if c.share <= 0 || c.atMost == 0 || f.chosen(what, r).Float64() >= c.share {
		return false
	}
	if c.atMost > 0 {
		c.atMost--
		f.chances[what] = c
	}
	return true
}

// chosen is the source of what chance decides on a fault of a request, the same
// whatever else is asked meanwhile.
func (f *faults) chosen(what Fault, r *http.Request) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(what) + " " + r.Method + " " + r.URL.RequestURI())) // a hash takes all
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, f.times[r.URL.RequestURI()]))
	return rand.New(rand.NewPCG(f.seed, h.Sum64())) //nolint:gosec // trouble is no secret
}

// mishaps are the faults that a request meets, whatever it asks for.
type mishaps struct {
	slow, dropped, truncated bool
	err                      error
}

// asked counts a request and says which faults it meets.
func (s *Server) asked(p Provider, pattern string, r *http.Request) mishaps {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(pattern, func(c *Count) { c.Asked++ })
	s.faults.times[r.URL.RequestURI()]++
	m := mishaps{slow: s.faults.strikes(Slow, r), dropped: s.faults.strikes(Dropped, r), truncated: s.faults.strikes(Truncated, r)}
	if s.faults.strikes(Broken, r) {
		m.err = broken(p)
	}
	return m
}

// limits reports whether an account's request is refused as one too many, and
// whether without a word on when to come back. The lock is held.
func (f *faults) limits(a account, r *http.Request) (refused, silent bool) {
	b := f.bursts[a]
	if b.left == 0 {
		switch {
		case f.strikes(Limited, r):
			b = burst{left: 1 + f.chosen(Limited, r).IntN(3)}
		case f.strikes(Silent, r):
			b = burst{left: 1 + f.chosen(Silent, r).IntN(3), silent: true}
		default:
			return false, false
		}
	}
	b.left--
	f.bursts[a] = b
	return true, b.silent
}

// expired reports whether a request's cursor is said to be too old. The lock is held.
func (s *Server) expired(r *request) bool { return s.faults.strikes(Expired, r.Request) }

// disturbed is a page of a list, with the troubles of lists. The lock is held.
func disturbed[T any](s *Server, r *request, page []T) []T {
	page = slices.Clone(page)
	if len(page) > 0 && s.faults.strikes(Doubled, r.Request) {
		chosen := s.faults.chosen(Doubled, r.Request)
		for range 1 + len(page)/10 {
			at := chosen.IntN(len(page))
			page = slices.Insert(page, chosen.IntN(len(page)+1), page[at])
		}
	}
	if s.faults.strikes(Reordered, r.Request) {
		s.faults.chosen(Reordered, r.Request).Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
	}
	return page
}
