package hub

import (
	"maps"
	"slices"
	"sync"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// A follower keeps the hub in step with the other nodes on its store. It
// follows the journals of the suppliers that the hub has devices or open
// records of: a ring says that one moved on, and it looks at all of them now
// and then in case a ring was missed.
type follower struct {
	hub    *Hub
	wakes  chan struct{} // one slot: something rang
	gossip *gossip

	warned bool // belongs to run

	mu       sync.Mutex
	followed map[string]*followed
	rang     map[string]bool // are looked at next
}

// A followed supplier is followed while it has devices, and for a while after
// it was last asked about.
type followed struct {
	devices int
	used    time.Time
	known   bool      // end was read; rooms from before were looked after
	end     store.End // up to where the journal was followed
}

const (
	followAfter = time.Minute // of nobody asking about a supplier, it is followed no more
	movesPage   = 1000
	listenLong  = time.Minute            // after which the end of listening is news again
	listenRest  = 500 * time.Millisecond // before listening again, and as much again by chance
)

func newFollower(h *Hub) *follower {
	f := &follower{hub: h, wakes: make(chan struct{}, 1), followed: make(map[string]*followed), rang: make(map[string]bool)}
	f.gossip = newGossip(h)
	return f
}

// alone reports whether no other process can have the hub's store open.
func (f *follower) alone() bool { return !f.hub.store.Shared() }

// joined has the supplier of a device followed; left ends that.
func (f *follower) joined(supplier string) { f.use(supplier, 1) }
func (f *follower) left(supplier string)   { f.use(supplier, -1) }

// asked has the supplier of a room's record followed for a while.
func (f *follower) asked(r *room, supplier string) {
	if !f.alone() {
		r.owned.Store(&supplier)
		f.use(supplier, 0)
	}
}

func (f *follower) use(supplier string, devices int) {
	if f.alone() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.followed[supplier]
	if s == nil {
		s = new(followed)
		f.followed[supplier] = s
		f.ring(supplier)
	}
	s.devices += devices
	s.used = f.hub.now()
}

// rung notes that a supplier moved on.
func (f *follower) rung(supplier string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followed[supplier] != nil {
		f.ring(supplier)
	}
}

// ring has a supplier looked at. The caller holds mu.
func (f *follower) ring(supplier string) {
	f.rang[supplier] = true
	select {
	case f.wakes <- struct{}{}:
	default:
	}
}

// run ends with the hub's context.
func (f *follower) run() {
	if f.alone() {
		return
	}
	var listening sync.WaitGroup
	listening.Go(f.listen)
	listening.Go(f.gossip.run)
	defer listening.Wait()
	ticks := time.NewTicker(f.hub.limits.Follow)
	defer ticks.Stop()
	for {
		var suppliers []string
		select {
		case <-f.hub.ctx.Done():
			return
		case <-f.wakes:
			suppliers = f.takeRung()
		case <-ticks.C:
			suppliers = f.takeAll()
		}
		if len(suppliers) > 0 {
			f.follow(suppliers)
		}
	}
}

// listen hears other nodes, and again whenever that ends.
func (f *follower) listen() {
	ctx := f.hub.ctx
	for told := false; ; {
		began := f.hub.now()
		err := f.hub.store.Listen(ctx, store.Listener{Moved: f.rung, Told: f.gossip.heard})
		if ctx.Err() != nil {
			return
		}
		if lasted := f.hub.now().Sub(began); !told || lasted > listenLong {
			f.hub.log.Warn("other nodes are not heard for now; their changes arrive a little later", "err", err)
			told = true
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenRest + f.hub.chance(listenRest)):
		}
	}
}

func (f *follower) takeRung() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	suppliers := make([]string, 0, len(f.rang))
	for s := range f.rang {
		suppliers = append(suppliers, s)
	}
	clear(f.rang)
	return suppliers
}

// takeAll are all suppliers that are followed still.
func (f *follower) takeAll() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.hub.now()
	suppliers := make([]string, 0, len(f.followed))
	for name, s := range f.followed {
		if s.devices == 0 && now.Sub(s.used) > followAfter && !f.rang[name] {
			delete(f.followed, name)
			f.hub.access.unused(name)
			continue
		}
		suppliers = append(suppliers, name)
	}
	clear(f.rang)
	return suppliers
}

// follow catches up with suppliers. What it cannot read now it reads later.
func (f *follower) follow(suppliers []string) {
	ends, err := f.hub.store.Ends(f.hub.ctx, suppliers)
	if err != nil {
		f.warn(err)
		return
	}
	failed := false
	for supplier, end := range ends { // before all that may take long
		if err := f.admitAgain(supplier, end.Access); err != nil {
			f.warn(err)
			failed = true
		}
	}
	fresh := make(map[string]bool)
	for supplier, end := range ends {
		f.mu.Lock()
		s := f.followed[supplier]
		f.mu.Unlock()
		switch {
		case s == nil:
		case !s.known:
			s.known, s.end = true, end
			f.hub.policies.outdated(supplier, end.Policy)
			f.hub.watchers.moved(supplier) // since it was watched, as far as anybody knows
			fresh[supplier] = true
		default:
			if err := f.catchUp(supplier, s, end); err != nil {
				f.warn(err)
				failed = true
			}
		}
	}
	f.warned = f.warned && failed
	for supplier := range fresh {
		f.hub.directories.look(supplier)
	}
	if len(fresh) > 0 {
		f.lookAgain(fresh)
	}
}

// admitAgain has it hold here what another node has set about who may do what.
// Until it can be read, it is outdated and read again.
func (f *follower) admitAgain(supplier string, version uint64) error {
	if !f.hub.access.outdated(supplier, version) {
		return nil
	}
	return f.hub.access.renew(f.hub.ctx, f.hub.store, supplier)
}

// lookAgain has the records of suppliers read again that may have been read
// before the suppliers were followed.
func (f *follower) lookAgain(suppliers map[string]bool) {
	f.hub.rooms.each(func(r *room) {
		if owned := r.owned.Load(); owned == nil || suppliers[*owned] {
			f.moved(r, movedTask{})
		}
	})
}

// warn says that the journals cannot be read, once until they can.
func (f *follower) warn(err error) {
	if f.hub.ctx.Err() == nil && !f.warned {
		f.warned = true
		f.hub.log.Warn("what other nodes stored cannot be read now", "err", err)
	}
}

// catchUp brings the open records of one supplier up to an end. Only the
// follower's own goroutine moves what it knows of suppliers.
func (f *follower) catchUp(supplier string, s *followed, end store.End) error {
	if end.Policy > s.end.Policy {
		f.hub.policies.outdated(supplier, end.Policy)
	}
	s.end.Policy = end.Policy
	if s.end.Number < end.Number {
		f.hub.watchers.moved(supplier)
	}
	for s.end.Number < end.Number {
		moves, err := f.hub.store.Moves(f.hub.ctx, supplier, s.end.Number, movesPage)
		if err != nil || len(moves) == 0 {
			return err
		}
		newest := make(map[crdt.RecordID]uint64)
		for _, m := range moves {
			newest[m.Record] = m.Version
		}
		f.hub.directories.changed(supplier, directoryRemote, slices.Collect(maps.Keys(newest))...)
		for id, version := range newest {
			if r := f.hub.rooms.find(id); r != nil {
				f.moved(r, movedTask{version})
			}
		}
		s.end.Number = moves[len(moves)-1].Number
	}
	return nil
}

// moved tells a room that its record may have moved on.
func (f *follower) moved(r *room, t movedTask) {
	// A hub that closes has no use for the task.
	_ = f.hub.deliver(f.hub.ctx, r.id, t)
}
