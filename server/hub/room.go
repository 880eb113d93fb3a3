package hub

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

// A task is something that happens to one record. stage runs in the room's
// owner; it may run again on a record loaded afresh if the first commit came to
// nothing. It returns false if it must wait for the next turn.
type task interface {
	stage(r *room, s *stage) bool
}

// A room is where one record lives while somebody is interested in it.
type room struct {
	hub *Hub
	id  crdt.RecordID

	mu      sync.Mutex
	queue   []task
	running bool          // an owner works the queue off
	gone    bool          // dropped; get another
	space   chan struct{} // closed when the queue is next taken

	// All below belongs to the owner.

	known    bool        // stored is as the store has it; false until asked
	stored   store.Heads // version 0 if the store does not know the record
	claimant string      // the supplier that speaks of a record not yet stored
	record   *conflicts.Record
	view     *syncproto.View // of record
	members  map[*Device]*member
}

func newRoom(h *Hub, id crdt.RecordID) *room {
	return &room{hub: h, id: id, members: make(map[*Device]*member)}
}

// push queues a task and sees to it that an owner runs. A full queue gives the
// channel that tells of space.
func (r *room) push(t task) (full <-chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		done := make(chan struct{})
		close(done)
		return done, nil // try again: the next get makes a new room
	}
	if len(r.queue) >= r.hub.limits.RoomTasks {
		if r.space == nil {
			r.space = make(chan struct{})
		}
		return r.space, nil
	}
	if !r.running {
		if !r.hub.rooms.own(r.run) {
			return nil, ErrUnavailable
		}
		r.running = true
	}
	r.queue = append(r.queue, t)
	return nil, nil
}

// take empties the queue; without tasks the owner rests and take returns nil.
func (r *room) take() []task {
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks := r.queue
	r.queue = nil
	if r.space != nil {
		close(r.space)
		r.space = nil
	}
	if len(tasks) == 0 {
		r.running = false
	}
	return tasks
}

// run is the owner. It ends when the queue is empty.
func (r *room) run() {
	for {
		r.mu.Lock()
		empty := len(r.queue) == 0
		r.mu.Unlock()
		if empty && len(r.members) == 0 && r.record == nil && r.hub.rooms.drop(r) {
			return
		}
		tasks := r.take()
		if tasks == nil {
			return
		}
		for len(tasks) > 0 {
			tasks = r.turn(tasks)
		}
		r.measure()
	}
}

const maxStaleTurns = 3 // before the devices are told to come back

// turn stages tasks, stores what they led to and tells who must know. It
// returns the tasks that have to wait for the next turn.
func (r *room) turn(tasks []task) (rest []task) {
	for try := 1; ; try++ {
		s := &stage{now: r.hub.now()}
		rest = nil
		for i, t := range tasks {
			if !t.stage(r, s) {
				rest = tasks[i:]
				break
			}
		}
		err := r.commit(s)
		if err == errStale && try < maxStaleTurns {
			r.forget()
			continue
		}
		if err != nil {
			r.forget()
			s.fail(err)
			return rest
		}
		r.publish(s)
		return rest
	}
}

// look asks the store for the record's heads, once.
func (r *room) look() error {
	if r.known {
		return nil
	}
	heads, _, err := r.hub.heads.load(r.id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.stored, r.known = heads, true
	return nil
}

// open has the record in memory afterwards.
func (r *room) open() error {
	if r.record != nil {
		return nil
	}
	if err := r.look(); err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.hub.ctx)
	policy, err := r.hub.Policy(ctx, r.supplier())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if r.stored.Version == 0 {
		r.admit(conflicts.New(r.id, r.hub.env, policy))
		return nil
	}
	stored, err := r.hub.store.Load(ctx, r.id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	batches := make([]conflicts.StoredBatch, len(stored.Batches))
	for i, b := range stored.Batches {
		batches[i] = conflicts.StoredBatch{Chunks: b.Chunks, Hub: b.Hub}
	}
	record, err := conflicts.Load(r.id, r.hub.env, policy, stored.Ledger, batches)
	if err != nil {
		return fmt.Errorf("open record %s: %w", r.id, err)
	}
	if !slices.Equal(record.Graph().Heads(), stored.Heads.Heads) {
		return fmt.Errorf("open record %s: the stored changes do not lead to the stored heads (run wedsync doctor)", r.id)
	}
	r.stored = stored.Heads
	r.admit(record)
	return nil
}

func (r *room) admit(record *conflicts.Record) {
	r.record = record
	r.view = syncproto.NewView(record.Graph())
	for _, m := range r.members {
		m.restore(r.record.Graph())
	}
}

// supplier is whose record it is, or who claims a record not yet stored.
func (r *room) supplier() string {
	if r.stored.Version > 0 {
		return r.stored.Supplier
	}
	return r.claimant
}

// forget drops what is in memory; the next task asks the store again.
func (r *room) forget() {
	r.close()
	r.known, r.stored = false, store.Heads{}
}

// close frees the record. What the members were known to hold is kept.
func (r *room) close() {
	r.record, r.view = nil, nil
	for _, m := range r.members {
		m.peer = nil
	}
}

// measure tells the hub what the room keeps in memory and has it close what is
// too much.
func (r *room) measure() {
	bytes := 0
	if r.record != nil {
		bytes = r.record.Bytes()
	}
	for _, old := range r.hub.resident.hold(r, bytes) {
		// A full queue means that it is not resting after all.
		_, _ = old.push(closeTask{})
	}
	records, total := r.hub.resident.size()
	r.hub.metrics.open.Set(float64(records))
	r.hub.metrics.openBytes.Set(float64(total))
}

// closeTask frees a record that rested longest.
type closeTask struct{}

func (closeTask) stage(r *room, s *stage) bool {
	if s.empty() {
		r.close()
	}
	return true
}
