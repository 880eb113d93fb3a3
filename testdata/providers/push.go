package providers

import "net/http"

// A Push is a message that a provider sends by itself when something has changed.
// It is a hint: a test may lose it, hold it back or send it twice.
type Push struct {
	Provider Provider
	Address  string // of the account in which something has changed
	URL      string // to which it is sent; empty where the receiver is named elsewhere, as in Pub/Sub
	Header   http.Header
	Body     []byte
}

// OnPush makes a server give its pushes to a function, nil for none. It is called
// by whoever changes something, after the change can be read.
func (s *Server) OnPush(f func(Push)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push = f
}

// pushed gives pushes to who asked for them. The lock is not held.
func (s *Server) pushed(pushes ...Push) {
	s.mu.Lock()
	f := s.push
	s.mu.Unlock()
	if f == nil {
		return
	}
	for _, p := range pushes {
		f(p)
	}
}
