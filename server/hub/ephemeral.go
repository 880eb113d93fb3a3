package hub

import "wedsync/syncproto"

// An ephemeralTask is a presence message: relayed to whoever shares the record
// now, never stored.
type ephemeralTask struct {
	device  *Device
	message syncproto.Ephemeral
}

func (t ephemeralTask) stage(r *room, s *stage) bool {
	if m := r.members[t.device]; m == nil || t.device.closed() || !r.owns(m) || !r.shown() {
		return true
	}
	s.said = append(s.said, func() {
		r.relayPresence(t.device, t.device.peerID, t.message)
		if !r.hub.follow.alone() {
			r.hub.follow.gossip.tell(r.supplier(), t.device.peerID, t.message)
		}
	})
	return true
}

// relayPresence leaves a presence to all members but its author.
func (r *room) relayPresence(author *Device, from string, e syncproto.Ephemeral) {
	for d, m := range r.members {
		if d != author && r.owns(m) {
			d.putEphemeral(from, e)
		}
	}
}
