package hub

import (
	"slices"
	"time"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

// A member is a device that spoke of a room's record. It belongs to the owner.
type member struct {
	device *Device
	// heads are what the device last announced. They restore its peer when
	// the record is opened again.
	heads []crdt.Hash
	seen  time.Time
	peer  *syncproto.Peer // nil while the record is closed
	// asked means that the device waits for a record that cannot be shown to it.
	asked   bool
	timer   *time.Timer // ends a wait; nil if none runs
	refused string      // why a change of it was refused last, empty if none was
}

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

// restore makes a peer that holds what the device was known to hold.
func (m *member) restore(g *crdt.Graph) {
	m.peer = syncproto.NewPeer(syncproto.PeerOptions{ReadOnly: !m.device.who.Role.MayPropose()})
	if len(m.heads) == 0 {
		return
	}
	for _, h := range m.heads {
		if !g.Has(h) {
			return
		}
	}
	m.peer.Receive(g, &syncproto.Message{Heads: m.heads, Have: []syncproto.Have{{LastSync: m.heads}}})
}

// introduces reports whether the device announced something of its own.
func (m *member) introduces() bool { return len(m.heads) > 0 && m.device.who.Role.MayPropose() }

func (m *member) stopTimer() {
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
}

// admits reports whether the device may know of the record at all. A record
// that the store does not know belongs to the supplier who speaks of it first.
func (r *room) admits(d *Device) bool {
	if r.stored.Version > 0 {
		return r.stored.Supplier == d.who.Supplier && r.stored.State != store.Deleted
	}
	if r.claimant == "" || r.claimed() == 0 {
		r.claimant = d.who.Supplier
	}
	return r.claimant == d.who.Supplier
}

func (r *room) claimed() int {
	n := 0
	for d := range r.members {
		if d.who.Supplier == r.claimant {
			n++
		}
	}
	return n
}

// publish tells the members what is now durable: all of them if something was
// stored, else those who spoke.
func (r *room) publish(s *stage) {
	if !s.empty() {
		r.view = syncproto.NewView(r.record.Graph())
		for _, m := range r.members {
			r.tell(m)
		}
	} else {
		for _, m := range s.touched {
			r.tell(m)
		}
	}
	for _, reply := range s.replies {
		reply(nil)
	}
}

// tell gives a member its next message, if one is due and its socket has none
// of this room waiting; otherwise the socket asks when it is free.
func (r *room) tell(m *member) {
	if !r.shows(m) {
		if m.asked {
			r.keepWaiting(m)
		}
		return
	}
	m.asked = false
	m.stopTimer()
	if m.peer == nil || !m.device.free(r) {
		return
	}
	if data, ok := m.peer.Next(r.view); ok {
		m.device.put(r, data)
	}
}

// shows reports whether the record can be shown to a member: it is judged, or
// the member brings it.
func (r *room) shows(m *member) bool {
	if r.stored.State == store.Listed {
		return true
	}
	return m.introduces()
}

// keepWaiting answers "unavailable" unless a connected device that may write
// has announced the record: then its changes are awaited, for a while.
func (r *room) keepWaiting(m *member) {
	for _, other := range r.members {
		if other == m || !other.introduces() {
			continue
		}
		if m.timer == nil {
			device := m.device
			m.timer = time.AfterFunc(r.hub.limits.Unavailable, func() {
				// A hub that closes has no use for the task.
				_ = r.hub.deliver(r.hub.ctx, r.id, waitedTask{device})
			})
		}
		return
	}
	r.deny(m)
}

func (r *room) deny(m *member) {
	m.asked = false
	m.stopTimer()
	m.device.putUnavailable(r.id.DocumentID())
}

// waitedTask ends the wait of a device for an announced record.
type waitedTask struct{ device *Device }

func (t waitedTask) stage(r *room, _ *stage) bool {
	if m := r.members[t.device]; m != nil && m.asked {
		r.deny(m)
	}
	return true
}

// leaveTask removes a device that disconnected.
type leaveTask struct{ device *Device }

func (t leaveTask) stage(r *room, s *stage) bool {
	m := r.members[t.device]
	if m == nil {
		return true
	}
	m.stopTimer()
	delete(r.members, t.device)
	r.hub.contacts.left(r.id, m, r.hub.limits.Contacts)
	for _, other := range r.members {
		if other.asked {
			s.touch(other)
		}
	}
	if r.stored.Version == 0 && len(r.members) == 0 {
		r.close()
		r.claimant = ""
	}
	return true
}

// askTask makes the message that a device is now free for.
type askTask struct{ device *Device }

func (t askTask) stage(r *room, s *stage) bool {
	m := r.members[t.device]
	if m == nil {
		return true
	}
	if m.peer == nil && !slices.Equal(m.heads, r.stored.Heads) {
		if err := r.open(); err != nil {
			r.reject(t.device, err)
			return true
		}
	}
	s.touch(m)
	return true
}

// reject sends one device away because its record cannot be served now.
func (r *room) reject(d *Device, err error) {
	r.hub.log.Error("record cannot be served", "record", r.id, "device", d.who.Device, "err", err)
	d.Close(TryAgain)
}
