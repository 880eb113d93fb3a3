package main

import (
	"log/slog"
	"sync"
	"time"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

// A mint makes a hub's tokens from the secret that it read once.
type mint struct {
	mu     sync.Mutex
	tokens *auth.Tokens // nil until one is wanted
}

// forget has the secret read again: the store may be another one.
func (m *mint) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens = nil
}

// token is what wedsync token would print, without a process or a command line: tests
// want hundreds of tokens.
func (h *hubProcess) token(w who) string {
	h.t.Helper()
	h.mint.mu.Lock()
	defer h.mint.mu.Unlock()
	if h.mint.tokens == nil {
		kept := storeFlags{Data: h.data}
		if h.data == "" {
			kept.Store = h.store[1]
		}
		identity, err := kept.identity(h.t.Context(), slog.New(slog.DiscardHandler))
		if err != nil {
			h.t.Fatalf("token: %v", err)
		}
		h.mint.tokens = auth.New(identity.Secret, time.Now)
	}
	token, err := h.mint.tokens.Mint(conflicts.Principal{
		Supplier: w.supplier, User: w.user, Device: w.device, Role: conflicts.Role(w.role),
	}, time.Hour)
	if err != nil {
		h.t.Fatalf("token: %v", err)
	}
	return token
}
