package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"wedsync/conflicts"
	"wedsync/store"
)

// ErrRevoked means that an owner took the access of the device or its user away.
var ErrRevoked = errors.New("access was taken away")

// ErrRoleChanged means that what the user may do has changed since its
// connection began: it may come back with what it may do now.
var ErrRoleChanged = errors.New("the role has changed, come back")

// CloseCodeOf is the code that ends a connection for an error of Admit, Visit or
// Join, or of a visit.
func CloseCodeOf(err error) CloseCode {
	switch {
	case errors.Is(err, ErrRevoked):
		return Revoked
	case errors.Is(err, ErrRoleChanged):
		return GoingAway
	}
	return TryAgain
}

// admitted is who a token acts for by what holds for its supplier: with the
// lesser of the token's role and the one that was set.
func admitted(a *store.Access, who conflicts.Principal) (conflicts.Principal, error) {
	if _, revoked := a.Revoked[store.DeviceID{User: who.User, Device: who.Device}]; revoked && who.Device != "" {
		return conflicts.Principal{}, ErrRevoked
	}
	if role, set := a.Roles[who.User]; set {
		who.Role = who.Role.Lesser(role)
	}
	if who.Role == conflicts.NoRole {
		return conflicts.Principal{}, ErrRevoked
	}
	return who, nil
}

// Admit is who a token acts for now: with the lesser of the token's role and the
// one that was set. It returns ErrRevoked if the device that the token names or
// all access of its user was taken away, and ErrUnavailable if nobody can tell.
// What an owner changes holds at once, on other nodes as soon as they hear of it.
func (h *Hub) Admit(ctx context.Context, who conflicts.Principal) (conflicts.Principal, error) {
	h.follow.use(who.Supplier, 0)
	a, err := h.access.of(ctx, h.store, who.Supplier)
	if err != nil {
		return conflicts.Principal{}, errors.Join(ErrUnavailable, err)
	}
	return admitted(a, who)
}

// A Visit is a connection that lasts, and that ends when what its principal may
// do changes.
type Visit struct {
	Who conflicts.Principal // as admitted
	// Ended tells once when the connection has to end: ErrRevoked or
	// ErrRoleChanged. See CloseCodeOf.
	Ended <-chan error

	hub   *Hub
	token conflicts.Principal // what the token says
	end   func(error)         // tells the connection; neither waits nor asks for access
}

// Visit admits a principal as Admit does, for as long as a connection lasts. The
// connection calls Leave, last.
func (h *Hub) Visit(ctx context.Context, who conflicts.Principal) (*Visit, error) {
	ended := make(chan error, 1)
	v := &Visit{Ended: ended, hub: h, token: who, end: func(err error) {
		select {
		case ended <- err:
		default: // it was told already
		}
	}}
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Visit) enter(ctx context.Context) error {
	v.hub.follow.joined(v.token.Supplier)
	err := v.hub.access.enter(ctx, v.hub.store, v)
	if err != nil {
		v.hub.follow.left(v.token.Supplier)
	}
	return err
}

// Leave ends the visit. Nothing is told any more.
func (v *Visit) Leave() {
	v.hub.access.leave(v)
	v.hub.follow.left(v.token.Supplier)
}

// accesses keeps what holds for the suppliers that were asked for, and who was
// admitted by it.
type accesses struct {
	mu        sync.RWMutex
	by        map[string]*store.Access
	visits    map[string]map[*Visit]bool
	forgotten int // how often something was forgotten
}

// maxIdle bounds the suppliers without a visit that are kept; beyond, they are
// forgotten and asked for again.
const maxIdle = 10_000

// accessReader is the part of a store that tells who may do what.
type accessReader interface {
	AccessOf(ctx context.Context, supplier string) (store.Access, error)
}

// of is what holds for a supplier. Nobody changes it.
func (a *accesses) of(ctx context.Context, s accessReader, supplier string) (*store.Access, error) {
	a.mu.RLock()
	known, forgotten := a.by[supplier], a.forgotten
	a.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	read, err := s.AccessOf(ctx, supplier)
	if err != nil {
		return nil, fmt.Errorf("who may do what for supplier %q: %w", supplier, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.forgotten != forgotten {
		return &read, nil // which may be the former
	}
	return a.keep(supplier, &read), nil
}

// renew reads again what holds for a supplier, and ends the visits of those who
// may do something else now. If it cannot be read, it is asked for again by
// whoever comes next.
func (a *accesses) renew(ctx context.Context, s accessReader, supplier string) error {
	read, err := s.AccessOf(ctx, supplier)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.forget(supplier)
		return fmt.Errorf("who may do what for supplier %q: %w", supplier, err)
	}
	a.keep(supplier, &read)
	return nil
}

// keep keeps what was read unless something newer is known, has visits end, and
// returns the newest. The caller holds mu.
func (a *accesses) keep(supplier string, read *store.Access) *store.Access {
	if known := a.by[supplier]; known != nil && known.Version >= read.Version {
		return known
	}
	if len(a.by) > len(a.visits)+maxIdle {
		for other := range a.by {
			a.forgetIdle(other)
		}
	}
	if a.by == nil {
		a.by = make(map[string]*store.Access)
	}
	a.by[supplier] = read
	for v := range a.visits[supplier] {
		now, err := admitted(read, v.token)
		if err == nil && now.Role != v.Who.Role {
			err = ErrRoleChanged
		}
		if err != nil {
			v.end(err)
		}
	}
	return read
}

func (a *accesses) forget(supplier string) {
	a.forgotten++
	delete(a.by, supplier)
}

func (a *accesses) forgetIdle(supplier string) {
	if a.visits[supplier] == nil {
		a.forget(supplier)
	}
}

// unused forgets what holds for a supplier that is not followed any more.
func (a *accesses) unused(supplier string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgetIdle(supplier)
}

// outdated reports whether something newer is in force than is known.
func (a *accesses) outdated(supplier string, version uint64) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	known := a.by[supplier]
	if known == nil {
		return a.visits[supplier] != nil
	}
	return known.Version < version
}

// enter admits a visit by what holds at this moment: of two who come and change
// it at once, one hears of the other.
func (a *accesses) enter(ctx context.Context, s accessReader, v *Visit) error {
	for {
		if _, err := a.of(ctx, s, v.token.Supplier); err != nil {
			return errors.Join(ErrUnavailable, err)
		}
		if entered, err := a.tryEnter(v); entered || err != nil {
			return err
		}
	}
}

// tryEnter reports whether the visit is admitted; neither that nor an error means
// that what holds was forgotten at this moment.
func (a *accesses) tryEnter(v *Visit) (entered bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	supplier := v.token.Supplier
	known := a.by[supplier]
	if known == nil {
		return false, nil
	}
	if v.Who, err = admitted(known, v.token); err != nil {
		return false, err
	}
	if a.visits == nil {
		a.visits = make(map[string]map[*Visit]bool)
	}
	if a.visits[supplier] == nil {
		a.visits[supplier] = make(map[*Visit]bool)
	}
	a.visits[supplier][v] = true
	return true, nil
}

func (a *accesses) leave(v *Visit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	visits := a.visits[v.token.Supplier]
	delete(visits, v)
	if len(visits) == 0 {
		delete(a.visits, v.token.Supplier)
	}
}

// connected counts the visits of each device of a supplier.
func (a *accesses) connected(supplier string) map[store.DeviceID]conflicts.Role {
	a.mu.RLock()
	defer a.mu.RUnlock()
	connected := make(map[store.DeviceID]conflicts.Role)
	for v := range a.visits[supplier] {
		connected[store.DeviceID{User: v.Who.User, Device: v.Who.Device}] = v.Who.Role
	}
	return connected
}
