package hub

import (
	"slices"

	"wedsync/syncproto"
)

// free reports whether the device can take a message of the room now. If not,
// it is marked to ask for one when its socket is free.
func (d *Device) free(r *room) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.slots[r]; (s == nil || s.data == nil) && d.bytes < d.hub.limits.DeviceBytes {
		return true
	}
	d.again(r)
	return false
}

// mark has the device ask for a message of the room when its socket is free.
func (d *Device) mark(r *room) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.again(r)
}

func (d *Device) again(r *room) {
	s := d.slot(r)
	s.again = true
	d.queue(s)
}

// bigMessage is the size above which a message is probably one part of several.
const bigMessage = 256 << 10

// put leaves a message for the socket. The slot must be free.
func (d *Device) put(r *room, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.slot(r)
	s.data = data
	s.again = s.again || len(data) >= bigMessage
	d.bytes += len(data)
	d.queue(s)
}

// putUnavailable leaves an answer to one message of the device. That it reads
// them is seen to by attentive.
func (d *Device) putUnavailable(documentID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unavailable = append(d.unavailable, documentID)
	d.signal()
}

// unread is nil unless the device leaves too many answers unread; else it is
// closed when they are taken.
func (d *Device) unread() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.unavailable) < d.hub.limits.Denials || d.away {
		return nil
	}
	if d.read == nil {
		d.read = make(chan struct{})
	}
	return d.read
}

// putEphemeral leaves a presence message, and drops the oldest if they are many.
func (d *Device) putEphemeral(from string, m syncproto.Ephemeral) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ephemerals = append(d.ephemerals, Presence{from, m})
	d.presence += len(m.Data)
	limits := &d.hub.limits
	for len(d.ephemerals) > limits.Ephemerals || len(d.ephemerals) > 1 && d.presence > limits.EphemeralBytes {
		d.presence -= len(d.ephemerals[0].Message.Data)
		d.ephemerals = slices.Delete(d.ephemerals, 0, 1)
	}
	d.signal()
}

func (d *Device) slot(r *room) *slot {
	s := d.slots[r]
	if s == nil {
		s = &slot{room: r}
		if d.slots == nil {
			d.slots = make(map[*room]*slot)
		}
		d.slots[r] = s
	}
	return s
}

func (d *Device) queue(s *slot) {
	if !s.queued {
		s.queued = true
		d.due = append(d.due, s)
	}
	d.signal()
}

// signal tells whoever sends that something is due, or that the device is closed.
func (d *Device) signal() {
	if d.ready != nil && !d.notified && (d.code != 0 || !d.away) {
		d.notified = true
		d.ready()
	}
}

// Notify has ready called when something is due or the device is closed: once,
// and again after a Take that returned nothing; never after a Take that returned
// an error. It is called by any goroutine, and must neither wait nor call the
// device.
func (d *Device) Notify(ready func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = ready
	if d.code != 0 || !d.idle() {
		d.signal()
	}
}

// idle reports whether nothing is due.
func (d *Device) idle() bool {
	return len(d.due) == 0 && len(d.unavailable) == 0 && len(d.ephemerals) == 0
}

// Take returns all that is due, appended to out; the device is then free for
// more. It waits at most for room in the queues of records. Once the device is
// closed it returns ErrClosed.
func (d *Device) Take(out []Outgoing) ([]Outgoing, error) {
	for {
		sent, ask, closed := d.drain(out)
		if closed {
			return nil, ErrClosed
		}
		for _, r := range ask {
			if err := d.hub.deliver(d.hub.ctx, r.id, askTask{d}); err != nil {
				return nil, err
			}
		}
		if len(sent) > 0 || len(ask) == 0 {
			return sent, nil
		}
	}
}

// drain takes what is due and names the rooms that have more.
func (d *Device) drain(out []Outgoing) (_ []Outgoing, ask []*room, closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.code != 0 {
		return nil, nil, true
	}
	if d.away || d.idle() {
		d.notified = false
		return out, nil, false
	}
	for _, s := range d.due {
		if s.data != nil {
			out = append(out, Outgoing{Record: s.room.id, Sync: s.data})
			d.bytes -= len(s.data)
		}
		if s.again {
			ask = append(ask, s.room)
		}
		delete(d.slots, s.room)
	}
	d.due = nil // what waits is more often than not nothing
	for _, id := range d.unavailable {
		out = append(out, Outgoing{Unavailable: id})
	}
	d.unavailable = nil
	if d.read != nil {
		close(d.read)
		d.read = nil
	}
	for i := range d.ephemerals {
		out = append(out, Outgoing{Record: d.ephemerals[i].Message.Record, Presence: &d.ephemerals[i]})
	}
	d.ephemerals, d.presence = nil, 0
	return out, ask, false
}
