package auth

import (
	"fmt"
	"sync"
	"time"

	"wedsync/conflicts"
)

// places are the sockets that are open.
type places struct {
	LimitOptions

	mu    sync.Mutex
	taken map[caller]int // by hub, supplier, user and device: of what is empty, all
}

// A share is a part of the places.
type share struct {
	of   caller
	most int
	name string
}

func (s *places) shares(p conflicts.Principal) []share {
	all := []share{
		{caller{}, s.Sockets, "sockets on this hub"},
		{caller{supplier: p.Supplier}, s.SupplierSockets, "sockets of this supplier"},
		{caller{supplier: p.Supplier, user: p.User}, s.UserSockets, "sockets of this user"},
	}
	if p.Device != "" {
		all = append(all, share{callerOf(p), s.DeviceSockets, "sockets of this device"})
	}
	return all
}

// socketAfter is when a socket may be tried again. Nobody knows when one closes.
const socketAfter = 5 * time.Second

func (s *places) take(p conflicts.Principal) (leave func(), err error) {
	shares := s.shares(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, share := range shares {
		if s.taken[share.of] >= share.most {
			return nil, &LimitError{fmt.Sprintf("%s, at most %d", share.name, share.most), socketAfter}
		}
	}
	for _, share := range shares {
		s.taken[share.of]++
	}
	return func() { s.leave(shares) }, nil
}

func (s *places) leave(shares []share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, share := range shares {
		if s.taken[share.of]--; s.taken[share.of] == 0 {
			delete(s.taken, share.of)
		}
	}
}
