package account_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"wedsync/store"
)

// accounts are stored accounts, in memory, as the stores keep them.
type accounts struct {
	mu  sync.Mutex
	all map[string]store.Account
	// raced is called before an account is stored, to let others come first.
	raced func(store.Account)
}

func newAccounts() *accounts { return &accounts{all: make(map[string]store.Account)} }

func (s *accounts) those(keep func(store.Account) bool) []store.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []store.Account
	for _, a := range s.all {
		if keep(a) {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b store.Account) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (s *accounts) Accounts(_ context.Context, supplier string) ([]store.Account, error) {
	return s.those(func(a store.Account) bool { return a.Supplier == supplier }), nil
}

func (s *accounts) AllAccounts(_ context.Context, after string, limit int) ([]store.Account, error) {
	all := s.those(func(a store.Account) bool { return a.ID > after })
	return all[:min(limit, len(all))], nil
}

func (s *accounts) Account(_ context.Context, id string) (store.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.all[id]
	if !ok {
		return a, store.ErrNotFound
	}
	return a, nil
}

func (s *accounts) SetAccount(ctx context.Context, a store.Account) error {
	if s.raced != nil {
		s.raced(a)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[a.ID].Version != a.Version {
		return store.ErrStale
	}
	a.Version++
	s.all[a.ID] = a
	return nil
}

func (s *accounts) DeleteAccount(_ context.Context, supplier, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[id].Supplier != supplier {
		return store.ErrNotFound
	}
	delete(s.all, id)
	return nil
}

// jobs are those that were put.
type jobs struct {
	mu  sync.Mutex
	put []store.Job
}

func (j *jobs) PutJobs(_ context.Context, put ...store.Job) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.put = append(j.put, put...)
	return nil
}

func (*jobs) WorkJobs(context.Context, map[string]store.Worker) error { return nil }
