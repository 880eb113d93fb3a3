package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"wedsync/store"
)

// unwell is for how long after a failure of the store the hub calls itself not
// ready, unless something is stored sooner. It ends by itself, because a hub that
// nobody is sent to stores nothing.
const unwell = 10 * time.Second

// A health is how the hub last found its store.
type health struct {
	mu     sync.Mutex
	failed error // the last failure, nil once something was stored
	at     time.Time
}

// storeFailed notes that the store could not be read or written, and logs it
// unless that is known.
func (h *Hub) storeFailed(err error) {
	now := h.now()
	h.health.mu.Lock()
	known := h.health.failed != nil && now.Sub(h.health.at) < unwell
	if !known {
		h.health.at = now
	}
	h.health.failed = err
	h.health.mu.Unlock()
	if !known {
		h.log.Error("the store fails; devices are told to come back", "err", err)
	}
}

// storeWorked notes that something was stored.
func (h *Hub) storeWorked() {
	h.health.mu.Lock()
	failed := h.health.failed
	h.health.failed = nil
	h.health.mu.Unlock()
	if failed != nil {
		h.log.Info("the store works again")
	}
}

// Ready tells whether changes can be stored now, as far as the hub knows from its
// last commits and from asking the store: why not, in words for anybody, or nothing
// if they can.
func (h *Hub) Ready(ctx context.Context) (whyNot string) {
	err := h.store.Ping(ctx)
	if err == nil {
		err = h.ailing()
	}
	var known *store.UnavailableError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &known):
		return known.Reason
	case ctx.Err() != nil:
		return "the store does not answer"
	}
	return "the store cannot be written"
}

// ailing is the last failure of the store if that still counts.
func (h *Hub) ailing() error {
	h.health.mu.Lock()
	defer h.health.mu.Unlock()
	if h.now().Sub(h.health.at) >= unwell {
		return nil
	}
	return h.health.failed
}
