package hub

import (
	"context"
	"errors"
	"sync"

	"wedsync/conflicts"
	"wedsync/store"
)

// policies keeps the policy of each supplier that was asked for.
type policies struct {
	mu sync.RWMutex
	by map[string]*conflicts.Policy
}

// policyReader is the part of a store that keeps policies.
type policyReader interface {
	Policy(ctx context.Context, supplier string) (*conflicts.Policy, error)
}

func (p *policies) of(ctx context.Context, s policyReader, supplier string) (*conflicts.Policy, error) {
	p.mu.RLock()
	known := p.by[supplier]
	p.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	policy, err := s.Policy(ctx, supplier)
	if errors.Is(err, store.ErrNotFound) {
		policy, err = conflicts.DefaultPolicy(), nil
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = make(map[string]*conflicts.Policy)
	}
	p.by[supplier] = policy
	return policy, nil
}
