package socket

import (
	"context"
	"errors"

	"github.com/coder/websocket"

	"wedsync/server/hub"
)

// write moves what is due from the device to the socket until ctx ends, the
// device is closed or the socket fails. Whatever gathered goes out together. A
// write ends with the connection or by its own deadline, not with ctx.
func (c *connection) write(ctx context.Context, device *hub.Device) error {
	var out []hub.Outgoing
	var frame []byte
	for {
		due, err := device.Next(ctx, out[:0])
		if err != nil {
			return err
		}
		if frame, err = c.sendTogether(due, frame); err != nil {
			return err
		}
		clear(due)
		out = due
		if cap(out) > maxKeptOut || cap(frame) > maxKeptFrame {
			out, frame = nil, nil // an idle connection keeps no large buffer
		}
	}
}

const (
	maxKeptFrame = 1 << 10 // bytes of a buffer that is kept for the next frame
	maxKeptOut   = 4       // entries of a list that is kept
)

func (c *connection) sendTogether(due []hub.Outgoing, frame []byte) ([]byte, error) {
	c.cork.cork()
	for i := range due {
		frame = c.frame(frame[:0], due[i])
		if err := c.conn.Write(context.Background(), websocket.MessageBinary, frame); err != nil {
			return frame, errors.Join(err, c.cork.uncork())
		}
	}
	return frame, c.cork.uncork()
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
