package socket

import (
	"context"
	"errors"
	"sync"

	"github.com/coder/websocket"

	"wedsync/server/hub"
)

// A writing is what a writer needs while it writes.
type writing struct {
	due   []hub.Outgoing
	frame []byte
}

var writings = sync.Pool{New: func() any { return new(writing) }}

// write moves what is due from the device to the socket until nothing is, the
// device is closed or the socket fails. Whatever gathered goes out together.
func (c *connection) write(device *hub.Device) {
	w := writings.Get().(*writing)
	defer w.putBack()
	for {
		due, err := device.Take(w.due[:0])
		if err == nil && len(due) == 0 {
			return
		}
		if err == nil {
			w.due = due
			err = c.sendTogether(device, w)
		}
		if err != nil {
			c.end(device, err)
			return
		}
	}
}

const (
	maxKeptFrame = 64 << 10 // bytes of a buffer that is kept for the next frame
	maxKeptDue   = 256      // entries of a list that is kept
)

// putBack keeps w for the next writer, unless it has become large.
func (w *writing) putBack() {
	clear(w.due)
	if cap(w.due) <= maxKeptDue && cap(w.frame) <= maxKeptFrame {
		writings.Put(w)
	}
}

// sendTogether sends all that is due, but nothing more once the device is closed.
// A write ends with the connection or by its own deadline.
func (c *connection) sendTogether(device *hub.Device, w *writing) error {
	c.cork.cork()
	for i := range w.due {
		select {
		case <-device.Done():
			return errors.Join(hub.ErrClosed, c.cork.uncork())
		default:
		}
		w.frame = c.frame(w.frame[:0], w.due[i])
		if err := c.conn.Write(context.Background(), websocket.MessageBinary, w.frame); err != nil {
			return errors.Join(err, c.cork.uncork())
		}
	}
	clear(w.due)
	return c.cork.uncork()
}

func (c *connection) frame(dst []byte, o hub.Outgoing) []byte {
	switch {
	case o.Presence != nil:
		return c.session.AppendEphemeral(dst, o.Presence.From, o.Presence.Message)
	case o.Unavailable != "":
		return c.session.AppendUnavailable(dst, o.Unavailable)
	default:
		return c.session.AppendSync(dst, o.Record, o.Sync)
	}
}
