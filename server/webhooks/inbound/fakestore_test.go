package inbound_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	"wedsync/store"
)

// A memory is a store in memory that can be told to fail or to wait.
type memory struct {
	mu           sync.Mutex
	connections  map[string]store.Connection
	events       []store.InboxEvent
	jobs         []store.Job
	transactions int
	most         int   // events that are kept; all if 0
	fail         error // of keeping events
	failJobs     error
	rung         chan struct{} // gets one for each PutJobs
	gate         chan struct{} // if not nil, keeping events takes one first
}

func newMemory(connections ...store.Connection) *memory {
	m := &memory{connections: make(map[string]store.Connection), rung: make(chan struct{}, 10_000)}
	for _, c := range connections {
		m.connections[c.ID] = c
	}
	return m
}

func (m *memory) Connections(_ context.Context, supplier string) ([]store.Connection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []store.Connection
	for _, id := range slices.Sorted(maps.Keys(m.connections)) {
		if m.connections[id].Supplier == supplier {
			all = append(all, m.connections[id])
		}
	}
	return all, nil
}

func (m *memory) Connection(_ context.Context, id string) (store.Connection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.connections[id]
	if !ok {
		return store.Connection{}, store.ErrNotFound
	}
	return c, nil
}

func (m *memory) ReceiveEvents(ctx context.Context, events []store.InboxEvent) ([]store.Arrival, error) {
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.transactions++
	if m.fail != nil {
		return nil, m.fail
	}
	became := make([]store.Arrival, len(events))
	for i, e := range events {
		known := slices.ContainsFunc(m.events, func(k store.InboxEvent) bool {
			return k.Supplier == e.Supplier && k.Connection == e.Connection && k.External == e.External
		})
		switch {
		case known:
			became[i] = store.EventKnown
		case m.most > 0 && len(m.events) >= m.most:
			became[i] = store.EventRefused
		default:
			became[i] = store.EventStored
			m.events = append(m.events, e)
		}
	}
	return became, nil
}

func (m *memory) PutJobs(_ context.Context, jobs ...store.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() { m.rung <- struct{}{} }()
	if m.failJobs != nil {
		return m.failJobs
	}
	m.jobs = append(m.jobs, jobs...)
	return nil
}

func (m *memory) kept() []store.InboxEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}
