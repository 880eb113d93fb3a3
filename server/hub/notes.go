package hub

import (
	"context"
	"slices"
	"sync"
	"time"

	"wedsync/crdt"
	"wedsync/store"
)

// notes tell the store which devices there are and what they hold, so that sync
// status knows them after a restart, and other nodes do. They are written together,
// now and then, soon after a device came, and before a status is read; a crash may
// lose those of the last while. While the status of a supplier is asked for on
// another node at least every minute, that one knows what devices here held two
// seconds ago. Only devices that can come back are noted.
type notes struct {
	hub     *Hub
	full    chan struct{} // one slot: there is much to write
	came    chan struct{} // one slot: a device joined
	hurries chan struct{} // one slot: somebody looks

	mu      sync.Mutex
	devices map[contactKey]store.Device
	heads   map[noteKey]store.DeviceHeads
	spoken  map[crdt.RecordID]bool // records whose members said what they hold
	watched map[string]time.Time   // suppliers whose status is asked for on other nodes, and when they were told last
	told    map[string]time.Time   // suppliers whose status is asked for here, and when other nodes were told last

	writing sync.Mutex // held while notes are written, so that the newer ones come last
}

type noteKey struct {
	record crdt.RecordID
	device contactKey
}

const (
	manyNotes = 4096  // are written at once
	maxNotes  = 65536 // are gathered while the store is slow; more are lost
)

// A device that joined is noted soon, so that its supplier's owners find it on every
// node; and while the status of a supplier is asked for on another node, so is what
// its devices hold.
const (
	noteSoon  = time.Second
	noteWatch = time.Minute      // since it was last asked for
	tellAgain = 10 * time.Second // before other nodes are told again that it is
	maxTold   = 10_000           // suppliers that other nodes were told of; beyond, all are forgotten and told again
)

func newNotes(h *Hub) *notes {
	return &notes{
		hub: h, full: make(chan struct{}, 1), came: make(chan struct{}, 1), hurries: make(chan struct{}, 1),
		watched: make(map[string]time.Time), told: make(map[string]time.Time),
		devices: make(map[contactKey]store.Device), heads: make(map[noteKey]store.DeviceHeads),
	}
}

// portionNotes is how many heads are written in one transaction.
const portionNotes = 512

// joined notes a device.
func (n *notes) joined(d *Device, storageID string) {
	if !d.lasting {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.fits() {
		return
	}
	n.devices[d.contactKey()] = store.Device{
		Supplier: d.who.Supplier, User: d.who.User, Device: d.who.Device, StorageID: storageID, At: n.hub.now(),
	}
	select {
	case n.came <- struct{}{}:
	default:
	}
}

// holds notes what a device holds.
func (n *notes) holds(d *Device, h *holding) {
	if !d.lasting {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.fits() {
		return
	}
	n.heads[noteKey{h.record, h.key}] = store.DeviceHeads{
		Supplier: h.key.supplier, User: h.key.user, Device: h.key.device,
		Record: h.record, Heads: h.heads, Refused: h.refused, At: h.seen,
	}
}

// fits reports whether there is room for one more, and has many written. The
// caller holds mu.
func (n *notes) fits() bool {
	count := len(n.devices) + len(n.heads)
	if count >= manyNotes {
		select {
		case n.full <- struct{}{}:
		default:
		}
	}
	return count < maxNotes
}

// moved has a record's members asked for what they hold, once they have said more.
func (n *notes) moved(id crdt.RecordID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.spoken == nil {
		n.spoken = make(map[crdt.RecordID]bool)
	}
	n.spoken[id] = true
}

// run ends with the hub's context.
func (n *notes) run() {
	ticks := time.NewTicker(n.hub.limits.Notes)
	defer ticks.Stop()
	var soon <-chan time.Time // nil unless a device joined since the last write, or somebody looks
	for {
		select {
		case <-n.hub.ctx.Done():
			return
		case <-n.came:
			soon = n.soon(soon)
			continue
		case <-n.hurries:
			soon = n.soon(soon)
			continue
		case <-soon:
			soon = nil
			if watched := n.watchedNow(); len(watched) > 0 {
				soon = n.soon(nil)
				n.ask(watched)
			}
		case <-n.full:
		case <-ticks.C:
			n.ask(nil)
		}
		n.write(n.hub.ctx)
	}
}

// soon is when to write next, unless that is known.
func (n *notes) soon(known <-chan time.Time) <-chan time.Time {
	if known != nil {
		return known
	}
	return time.After(min(noteSoon, n.hub.limits.Notes))
}

// looked tells the other nodes that the status of a supplier is asked for here.
func (n *notes) looked(supplier string) {
	if n.hub.follow.alone() {
		return
	}
	now := n.hub.now()
	n.mu.Lock()
	recent := now.Sub(n.told[supplier]) < tellAgain
	if !recent {
		if len(n.told) >= maxTold {
			clear(n.told)
		}
		n.told[supplier] = now
	}
	n.mu.Unlock()
	if !recent {
		n.hub.follow.gossip.look(supplier)
	}
}

// hurry has what devices of a supplier hold written soon, for a while.
func (n *notes) hurry(supplier string) {
	n.mu.Lock()
	n.watched[supplier] = n.hub.now()
	n.mu.Unlock()
	select {
	case n.hurries <- struct{}{}:
	default:
	}
}

// watchedNow are the suppliers whose status is asked for on other nodes.
func (n *notes) watchedNow() map[string]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := make(map[string]bool)
	for supplier, told := range n.watched {
		if n.hub.now().Sub(told) >= noteWatch {
			delete(n.watched, supplier)
			continue
		}
		now[supplier] = true
	}
	return now
}

// ask has the rooms note what their members hold, those of some suppliers or, if
// that is nil, all, and waits for them.
func (n *notes) ask(suppliers map[string]bool) {
	n.mu.Lock()
	spoken := n.spoken
	n.spoken = nil
	n.mu.Unlock()
	var asked sync.WaitGroup
	for id := range spoken {
		r := n.hub.rooms.find(id)
		if r == nil {
			continue // nobody is left
		}
		if owner := r.owned.Load(); suppliers != nil && (owner == nil || !suppliers[*owner]) {
			n.moved(id)
			continue
		}
		asked.Add(1)
		if err := n.hub.deliver(n.hub.ctx, id, noteTask{asked.Done}); err != nil {
			asked.Done()
			break // the hub closes
		}
	}
	asked.Wait()
}

// write writes what is noted. What cannot be written is lost without harm.
func (n *notes) write(ctx context.Context) {
	n.writing.Lock()
	defer n.writing.Unlock()
	n.mu.Lock()
	devices := make([]store.Device, 0, len(n.devices))
	for _, d := range n.devices {
		devices = append(devices, d)
	}
	heads := make([]store.DeviceHeads, 0, len(n.heads))
	for _, h := range n.heads {
		heads = append(heads, h)
	}
	n.devices, n.heads = make(map[contactKey]store.Device), make(map[noteKey]store.DeviceHeads) // cleared ones keep their size
	n.mu.Unlock()
	if len(devices)+len(heads) == 0 {
		return
	}
	err := n.hub.store.Seen(ctx, devices)
	for portion := range slices.Chunk(heads, portionNotes) {
		if err == nil {
			err = n.hub.store.Announce(ctx, portion)
		}
	}
	if err != nil && ctx.Err() == nil {
		n.hub.log.Warn("devices are not noted; after a restart sync status knows what it knew before",
			"devices", len(devices), "heads", len(heads), "err", err)
	}
}

// spoke notes that a member of the room said what it holds.
func (r *room) spoke() {
	r.noting = true
	r.hub.notes.moved(r.id)
}

// note notes what the members hold that spoke since it was last called.
func (r *room) note(now time.Time) {
	for d, m := range r.members {
		if r.owns(m) && r.unnoted(m) {
			r.hub.notes.holds(d, r.holding(m))
		}
	}
	r.noting, r.noted = false, now
}

// unnoted reports whether a member spoke since it was noted what it holds.
func (r *room) unnoted(m *member) bool { return !m.seen.Before(r.noted) }

// noteAll notes what the members of all rooms hold, once no room has an owner
// any more.
func (h *Hub) noteAll() {
	for i := range h.rooms.shards {
		s := &h.rooms.shards[i]
		s.mu.Lock()
		for _, r := range s.rooms {
			r.note(h.now())
		}
		s.mu.Unlock()
	}
	h.notes.write(context.WithoutCancel(h.ctx))
}

// noteTask notes what the members of a room hold.
type noteTask struct{ done func() }

func (t noteTask) stage(r *room, s *stage) bool {
	r.note(s.now)
	s.replies = append(s.replies, func(error) { t.done() })
	return true
}
