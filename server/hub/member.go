package hub

import (
	"fmt"
	"slices"
	"time"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

// A member is a device that spoke of a room's record. It belongs to the owner.
type member struct {
	device *Device
	// heads are what the device last announced, at most maxHeads of them. They
	// restore its peer when the record is opened again.
	heads []crdt.Hash
	seen  time.Time
	peer  *syncproto.Peer // nil while the record is closed
	// owed means that the device has to be told that its heads equal the stored ones.
	owed bool
	// fresh means that the device holds nothing and is to be sent all of a closed record.
	fresh bool
	// asked means that the device waits for a record that cannot be shown to it.
	asked     bool
	timer     *time.Timer // ends a wait; nil if none runs
	typing    *typing     // nil unless its author types into a critical text
	rested    bool        // has been told nothing for long enough: is told in this turn, whatever its author types
	collected []byte      // the last message that asked for its upload
	refused   string      // why a change of it was refused last, empty if none was
}

// maxHeads is how many heads of a device are remembered of each record. That it
// holds those stays true if there are more.
const maxHeads = 32

func (r *room) member(d *Device) *member {
	m := r.members[d]
	if m == nil {
		m = &member{device: d}
		r.members[d] = m
		if r.record != nil {
			m.restore(r.record.Graph())
		}
	}
	return m
}

// announce notes the heads of a message.
func (m *member) announce(heads []crdt.Hash, now time.Time) {
	if len(heads) > maxHeads {
		heads = slices.Clone(heads[:maxHeads]) // without the rest of the array
	}
	m.heads, m.seen = heads, now
}

// restore makes a peer that holds what the device was known to hold.
func (m *member) restore(g *crdt.Graph) {
	m.collected = nil
	m.peer = syncproto.NewPeer(syncproto.PeerOptions{ReadOnly: !m.device.who.Role.MayPropose()})
	if m.fresh {
		m.fresh = false
		m.peer.Receive(g, new(syncproto.Message))
	}
	if len(m.heads) == 0 {
		return
	}
	said := syncproto.Message{Heads: m.heads}
	if holds(g, m.heads) {
		said.Have = []syncproto.Have{{LastSync: m.heads}}
	}
	m.peer.Receive(g, &said)
}

func holds(g *crdt.Graph, heads []crdt.Hash) bool {
	return !slices.ContainsFunc(heads, func(h crdt.Hash) bool { return !g.Has(h) })
}

// introduces reports whether the device announced something of its own.
func (m *member) introduces() bool { return len(m.heads) > 0 && m.device.who.Role.MayPropose() }

func (m *member) stopTimer() {
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
}

// admits reports whether a message about the record is heard. A record that the
// store does not know may be asked for by anybody; it belongs to the supplier
// whose device is first to announce some of it, as long as that one is here. The
// id of a directory says whose it is.
func (r *room) admits(d *Device, m *syncproto.Message) bool {
	if r.directory && r.id != r.hub.env.DirectoryID(d.who.Supplier) {
		return false
	}
	if r.stored.Version > 0 {
		return r.stored.Supplier == d.who.Supplier
	}
	if !r.directory && (len(m.Heads) == 0 || !d.who.Role.MayPropose()) {
		return true
	}
	if r.claimant == "" {
		r.claimant = d.who.Supplier
	}
	return r.claimant == d.who.Supplier
}

// introduced reports whether a connected device of the record's supplier, or of
// the one who claims it, announced some of it. A directory that a device has
// opened is brought by the hub.
func (r *room) introduced() bool {
	if r.directory {
		return len(r.members) > 0
	}
	for _, m := range r.members {
		if m.introduces() && r.owns(m) {
			return true
		}
	}
	return false
}

// owns reports whether a member's supplier is the record's.
func (r *room) owns(m *member) bool { return m.device.who.Supplier == r.supplier() }

// bound parts from the members of other suppliers, now that the record has one.
func (r *room) bound() {
	r.hub.follow.asked(r, r.stored.Supplier)
	for d, m := range r.members {
		if r.owns(m) {
			continue
		}
		if m.asked {
			r.deny(m)
		}
		delete(r.members, d)
	}
}

// leaveTask removes a device that disconnected.
type leaveTask struct{ device *Device }

func (t leaveTask) stage(r *room, s *stage) bool {
	m := r.members[t.device]
	if m == nil {
		return true
	}
	m.stopTimer()
	m.stopTyping()
	delete(r.members, t.device)
	if r.directory && len(r.members) == 0 {
		r.hub.directories.closed(t.device.who.Supplier)
	}
	if r.owns(m) {
		held := r.holding(m)
		r.hub.contacts.left(held)
		if r.unnoted(m) {
			r.hub.notes.holds(t.device, held)
		}
	}
	for _, other := range r.members {
		if other.asked {
			s.touch(other)
		}
	}
	return true
}

// askTask makes the message that a device is now free for.
type askTask struct{ device *Device }

func (t askTask) stage(r *room, s *stage) bool {
	m := r.members[t.device]
	if m == nil || t.device.closed() {
		return true
	}
	if err := r.look(); err != nil {
		r.reject(s, t.device, err)
		return true
	}
	s.touch(m)
	if r.stored.State.Gone() {
		return true
	}
	if m.peer != nil || m.owed || m.fresh {
		return true
	}
	if r.stored.State != store.Introducing && slices.Equal(m.heads, r.stored.Heads) {
		m.owed = true // it holds all, but may not have been told so before the record was closed
		return true
	}
	if err := r.open(); err != nil {
		r.reject(s, t.device, err)
	}
	return true
}

// reject answers one device whose record cannot be served: it comes back if that
// may pass, and otherwise goes on with its other records.
func (r *room) reject(s *stage, d *Device, err error) {
	if r.corrupt != nil {
		s.deny(r, d)
		return
	}
	r.hub.storeFailed(fmt.Errorf("serve record %s: %w", r.id, err))
	d.comeBack()
}
