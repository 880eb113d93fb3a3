package socket

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

const readAheadSize = 16 << 10 // bytes of a buffer, and from which on a read needs none

var readBuffers = sync.Pool{New: func() any { return new([readAheadSize]byte) }}

// A readAhead reads whatever a socket has with one system call, and holds a
// buffer only while somebody has yet to read from it: a socket that nothing
// arrives on costs none. Reads may run at the same time; each byte is read once.
type readAhead struct {
	conn net.Conn
	raw  syscall.RawConn       // nil if conn does not tell when it can be read
	once func(fd uintptr) bool // r.attempt

	mu     sync.Mutex
	buffer *[readAheadSize]byte // from readBuffers, nil if rest is empty
	rest   []byte               // has been read, and not passed on
	n      int                  // of the last attempt
	err    error
}

// newReadAhead reads from conn what follows head.
func newReadAhead(conn net.Conn, head []byte) *readAhead {
	r := &readAhead{conn: conn, rest: head}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			r.raw = raw
			r.once = r.attempt
		}
	}
	return r
}

// Read implements io.Reader.
func (r *readAhead) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rest) == 0 {
		if len(p) >= readAheadSize {
			return r.conn.Read(p)
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; len(r.rest) == 0 {
		r.release()
	}
	return n, nil
}

// fill waits until there is something, and reads it.
func (r *readAhead) fill() error {
	if r.raw == nil {
		r.buffer = readBuffers.Get().(*[readAheadSize]byte)
		r.n, r.err = r.conn.Read(r.buffer[:])
	} else if err := r.raw.Read(r.once); err != nil {
		return err // closed, or past its deadline
	}
	if r.n <= 0 {
		r.release()
		if r.err == nil {
			return io.EOF
		}
		return r.err
	}
	r.rest = r.buffer[:r.n]
	return nil
}

// attempt reads what is there, and reports whether that was anything. The
// buffer is taken only now.
func (r *readAhead) attempt(fd uintptr) bool {
	r.buffer = readBuffers.Get().(*[readAheadSize]byte)
	for {
		r.n, r.err = syscall.Read(int(fd), r.buffer[:])
		switch {
		case errors.Is(r.err, syscall.EINTR):
		case errors.Is(r.err, syscall.EAGAIN):
			r.release()
			return false
		default:
			return true
		}
	}
}

func (r *readAhead) release() {
	r.rest = nil
	if r.buffer != nil {
		readBuffers.Put(r.buffer)
		r.buffer = nil
	}
}
