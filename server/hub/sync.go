package hub

import (
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
	"wedsync/syncproto"
)

// A syncTask is a sync message of a device.
type syncTask struct {
	device  *Device
	message *syncproto.Message
	changes []*crdt.Change // of message, decoded
}

func (t *syncTask) stage(r *room, s *stage) bool {
	if err := r.look(); err != nil {
		r.reject(t.device, err)
		return true
	}
	if !r.admits(t.device) {
		t.device.putUnavailable(r.id.DocumentID())
		return true
	}
	m := r.member(t.device)
	m.seen = s.now
	if r.answersClosed(m, t.message) {
		return true
	}
	if err := r.open(); err != nil {
		r.reject(t.device, err)
		return true
	}
	m.heads = t.message.Heads
	m.asked = !r.shows(m)
	m.peer.Receive(r.record.Graph(), t.message)
	s.touch(m)
	if len(t.changes) > 0 {
		t.receive(r, s, m)
	}
	return true
}

// receive judges and stages the changes that a message brought.
func (t *syncTask) receive(r *room, s *stage, m *member) {
	policy, err := r.hub.Policy(r.hub.ctx, r.supplier())
	if err != nil {
		r.reject(t.device, err)
		return
	}
	o := r.record.Receive(conflicts.Delivery{
		From: t.device.who, Changes: t.changes, Announced: t.message.Heads, Policy: policy, Now: s.now,
	})
	for _, refusal := range o.Refused {
		m.peer.Refuse(refusal.Hash)
		m.refused = refusal.Reason
		r.hub.metrics.refused.WithLabelValues(refusal.Reason).Inc()
		t.device.complain(r.id, refusal)
	}
	if o.Empty() {
		return
	}
	s.add("sync", t.device.who, policy.Version, o)
	s.brought = append(s.brought, t.device)
}

// answersClosed answers a device whose heads equal the stored ones without
// opening the record. The answer is what makes the device's changes "safe".
func (r *room) answersClosed(m *member, message *syncproto.Message) bool {
	if r.record != nil || r.stored.State != store.Listed || len(message.Changes) > 0 ||
		!slices.Equal(message.Heads, r.stored.Heads) {
		return false
	}
	m.heads, m.peer = r.stored.Heads, nil
	if m.device.free(r) {
		m.device.put(r, equalHeads(r.stored.Heads))
	}
	return true
}

// equalHeads is the message that says "I hold what you hold".
func equalHeads(heads []crdt.Hash) []byte {
	m := syncproto.Message{Heads: heads, Have: []syncproto.Have{{LastSync: heads}}}
	return m.Append(nil)
}
