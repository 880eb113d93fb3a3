package hub

import (
	"errors"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/syncproto"
)

// A syncTask is a sync message of a device.
type syncTask struct {
	device  *Device
	message *syncproto.Message
	changes []*crdt.Change // of message, decoded; operations may have been dropped
	refused []crdt.Hash    // of message, not to be asked for
	weight  int64          // of the task in the hub's budget
}

func (t *syncTask) stage(r *room, s *stage) bool {
	if r.fights != nil && r.delays(t, s.now) {
		return true
	}
	return t.take(r, s)
}

// take is stage for a message whose turn has come.
func (t *syncTask) take(r *room, s *stage) bool {
	if t.device.closed() {
		return true
	}
	if err := r.look(); err != nil {
		r.reject(s, t.device, err)
		return true
	}
	if !r.admits(t.device, t.message) {
		s.deny(r, t.device)
		return true
	}
	m := r.member(t.device)
	if r.directory {
		r.hub.directories.opened(r.id, t.device.who.Supplier, r.stored.Version)
	}
	m.announce(t.message.Heads, s.now)
	if !r.noting && r.stored.Version > 0 {
		r.spoke()
	}
	s.touch(m)
	if r.stored.State.Gone() || r.record != nil && r.record.Deleted() {
		m.asked = true // and what it announced is asked for if the record is restored
		return true
	}
	if r.answersClosed(m, t.message) || r.sendsClosed(m, t.message) {
		return true
	}
	if r.stored.Version == 0 && r.record == nil && !m.introduces() {
		m.asked = true // nothing to open, and nothing to make
		return true
	}
	if err := r.open(); err != nil {
		r.reject(s, t.device, err)
		return true
	}
	m.asked = true
	m.peer.Receive(r.record.Graph(), t.message)
	for _, h := range t.refused {
		m.peer.Refuse(h)
	}
	if len(t.changes) > 0 || !r.record.Settled() && m.introduces() {
		t.receive(r, s, m)
	}
	return true
}

// receive judges and stages what a message brought. While the record waits for
// its introducing device, what that one announces counts without any change.
func (t *syncTask) receive(r *room, s *stage, m *member) {
	policy, err := r.hub.Policy(r.hub.ctx, r.supplier())
	if err != nil {
		r.reject(s, t.device, errors.Join(ErrUnavailable, err))
		return
	}
	err = r.hub.portions(t.changes, func(changes []*crdt.Change) error {
		o := r.record.Receive(conflicts.Delivery{
			From: t.device.who, Changes: changes, Announced: t.message.Heads, Policy: policy, Now: s.now,
		})
		s.refuse(r, m, o)
		if o.Typed {
			r.typed(m, s.now)
		}
		if len(o.Repeated) > 0 {
			s.repeated(r, t.device, o.Repeated)
		}
		if !o.Empty() {
			s.add(r.deliveryKind(), t.device.who, policy.Version, o)
			s.brought = append(s.brought, t.device)
			if r.directory {
				s.replies = append(s.replies, func(error) { r.hub.directories.look(t.device.who.Supplier) })
			}
		}
		return o.Err
	})
	if err != nil {
		s.broken = err
	}
}

// broke leaves the device without an answer that would call its changes safe.
func (t *syncTask) broke(r *room, err error) {
	r.hub.log.Error("delivery left out: the record cannot take it (run wedsync doctor)",
		"record", r.id, "supplier", t.device.who.Supplier, "device", t.device.who.Device, "err", err)
	t.device.putUnavailable(r.id.DocumentID())
}

// answersClosed reports whether a device whose heads equal the stored ones can
// be answered without opening the record. The answer is what makes the device's
// changes "safe".
func (r *room) answersClosed(m *member, message *syncproto.Message) bool {
	if r.record != nil || !r.stored.State.Served() || len(message.Changes) > 0 ||
		!slices.Equal(message.Heads, r.stored.Heads) {
		return false
	}
	m.owed, m.fresh, m.peer = true, false, nil
	return true
}

// equalHeads is the message that says "I hold what you hold".
func equalHeads(heads []crdt.Hash) []byte {
	m := syncproto.Message{Heads: heads, Have: []syncproto.Have{{LastSync: heads}}}
	return m.Append(nil)
}
