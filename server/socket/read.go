package socket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/semaphore"

	"wedsync/server/hub"
	"wedsync/syncproto"
)

// How much of the frames that are being read is in memory, for all connections
// together: a frame needs nothing up to smallFrame, one of mediumFrames places
// beyond, and one of largeFrames places beyond mediumFrame. A connection waits
// for its place without being read, for as long as it answers pings. Who has one
// has Timing.Frame for the frame.
const (
	smallFrame   = 64 << 10
	mediumFrame  = 1 << 20
	mediumFrames = 32
	largeFrames  = 3
)

// places are what connections share.
type places struct {
	medium *semaphore.Weighted
	large  *semaphore.Weighted
}

func newPlaces() places {
	return places{semaphore.NewWeighted(mediumFrames), semaphore.NewWeighted(largeFrames)}
}

var smallFrames = sync.Pool{New: func() any {
	b := make([]byte, smallFrame+1) // one more than is taken, to see the end
	return &b
}}

// read moves frames from the socket to the device until one of them ends. A
// read from the socket ends with the connection, not with ctx.
func (c *connection) read(ctx context.Context, device *hub.Device) error {
	for {
		kind, r, err := c.conn.Reader(context.Background())
		if err != nil {
			return err
		}
		event, begun, err := c.readSmall(kind, r)
		switch {
		case err != nil:
		case begun != nil:
			err = c.readMedium(ctx, kind, r, begun, device)
		default:
			err = device.Receive(ctx, event)
		}
		if errors.Is(err, errFrame) {
			device.Close(hub.Misbehaved)
		}
		if err != nil {
			return err
		}
	}
}

// errFrame means a frame after which the session cannot go on.
var errFrame = errors.New("frame refused")

// event says what a frame means; it keeps nothing of the frame. automerge-repo
// ignores text frames, and so do we.
func (c *connection) event(kind websocket.MessageType, frame []byte) (syncproto.Event, error) {
	if kind != websocket.MessageBinary {
		return syncproto.Ignored{Reason: "text"}, nil
	}
	event, err := c.session.Receive(frame)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	return event, nil
}

// readSmall reads a small frame, or gives what it read of a longer one.
func (c *connection) readSmall(kind websocket.MessageType, r io.Reader) (event syncproto.Event, begun []byte, err error) {
	buffer := smallFrames.Get().(*[]byte)
	defer smallFrames.Put(buffer)
	n, err := fill(r, *buffer)
	if err != nil {
		return nil, nil, err
	}
	if n > smallFrame {
		return nil, bytes.Clone(*buffer), nil
	}
	event, err = c.event(kind, (*buffer)[:n])
	return event, nil, err
}

// readMedium goes on with a frame that is not small, and has its place until the
// hub has taken it.
func (c *connection) readMedium(ctx context.Context, kind websocket.MessageType, r io.Reader, frame []byte, device *hub.Device) error {
	if err := c.places.medium.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.places.medium.Release(1)
	frame, err := c.readOn(r, frame, mediumFrame)
	if err != nil {
		return err
	}
	if len(frame) > mediumFrame {
		if err := c.places.large.Acquire(ctx, 1); err != nil {
			return err
		}
		defer c.places.large.Release(1)
		if frame, err = c.readOn(r, frame, syncproto.MaxFrame); err != nil {
			return err
		}
	}
	event, err := c.event(kind, frame)
	if err != nil {
		return err
	}
	return device.Receive(ctx, event)
}

// readOn reads on until the frame ends or is longer than limit.
func (c *connection) readOn(r io.Reader, frame []byte, limit int) ([]byte, error) {
	if err := c.cork.SetReadDeadline(time.Now().Add(c.Timing.Frame)); err != nil {
		return nil, err
	}
	for len(frame) <= limit {
		if len(frame) == cap(frame) {
			frame = slices.Grow(frame, min(len(frame), limit+1-len(frame)))
		}
		n, err := r.Read(frame[len(frame):cap(frame)])
		frame = frame[:len(frame)+n]
		if errors.Is(err, io.EOF) {
			return frame, c.cork.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return nil, err
		}
	}
	return frame, nil
}

// fill reads until b is full or r ends.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) {
		k, err := r.Read(b[n:])
		n += k
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
