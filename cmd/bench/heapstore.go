package main

import (
	"context"
	"fmt"
	"sync"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// A heapStore is what a hub with devices alone asks of a store, kept in memory
// at next to no cost, so that what is measured is the hub. It has no other
// methods of a store: calling one panics.
type heapStore struct {
	store.Store

	mu      sync.Mutex
	records map[crdt.RecordID]*store.Stored
}

func newHeapStore() *heapStore { return &heapStore{records: make(map[crdt.RecordID]*store.Stored)} }

func (s *heapStore) Append(_ context.Context, commits []store.Commit) (stale []crdt.RecordID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range commits {
		r := s.records[c.Record]
		if r == nil {
			r = &store.Stored{Heads: store.Heads{Supplier: c.Supplier}}
			s.records[c.Record] = r
		}
		if c.Version != r.Version {
			stale = append(stale, c.Record)
			continue
		}
		r.Heads = store.Heads{Supplier: c.Supplier, Version: c.Version + 1, State: c.State, Heads: c.Heads}
		r.Batches = append(r.Batches, c.Batches...)
		if c.Ledger != nil {
			r.Ledger = c.Ledger
		}
	}
	return stale, nil
}

func (s *heapStore) Heads(_ context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := make(map[crdt.RecordID]store.Heads, len(ids))
	for _, id := range ids {
		if r := s.records[id]; r != nil {
			known[id] = r.Heads
		}
	}
	return known, nil
}

func (s *heapStore) Load(_ context.Context, id crdt.RecordID) (*store.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[id]
	if r == nil {
		return nil, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	loaded := *r
	return &loaded, nil
}

func (*heapStore) Policy(context.Context, string) (*conflicts.Policy, error) {
	return nil, store.ErrNotFound
}

// AccessOf knows of nobody whose access was changed.
func (*heapStore) AccessOf(context.Context, string) (store.Access, error) {
	return store.Access{}, nil
}

func (*heapStore) Identity(context.Context) (store.Identity, error) {
	return store.Identity{Secret: make([]byte, 32), StorageID: "1bb2e4a2-6a9c-4b86-9e39-5c4b4b1b8f10"}, nil
}

func (*heapStore) Seen(context.Context, []store.Device) error { return nil }

func (*heapStore) Announce(context.Context, []store.DeviceHeads) error { return nil }

func (*heapStore) Project(context.Context, ...store.Projection) error { return nil }

// Waiting finds no conflict that has waited for long.
func (*heapStore) Waiting(context.Context) ([]store.Waiting, error) {
	return nil, nil
}

// Shared implements [store.Nodes].
func (*heapStore) Shared() bool { return false }
