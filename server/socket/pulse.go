package socket

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// A pulse pings a peer, and ends the connection of one that does not answer for
// a whole interval. Between two pings it is a timer.
type pulse struct {
	conn  *websocket.Conn
	every time.Duration
	gone  func() // called when the peer is gone

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	beats   sync.WaitGroup
}

func startPulse(conn *websocket.Conn, every time.Duration, gone func()) *pulse {
	p := &pulse{conn: conn, every: every, gone: gone}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(every, p.beat)
	return p
}

// beat runs in a goroutine of its own for as long as a peer takes to answer.
func (p *pulse) beat() {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return
	}
	p.beats.Add(1)
	p.mu.Unlock()
	defer p.beats.Done()

	ctx, cancel := context.WithTimeout(context.Background(), p.every)
	defer cancel()
	if err := p.conn.Ping(ctx); err != nil {
		_ = p.conn.CloseNow()
		p.gone()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.timer.Reset(p.every)
	}
}

// stop returns when no ping is under way. The connection must be closed.
func (p *pulse) stop() {
	p.mu.Lock()
	p.stopped = true
	p.timer.Stop()
	p.mu.Unlock()
	p.beats.Wait()
}
