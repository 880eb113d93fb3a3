package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"
)

const (
	maxFrame     = 16 << 20
	joinPatience = 3 * time.Second // a join that is not answered is tried again
	joinTries    = 20
)

// A device is one connection that has joined.
type device struct {
	name string // our peer id
	hub  string // the server's
	conn *websocket.Conn
	out  []byte
	in   bytes.Buffer
	got  int // bytes of sync messages so far
}

// dial connects and joins. automerge-repo-sync-server sometimes loses a join
// in its first moments, so an unanswered one is tried again on a new socket.
func dial(ctx context.Context, url, name string) (*device, error) {
	var err error
	for range joinTries {
		var d *device
		if d, err = dialOnce(ctx, url, name); err == nil {
			return d, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, fmt.Errorf("join as %s: %w", name, err)
}

func dialOnce(ctx context.Context, url, name string) (*device, error) {
	patience, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	conn, _, err := websocket.Dial(patience, url, &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn.SetReadLimit(maxFrame)
	d := &device{name: name, conn: conn}
	join, err := joinFrame(name)
	if err == nil {
		err = conn.Write(patience, websocket.MessageBinary, join)
	}
	var e envelope
	if err == nil {
		e, err = d.read(patience)
	}
	if err == nil && e.Type != "peer" {
		err = fmt.Errorf("the answer to join was %q %s", e.Type, e.Message)
	}
	if err != nil {
		_ = conn.CloseNow() // the error that matters is at hand
		return nil, err
	}
	d.hub = e.SenderID
	return d, nil
}

// send sends a sync message about a record. Not safe for use by several goroutines.
func (d *device) send(ctx context.Context, document string, data []byte) error {
	d.out = appendSync(d.out[:0], d.name, d.hub, document, data)
	return d.conn.Write(ctx, websocket.MessageBinary, d.out)
}

// read reads one frame; its Data is valid until the next call.
func (d *device) read(ctx context.Context) (envelope, error) {
	_, r, err := d.conn.Reader(ctx)
	if err != nil {
		return envelope{}, err
	}
	d.in.Reset()
	if _, err := d.in.ReadFrom(r); err != nil {
		return envelope{}, err
	}
	var e envelope
	if err := cbor.Unmarshal(d.in.Bytes(), &e); err != nil {
		return envelope{}, fmt.Errorf("frame of %d bytes: %w", d.in.Len(), err)
	}
	if e.Type == "error" || e.Type == "doc-unavailable" {
		return envelope{}, fmt.Errorf("the server says %s for %s %s", e.Type, e.DocumentID, e.Message)
	}
	d.got += len(e.Data)
	return e, nil
}

// readHead reads frames until one tells how far the server is in h: the index
// of its only head, or -1 while it has none.
func (d *device) readHead(ctx context.Context, h *history) (int, error) {
	for {
		e, err := d.read(ctx)
		if err != nil {
			return 0, err
		}
		if e.DocumentID == h.document {
			return headIndex(e, h)
		}
	}
}

func headIndex(e envelope, h *history) (int, error) {
	heads, err := headsOf(e.Data)
	if err != nil || len(heads) == 0 {
		return -1, err
	}
	at, known := h.index[heads[0]]
	if !known || len(heads) > 1 {
		return 0, fmt.Errorf("record %s has heads that nobody wrote: %v", e.DocumentID, heads)
	}
	return at, nil
}

// introduce sends the first n changes of h and waits until the server has them.
func (d *device) introduce(ctx context.Context, h *history, n int) error {
	if err := d.send(ctx, h.document, appendMessage(nil, h.hashes[n-1], h.chunks[:n]...)); err != nil {
		return err
	}
	return d.awaitHead(ctx, h, n-1)
}

// subscribe says that we hold h up to its n-th change and waits until the
// server says so too.
func (d *device) subscribe(ctx context.Context, h *history, n int) error {
	if err := d.send(ctx, h.document, appendMessage(nil, h.hashes[n-1])); err != nil {
		return err
	}
	return d.awaitHead(ctx, h, n-1)
}

func (d *device) awaitHead(ctx context.Context, h *history, want int) error {
	for {
		at, err := d.readHead(ctx, h)
		if err != nil || at >= want {
			return err
		}
	}
}

func (d *device) close() { _ = d.conn.CloseNow() } // nothing is lost: all that counts was answered
