package hub

import "wedsync/syncproto"

// An ephemeralTask is a presence message: relayed to whoever shares the record
// now, never stored.
type ephemeralTask struct {
	device  *Device
	message syncproto.Ephemeral
}

func (t ephemeralTask) stage(r *room, _ *stage) bool {
	if r.members[t.device] == nil {
		return true
	}
	for d, m := range r.members {
		if d != t.device && r.shows(m) {
			d.putEphemeral(t.device.peerID, t.message)
		}
	}
	return true
}
