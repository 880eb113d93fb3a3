package hub

import (
	"context"
	"maps"
	"slices"
	"sync"

	"wedsync/crdt"
)

const roomShards = 64

// rooms finds the room of a record. A room exists while it has tasks, members
// or a record in memory.
type rooms struct {
	shards [roomShards]struct {
		mu    sync.Mutex
		rooms map[crdt.RecordID]*room
	}
	closing sync.RWMutex // held for reading while an owner is started
	closed  bool
	owners  sync.WaitGroup
}

func (rs *rooms) get(h *Hub, id crdt.RecordID) *room {
	s := &rs.shards[id[15]%roomShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r == nil {
		r = newRoom(h, id)
		if s.rooms == nil {
			s.rooms = make(map[crdt.RecordID]*room)
		}
		s.rooms[id] = r
	}
	return r
}

// find returns the room of a record if it has one.
func (rs *rooms) find(id crdt.RecordID) *room {
	s := &rs.shards[id[15]%roomShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[id]
}

// each calls f with every room there is, some of which may be dropped meanwhile.
func (rs *rooms) each(f func(*room)) {
	for i := range rs.shards {
		s := &rs.shards[i]
		s.mu.Lock()
		all := slices.Collect(maps.Values(s.rooms))
		s.mu.Unlock()
		for _, r := range all {
			f(r)
		}
	}
}

// drop removes an empty room unless a task has come meanwhile.
func (rs *rooms) drop(r *room) bool {
	s := &rs.shards[r.id[15]%roomShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) > 0 {
		return false
	}
	r.gone, r.running = true, false
	delete(s.rooms, r.id)
	return true
}

// own starts the owner of a room, unless the hub is closing.
func (rs *rooms) own(run func()) bool {
	rs.closing.RLock()
	defer rs.closing.RUnlock()
	if rs.closed {
		return false
	}
	rs.owners.Go(run)
	return true
}

// close waits for all owners; no new one starts.
func (rs *rooms) close() {
	rs.closing.Lock()
	rs.closed = true
	rs.closing.Unlock()
	rs.owners.Wait()
}

// deliver puts a task into the queue of a record's room. It waits while the
// queue is full, at most until ctx ends.
func (h *Hub) deliver(ctx context.Context, id crdt.RecordID, t task) error {
	for {
		space, err := h.rooms.get(h, id).push(t)
		if err != nil || space == nil {
			return err
		}
		select {
		case <-space:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
