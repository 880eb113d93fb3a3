package main

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// hang is how long the hub may keep anybody waiting while it is attacked. Under
// the race detector, where everything is slow, it says no more than that all
// go on; the soak holds the hub to a second.
func hang() time.Duration {
	if raceEnabled {
		return patience
	}
	return time.Second
}

// A pair is two well-behaved clients that edit one record all the time.
type pair struct {
	t          testing.TB
	phone, tab *nodeClient
	id         string
	stop       context.CancelFunc
	finished   chan error

	times delays        // from an edit of one until the other shows it
	edits chan struct{} // one slot: another edit was made
}

// startPair lets two clients edit until check is called. It returns once they
// are at it.
func startPair(t testing.TB, h *hubProcess, node *nodeProcess) *pair {
	t.Helper()
	p := &pair{t: t, finished: make(chan error, 1), edits: make(chan struct{}, 1)}
	p.phone = node.open("phone", clientOptions{url: h.sync(member("ada"))})
	p.tab = node.open("tab", clientOptions{url: h.sync(member("ben"))})
	p.id = p.phone.create(args{"name": "Ada"})
	p.tab.do("find", args{"id": p.id})
	ctx, cancel := context.WithCancel(t.Context())
	p.stop = cancel
	go func() { p.finished <- p.edit(ctx) }() // ended by check, or with the test
	p.await(20)
	return p
}

// edit writes by turns: what one wrote, the other must see.
func (p *pair) edit(ctx context.Context) error {
	writer, reader := p.phone, p.tab
	for round := 0; ctx.Err() == nil; round++ {
		began := time.Now()
		if _, err := writer.try("set", args{"id": p.id, "field": "round", "value": round}); err != nil {
			return err
		}
		if _, err := reader.try("wait", args{"id": p.id, "field": "round", "value": round}); err != nil {
			return err
		}
		p.note(time.Since(began))
		writer, reader = reader, writer
	}
	return nil
}

func (p *pair) note(took time.Duration) {
	p.times.note(took)
	select {
	case p.edits <- struct{}{}:
	default:
	}
}

// await waits for so many more edits.
func (p *pair) await(more int) {
	p.t.Helper()
	late := time.After(patience)
	for want := p.times.count() + more; p.times.count() < want; {
		select {
		case <-p.edits:
		case err := <-p.finished:
			p.finished <- err
			p.t.Fatalf("the well-behaved pair: %v", err)
		case <-late:
			p.t.Fatalf("the well-behaved pair made %d edits in %s, want %d", more-want+p.times.count(), patience, more)
		}
	}
}

// check ends the pair's edits and says whether they went well.
func (p *pair) check() string {
	p.t.Helper()
	p.stop()
	if err := <-p.finished; err != nil {
		p.t.Errorf("the well-behaved pair: %v", err)
	}
	if p99, worst := p.times.slow(); p99 > hang() {
		p.t.Errorf("one in a hundred edits of the well-behaved pair took %s or longer, the slowest %s", p99, worst)
	}
	if gone := len(p.phone.events("gone")) + len(p.tab.events("gone")); gone != 0 {
		p.t.Errorf("the well-behaved pair lost its connection %d times", gone)
	}
	return fmt.Sprintf("pair: %d edits, %s", p.times.count(), &p.times)
}
