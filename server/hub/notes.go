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
// status knows them after a restart. They are written together, now and then, soon
// after a device came, and before a status is read; a crash may lose those of the last while. Only
// devices that can come back are noted.
type notes struct {
	hub  *Hub
	full chan struct{} // one slot: there is much to write
	came chan struct{} // one slot: a device joined

	mu      sync.Mutex
	devices map[contactKey]store.Device
	heads   map[noteKey]store.DeviceHeads
	spoken  map[crdt.RecordID]bool // records whose members said what they hold

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

func newNotes(h *Hub) *notes {
	return &notes{
		hub: h, full: make(chan struct{}, 1), came: make(chan struct{}, 1),
		devices: make(map[contactKey]store.Device), heads: make(map[noteKey]store.DeviceHeads),
	}
}

// noteSoon is how soon a device that joined is noted, so that its supplier's
// owners find it on every node.
const noteSoon = time.Second

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
	var soon <-chan time.Time // nil unless a device joined since the last write
	for {
		select {
		case <-n.hub.ctx.Done():
			return
		case <-n.came:
			if soon == nil {
				soon = time.After(min(noteSoon, n.hub.limits.Notes))
			}
			continue
		case <-soon:
		case <-n.full:
		case <-ticks.C:
			n.ask()
		}
		soon = nil
		n.write(n.hub.ctx)
	}
}

// ask has the rooms note what their members hold, and waits for them.
func (n *notes) ask() {
	n.mu.Lock()
	spoken := n.spoken
	n.spoken = nil
	n.mu.Unlock()
	var asked sync.WaitGroup
	for id := range spoken {
		if n.hub.rooms.find(id) == nil {
			continue // nobody is left
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
