package socket

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"
)

// corkable wraps a response so that the connection hijacked from it can hold
// back what is written, send many frames by one system call, and read many by
// one.
type corkable struct {
	http.ResponseWriter
	patience time.Duration
	conn     *corkConn
}

// Hijack implements http.Hijacker.
func (w *corkable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	head, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	w.conn = &corkConn{Conn: conn, ahead: newReadAhead(conn, bytes.Clone(head)), patience: w.patience}
	return w.conn, bufio.NewReadWriter(bufio.NewReaderSize(w.conn, headBuffer), bufio.NewWriterSize(w.conn, headBuffer)), nil
}

const (
	headBuffer = 64       // what the WebSocket gathers of one frame: its head, or a ping
	corkLimit  = 64 << 10 // what is held back at most, and written at once
)

// A corkConn holds back writes between cork and uncork. A peer that does not
// take one piece within patience has failed.
type corkConn struct {
	net.Conn
	ahead    *readAhead
	patience time.Duration

	mu     sync.Mutex
	corked bool
	held   *[]byte // from corkBuffers while corked
}

var corkBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, corkLimit)
	return &b
}}

// Read implements net.Conn.
func (c *corkConn) Read(p []byte) (int, error) { return c.ahead.Read(p) }

// Write implements net.Conn.
func (c *corkConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.corked {
		return c.push(p)
	}
	if len(*c.held)+len(p) > corkLimit {
		if err := c.flush(); err != nil {
			return 0, err
		}
		if len(p) > corkLimit {
			return c.push(p)
		}
	}
	*c.held = append(*c.held, p...)
	return len(p), nil
}

func (c *corkConn) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked, c.held = true, corkBuffers.Get().(*[]byte)
}

// uncork writes what was held back.
func (c *corkConn) uncork() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	err := c.flush()
	corkBuffers.Put(c.held)
	c.held = nil
	return err
}

func (c *corkConn) flush() error {
	_, err := c.push(*c.held)
	*c.held = (*c.held)[:0]
	return err
}

// push writes piece by piece, so that patience is for a piece.
func (c *corkConn) push(p []byte) (n int, err error) {
	for len(p) > n {
		if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(p[n:min(n+corkLimit, len(p))])
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}
