package socket

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	"wedsync/server/hub"
)

// write moves what is due from the device to the socket, and pings, until ctx
// ends, the device is closed or the socket fails.
func (c *connection) write(ctx context.Context, device *hub.Device) error {
	pings := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with ctx or when a pong is missing
		err := c.ping(ctx)
		cancel()
		pings <- err
	}()
	err := c.send(ctx, device)
	cancel()
	if pingErr := <-pings; !errors.Is(pingErr, context.Canceled) {
		return pingErr
	}
	return err
}

// send writes whatever gathered for the device together.
func (c *connection) send(ctx context.Context, device *hub.Device) error {
	var out []hub.Outgoing
	var frame []byte
	for {
		due, err := device.Next(ctx, out[:0])
		if err != nil {
			return err
		}
		if frame, err = c.sendTogether(ctx, due, frame); err != nil {
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
	maxKeptFrame = 4 << 10 // bytes of a buffer that is kept for the next frame
	maxKeptOut   = 16      // entries of a list that is kept
)

func (c *connection) sendTogether(ctx context.Context, due []hub.Outgoing, frame []byte) ([]byte, error) {
	if err := c.cork.cork(time.Now().Add(c.Timing.Write)); err != nil {
		return frame, err
	}
	for i := range due {
		frame = c.frame(frame[:0], due[i])
		if err := c.conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
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

// ping returns when a whole interval passed without an answer.
func (c *connection) ping(ctx context.Context) error {
	ticker := time.NewTicker(c.Timing.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		pongCtx, cancel := context.WithTimeout(ctx, c.Timing.Ping)
		err := c.conn.Ping(pongCtx)
		cancel()
		if err != nil {
			return err
		}
	}
}
