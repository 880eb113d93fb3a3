package hub

import (
	"bytes"
	"time"

	"wedsync/crdt"
	"wedsync/syncproto"
)

// publish tells the members what is now durable: all of them if they have not been
// told of the stored version, else those who spoke.
func (r *room) publish(s *stage) {
	if (!s.empty() || s.moved) && r.record != nil {
		r.view = syncproto.NewView(r.record.Graph())
	}
	// Whoever stored it: this turn, or another node, of which the room may hear when
	// it reads the record for another reason.
	news := r.known && r.told != r.stored.Version
	if news && r.told == 0 {
		r.bound()
	}
	if news {
		r.told, s.everyone = r.stored.Version, true
	}
	if s.erasure != nil || news && r.stored.State.Gone() {
		r.denyAll()
	} else if s.everyone && !r.paced(s.now) {
		r.relayed = s.now
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

// crowd is the number of members from which on a record's relays are paced: two
// or three who write together hear of each other at once, and each further one
// costs a message and an answer per relay, of which nobody sees more than 25 a
// second.
const crowd = 4

// paced reports whether the members have been told only just; then they are
// told when the pace allows it. Who spoke is answered in any case.
func (r *room) paced(now time.Time) bool {
	rest := r.hub.limits.Pace - now.Sub(r.relayed)
	if len(r.members) < crowd || rest <= 0 {
		return false
	}
	if !r.relaying {
		r.relaying = true
		time.AfterFunc(rest, func() {
			// A hub that closes has no use for the task.
			_ = r.hub.deliver(r.hub.ctx, r.id, relayTask{})
		})
	}
	return true
}

// relayTask tells all members of a record that many follow.
type relayTask struct{}

func (relayTask) stage(r *room, s *stage) bool {
	r.relaying, r.relayed = false, time.Time{}
	s.everyone = true
	return true
}

// tell gives a member its next message, if one is due and its socket has none
// of this room waiting; otherwise the socket asks when it is free.
func (r *room) tell(m *member) {
	m.rested = false
	if !r.shown() || !r.owns(m) {
		r.hold(m)
		return
	}
	m.asked, m.collected = false, nil
	m.stopTimer()
	if m.peer == nil && !m.owed && !m.fresh || m.typing != nil || !m.device.free(r) {
		return
	}
	if data, ok := r.next(m); ok {
		m.device.put(r, data)
	}
}

// next is the message that is due to a member, if one is.
func (r *room) next(m *member) ([]byte, bool) {
	owed := m.owed
	m.owed = false
	if m.peer != nil {
		return m.peer.Next(r.view)
	}
	if m.fresh {
		return r.whole(m)
	}
	return equalHeads(r.stored.Heads), owed
}

// shown reports whether the record is shown to its supplier's devices. Until it
// is judged, nobody is sent anything of it. A closed record sends nothing.
func (r *room) shown() bool {
	return r.stored.State.Served() && (r.record == nil || r.record.Settled())
}

// hold answers a member that cannot be shown the record: it is asked for what
// it announced, or it waits.
func (r *room) hold(m *member) {
	switch {
	case r.stored.State.Gone():
		if m.asked {
			r.deny(m)
		}
	case m.introduces() && r.owns(m):
		m.asked = false
		m.stopTimer()
		r.collect(m)
	case m.asked:
		r.keepWaiting(m)
	}
}

// collect asks a device for what it announced and acknowledges what of it is
// stored. It learns nothing of what others brought.
func (r *room) collect(m *member) {
	if r.record == nil || !m.device.free(r) {
		return
	}
	g := r.record.Graph()
	var held, all []crdt.Hash
	for _, h := range m.heads {
		if g.Has(h) {
			held = append(held, h)
		}
	}
	for _, c := range g.Since(held) {
		all = append(all, c.Hash)
	}
	ask := syncproto.Message{Heads: held, Have: []syncproto.Have{{LastSync: held, Bloom: syncproto.NewBloom(all)}}}
	if len(held) < len(m.heads) {
		ask.Need = g.Missing(m.heads)
	}
	data := ask.Append(nil)
	if bytes.Equal(data, m.collected) {
		return
	}
	m.collected = data
	m.device.put(r, data)
}

// keepWaiting answers "unavailable" unless a connected device that may write
// has announced the record: then its changes are awaited, for a while.
func (r *room) keepWaiting(m *member) {
	if !r.owns(m) || !r.introduced() {
		r.deny(m)
		return
	}
	if m.timer == nil {
		device := m.device
		m.timer = time.AfterFunc(r.hub.limits.Unavailable, func() {
			// A hub that closes has no use for the task.
			_ = r.hub.deliver(r.hub.ctx, r.id, waitedTask{device})
		})
	}
}

// denyAll tells the members of a record that was deleted or erased. What they
// announce is kept, and asked for if it is restored.
func (r *room) denyAll() {
	for _, m := range r.members {
		m.owed, m.fresh = false, false
		r.deny(m)
	}
	r.close()
}

func (r *room) deny(m *member) {
	m.asked = false
	m.stopTimer()
	m.device.putUnavailable(r.id.DocumentID())
}

// waitedTask ends the wait of a device for an announced record.
type waitedTask struct{ device *Device }

func (t waitedTask) stage(r *room, s *stage) bool {
	if m := r.members[t.device]; m != nil && m.asked {
		s.said = append(s.said, func() {
			if m.asked { // it may have been told since
				r.deny(m)
			}
		})
	}
	return true
}
