package hub

import "wedsync/syncproto"

// An ephemeralTask is a presence message: relayed to whoever shares the record
// now, never stored.
type ephemeralTask struct {
	device  *Device
	message syncproto.Ephemeral
}

func (t ephemeralTask) stage(r *room, s *stage) bool {
	if m := r.members[t.device]; m == nil || !r.owns(m) || !r.shown() {
		return true
	}
	s.said = append(s.said, func() {
		for d, m := range r.members {
			if d != t.device && r.owns(m) {
				d.putEphemeral(t.device.peerID, t.message)
			}
		}
	})
	return true
}
