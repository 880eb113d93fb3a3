package hub

import (
	"context"
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
	if len(d.unavailable) < d.hub.limits.Denials {
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
		d.slots[r] = s
	}
	return s
}

func (d *Device) queue(s *slot) {
	if !s.queued {
		s.queued = true
		d.ready = append(d.ready, s)
	}
	d.signal()
}

func (d *Device) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Next waits until something is due and returns all of it, appended to out.
// After it returned, the device is free for more.
func (d *Device) Next(ctx context.Context, out []Outgoing) ([]Outgoing, error) {
	for {
		sent, ask := d.drain(out)
		for _, r := range ask {
			if err := d.hub.deliver(ctx, r.id, askTask{d}); err != nil {
				return nil, err
			}
		}
		if len(sent) > 0 {
			return sent, nil
		}
		select {
		case <-d.wake:
		case <-d.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// drain takes what is ready and names the rooms that have more.
func (d *Device) drain(out []Outgoing) (_ []Outgoing, ask []*room) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.ready {
		if s.data != nil {
			out = append(out, Outgoing{Record: s.room.id, Sync: s.data})
			d.bytes -= len(s.data)
		}
		if s.again {
			ask = append(ask, s.room)
		}
		delete(d.slots, s.room)
	}
	d.ready = nil // what waits is more often than not nothing
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
	return out, ask
}
