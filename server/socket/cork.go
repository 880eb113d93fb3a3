package socket

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"
)

// corkable wraps a response so that the connection hijacked from it can hold
// back what is written, and send many frames by one system call.
type corkable struct {
	http.ResponseWriter
	conn *corkConn
}

// Hijack implements http.Hijacker.
func (w *corkable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.conn = &corkConn{Conn: conn}
	return w.conn, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(w.conn, corkBuffer)), nil
}

const (
	corkBuffer = 1 << 10  // what the WebSocket gathers of one frame
	corkLimit  = 64 << 10 // what is held back at most before it is written
)

// A corkConn holds back writes between cork and uncork.
type corkConn struct {
	net.Conn

	mu     sync.Mutex
	corked bool
	held   *[]byte // from corkBuffers while corked
}

var corkBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, corkLimit)
	return &b
}}

// Write implements net.Conn.
func (c *corkConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.corked {
		return c.Conn.Write(p)
	}
	if len(*c.held)+len(p) > corkLimit {
		if err := c.flush(); err != nil {
			return 0, err
		}
		if len(p) > corkLimit {
			return c.Conn.Write(p)
		}
	}
	*c.held = append(*c.held, p...)
	return len(p), nil
}

func (c *corkConn) cork(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked, c.held = true, corkBuffers.Get().(*[]byte)
	return c.SetWriteDeadline(deadline)
}

// uncork writes what was held back.
func (c *corkConn) uncork() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	err := c.flush()
	corkBuffers.Put(c.held)
	c.held = nil
	if err != nil {
		return err
	}
	return c.SetWriteDeadline(time.Time{})
}

func (c *corkConn) flush() error {
	_, err := c.Conn.Write(*c.held)
	*c.held = (*c.held)[:0]
	return err
}
