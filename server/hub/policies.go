package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"wedsync/conflicts"
	"wedsync/store"
)

// policies keeps the policy of each supplier that was asked for.
type policies struct {
	mu        sync.RWMutex
	by        map[string]*conflicts.Policy
	forgotten int // how often a policy was forgotten
}

// policyReader is the part of a store that keeps policies.
type policyReader interface {
	Policy(ctx context.Context, supplier string) (*conflicts.Policy, error)
}

// of is the policy of a supplier, and whether it was read only now.
func (p *policies) of(ctx context.Context, s policyReader, supplier string) (policy *conflicts.Policy, read bool, err error) {
	p.mu.RLock()
	known, forgotten := p.by[supplier], p.forgotten
	p.mu.RUnlock()
	if known != nil {
		return known, false, nil
	}
	policy, err = s.Policy(ctx, supplier)
	if errors.Is(err, store.ErrNotFound) {
		policy, err = conflicts.DefaultPolicy(), nil
	}
	if err != nil {
		return nil, false, err
	}
	_ = policy.Check() // looks up its zone; what was let in once stays in force
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgotten != forgotten {
		return policy, true, nil // what was read may be the former one
	}
	return p.renew(supplier, policy), true, nil
}

// renew keeps a policy unless a newer one is known, and returns the newest.
// The caller holds mu.
func (p *policies) renew(supplier string, policy *conflicts.Policy) *conflicts.Policy {
	if known := p.by[supplier]; known != nil && known.Version >= policy.Version {
		return known
	}
	if p.by == nil {
		p.by = make(map[string]*conflicts.Policy)
	}
	p.by[supplier] = policy
	return policy
}

// set keeps a policy that is stored.
func (p *policies) set(supplier string, policy *conflicts.Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renew(supplier, policy)
}

// outdated has the store asked again if the policy in force is newer than the known one.
func (p *policies) outdated(supplier string, version uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.by[supplier]; known != nil && known.Version < version {
		p.forgotten++
		delete(p.by, supplier)
	}
}

// forget has the store asked again.
func (p *policies) forget(supplier string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgotten++
	delete(p.by, supplier)
}

// Policy is the supplier's policy, the default one if it has set none. Where a
// hub first needs a policy that was set, records may have been left to judge.
func (h *Hub) Policy(ctx context.Context, supplier string) (*conflicts.Policy, error) {
	policy, read, err := h.policies.of(ctx, h.store, supplier)
	if err == nil && read && policy.Version > 1 {
		h.convert.begin(supplier, policy.Version)
	}
	return policy, err
}

// SetPolicy puts a policy into force and has the supplier's records judged by
// it. The policy's version is that of the one that its caller has changed, 0
// for whatever is in force; store.ErrStale says that it is not. What is wrong
// with a policy is a *conflicts.FieldError or *conflicts.ZoneError.
func (h *Hub) SetPolicy(ctx context.Context, by conflicts.Principal, policy conflicts.Policy) (*conflicts.Policy, error) {
	if !by.Role.MayResolve() {
		return nil, ErrForbidden
	}
	if err := policy.Check(); err != nil {
		return nil, err
	}
	former, err := h.Policy(ctx, by.Supplier)
	if err != nil {
		return nil, err
	}
	if policy.Version != 0 && policy.Version != former.Version {
		return nil, fmt.Errorf("policy of version %d: %w", former.Version, store.ErrStale)
	}
	if err := h.outsideLists(ctx, by.Supplier, former, &policy); err != nil {
		return nil, err
	}
	policy.Version = former.Version + 1
	if err := h.store.SetPolicy(ctx, by.Supplier, &policy); err != nil {
		h.policies.forget(by.Supplier) // it may be stored all the same
		return nil, err
	}
	h.policies.set(by.Supplier, &policy)
	h.convert.begin(by.Supplier, policy.Version)
	h.log.Info("policy changed", "supplier", by.Supplier, "user", by.User, "version", policy.Version)
	return &policy, nil
}

// PolicyJob says how far the records of a supplier have been judged by its policy.
func (h *Hub) PolicyJob(supplier string) PolicyJob { return h.convert.job(supplier) }
