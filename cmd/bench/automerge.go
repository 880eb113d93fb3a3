package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"

	"wedsync/crdt"
)

const (
	maxFrame     = 64 << 20
	joinPatience = 20 * time.Second
)

// An automergeDevice speaks automerge-repo's protocol.
type automergeDevice struct {
	name    string // our peer id
	hub     string // the server's
	conn    *websocket.Conn
	records *histories
	in      bytes.Buffer

	mu      sync.Mutex
	lacking map[int]bool // records that we asked for and whose changes did not yet arrive
	message []byte
	out     []byte
}

// dial connects and joins.
func (h *histories) dial(ctx context.Context, url, name string) (device, error) {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	d := &automergeDevice{name: name, conn: conn, records: h, lacking: make(map[int]bool)}
	join, err := joinFrame(name)
	if err == nil {
		err = conn.Write(ctx, websocket.MessageBinary, join)
	}
	var e envelope
	if err == nil {
		e, err = d.read(ctx)
	}
	if err == nil && e.Type != "peer" {
		err = fmt.Errorf("the answer to join was %q %s", e.Type, e.Message)
	}
	if err != nil {
		_ = conn.CloseNow() // the error that matters is at hand
		return nil, fmt.Errorf("join as %s: %w", name, err)
	}
	d.hub = e.SenderID
	return d, nil
}

func connect(ctx context.Context, url string) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

func (d *automergeDevice) open(ctx context.Context, record, held, shared int) error {
	h := d.records.all[record]
	kind := "sync"
	if held == 0 {
		kind = "request"
		d.mu.Lock()
		d.lacking[record] = true
		d.mu.Unlock()
	}
	return d.send(ctx, kind, h, h.heads(held), h.heads(shared))
}

func (d *automergeDevice) push(ctx context.Context, record int, s span) error {
	h := d.records.all[record]
	return d.send(ctx, "sync", h, h.heads(s.to), h.heads(s.to), h.chunks[s.from:s.to]...)
}

func (d *automergeDevice) took(ctx context.Context, record, n int) error {
	h := d.records.all[record]
	return d.send(ctx, "sync", h, h.heads(n), h.heads(n))
}

func (d *automergeDevice) send(ctx context.Context, kind string, h *history, heads, shared []crdt.Hash, changes ...[]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.message = appendMessage(d.message[:0], heads, shared, changes...)
	d.out = appendFrame(d.out[:0], kind, d.name, d.hub, h.document, d.message)
	return d.conn.Write(ctx, websocket.MessageBinary, d.out)
}

func (d *automergeDevice) next(ctx context.Context) (news, error) {
	for {
		e, err := d.read(ctx)
		if err != nil {
			return news{}, err
		}
		record, known := d.records.number[e.DocumentID]
		if !known {
			continue
		}
		heads, changes, err := readMessage(e.Data)
		if err != nil {
			return news{}, err
		}
		if d.lacks(record, changes) {
			continue
		}
		has, err := d.records.all[record].held(heads)
		return news{record, has}, err
	}
}

// lacks says whether we still wait for a record's changes.
func (d *automergeDevice) lacks(record int, changesCame bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if changesCame {
		delete(d.lacking, record)
	}
	return d.lacking[record]
}

// read reads one frame; its Data is valid until the next call.
func (d *automergeDevice) read(ctx context.Context) (envelope, error) {
	if err := receive(ctx, d.conn, &d.in); err != nil {
		return envelope{}, err
	}
	var e envelope
	if err := cbor.Unmarshal(d.in.Bytes(), &e); err != nil {
		return envelope{}, fmt.Errorf("frame of %d bytes: %w", d.in.Len(), err)
	}
	if e.Type == "error" || e.Type == "doc-unavailable" {
		return envelope{}, fmt.Errorf("the server says %s for %s %s", e.Type, e.DocumentID, e.Message)
	}
	return e, nil
}

func receive(ctx context.Context, conn *websocket.Conn, into *bytes.Buffer) error {
	_, r, err := conn.Reader(ctx)
	if err != nil {
		return err
	}
	into.Reset()
	_, err = into.ReadFrom(r)
	return err
}

func (d *automergeDevice) close() { _ = d.conn.CloseNow() } // nothing is lost: all that counts was answered
