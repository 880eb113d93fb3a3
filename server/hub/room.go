package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

// A breakable task may find that it would break the record. It sets stage.broken
// then, and is told that it was left out.
type breakable interface{ broke(r *room, err error) }

// A room is where one record, or one directory, lives while somebody is
// interested in it.
type room struct {
	hub       *Hub
	id        crdt.RecordID
	directory bool // by its id

	mu      sync.Mutex
	queue   []task
	running bool          // an owner works the queue off
	gone    bool          // dropped; get another
	space   chan struct{} // closed when the queue is next taken

	owned atomic.Pointer[string] // for the follower: by which supplier, once that is known

	// All below belongs to the owner.

	known    bool            // stored is as the store has it; false until asked
	stored   store.Heads     // version 0 if the store does not know the record
	told     uint64          // the version that the members were told of last
	claimant string          // the supplier that speaks of a record not yet stored
	record   document        // nil while it is closed
	view     *syncproto.View // of record
	corrupt  error           // why the record cannot be opened; asked again in another room
	members  map[*Device]*member
	noting   bool                  // a noteTask is to come
	noted    time.Time             // when one was there last
	fights   map[contactKey]*fight // nil in a peaceful room
	relayed  time.Time             // when the members were last told
	relaying bool                  // a relayTask is to come
}

func newRoom(h *Hub, id crdt.RecordID) *room {
	return &room{hub: h, id: id, directory: conflicts.IsDirectoryID(id), members: make(map[*Device]*member)}
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
		used := slices.ContainsFunc(tasks, uses)
		for len(tasks) > 0 {
			rest := r.turn(tasks)
			r.hub.through(tasks[:len(tasks)-len(rest)])
			tasks = rest
		}
		if used {
			r.rest()
		}
	}
}

// uses reports whether a task is a reason to keep the record in memory.
func uses(t task) bool {
	_, looks := t.(chunksTask)
	return !looks
}

// rest frees what nobody needs and tells the hub what is kept in memory.
func (r *room) rest() {
	if r.stored.Version == 0 && !r.introduced() {
		r.close()
		r.claimant = ""
	}
	r.measure()
}

const maxStaleTurns = 3 // before the devices are told to come back

// turn stages tasks, stores what they led to and tells who must know. It
// returns the tasks that have to wait for the next turn.
func (r *room) turn(tasks []task) (rest []task) {
	for try := 1; ; try++ {
		s := &stage{now: r.hub.now()}
		n := r.stage(tasks, s)
		if s.broken != nil {
			// The others are staged again, without the one that cannot be.
			r.forget()
			tasks[n-1].(breakable).broke(r, s.broken)
			tasks = slices.Delete(slices.Clone(tasks), n-1, n)
			continue
		}
		err := r.commit(s)
		if err == errStale && try < maxStaleTurns {
			r.forget()
			continue
		}
		if err != nil {
			r.forget()
			s.fail(err)
		} else {
			r.publish(s)
		}
		for _, say := range s.said {
			say()
		}
		return tasks[n:]
	}
}

// stage stages tasks as far as they fit into one commit.
func (r *room) stage(tasks []task, s *stage) (staged int) {
	for i, t := range tasks {
		if s.answer != nil || s.erasure != nil || !t.stage(r, s) {
			return i
		}
		if s.broken != nil {
			return i + 1
		}
	}
	return len(tasks)
}

// look asks the store for the record's heads, once. Its errors are those of open.
func (r *room) look() error {
	if r.known || r.corrupt != nil {
		return r.corrupt
	}
	heads, err := r.hub.heads.load(r.id)
	if errors.Is(err, store.ErrCorrupt) {
		return r.unreadable(err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.stored, r.known = heads, true
	if heads.Version > 0 {
		r.hub.follow.asked(r, heads.Supplier)
	}
	return nil
}

// open has the record in memory afterwards. An error that is no ErrUnavailable
// means that the record is corrupt.
func (r *room) open() error {
	if r.record != nil || r.corrupt != nil {
		return r.corrupt
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
		r.admit(r.blank(policy))
		return nil
	}
	stored, err := r.hub.store.Load(ctx, r.id)
	if errors.Is(err, store.ErrCorrupt) {
		return r.unreadable(err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	record, err := r.read(policy, stored)
	if err != nil {
		return r.unreadable(err)
	}
	if !slices.Equal(record.Graph().Heads(), stored.Heads.Heads) {
		return r.unreadable(errors.New("the stored changes do not lead to the stored heads"))
	}
	r.stored = stored.Heads
	r.admit(record)
	return nil
}

// unreadable remembers that the record cannot be opened.
func (r *room) unreadable(err error) error {
	r.corrupt = fmt.Errorf("open record %s: %w", r.id, err)
	r.hub.log.Error("record cannot be opened; devices are told that it is unavailable (run wedsync doctor)",
		"record", r.id, "supplier", r.stored.Supplier, "err", err)
	return r.corrupt
}

func (r *room) admit(record document) {
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

// forget drops what is in memory; the next task asks the store again. So do the
// members: what was known of them went with the record, and what they have not
// heard of may be stored.
func (r *room) forget() {
	r.close()
	r.known, r.stored = false, store.Heads{}
	for d := range r.members {
		d.mark(r)
	}
}

// close frees the record. What the members were known to hold is kept.
func (r *room) close() {
	r.record, r.view = nil, nil
	for _, m := range r.members {
		m.peer, m.collected = nil, nil
	}
}

// measure tells the hub what the room keeps in memory and has it close what is
// too much.
func (r *room) measure() {
	bytes := 0
	if r.record != nil {
		bytes = openRecord + r.record.Bytes()
		for _, m := range r.members {
			bytes += m.peer.Bytes()
		}
	}
	for _, old := range r.hub.resident.hold(r, bytes) {
		old.askToClose()
	}
	records, total := r.hub.resident.size()
	r.hub.metrics.open.Set(float64(records))
	r.hub.metrics.openBytes.Set(float64(total))
}

// openRecord is about what an empty record in memory takes.
const openRecord = 4 << 10

// askToClose frees the record when its queue is worked off. If the queue is full
// it does not rest after all.
func (r *room) askToClose() { _, _ = r.push(closeTask{}) }

// closeTask frees a record that rested.
type closeTask struct{}

func (closeTask) stage(r *room, s *stage) bool {
	if s.empty() && len(s.touched) == 0 && !s.everyone && r.told == r.stored.Version {
		r.close() // else it does not rest after all
	}
	return true
}
