package postgres

import "sync"

// maxKnown bounds the suppliers that a node remembers to be in the database.
// Beyond it, it forgets all, and asks again.
const maxKnown = 100_000

// suppliers are those that are known to have a row. Rows are never deleted.
type suppliers struct {
	mu    sync.RWMutex
	names map[string]bool // escaped
}

// missing are those of some names that may have no row yet.
func (s *suppliers) missing(names []string) (missing []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, n := range names {
		if !s.names[n] {
			missing = append(missing, n)
		}
	}
	return missing
}

func (s *suppliers) add(names []string) {
	if len(s.missing(names)) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil || len(s.names)+len(names) > maxKnown {
		s.names = make(map[string]bool)
	}
	for _, n := range names {
		s.names[n] = true
	}
}

func (s *suppliers) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = nil
}
