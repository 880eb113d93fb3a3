package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A liveRecord is one record with its writer and its subscribers.
type liveRecord struct {
	*live
	history     *history
	writer      *device
	subscribers []*device
	sent        []atomic.Int64 // when each change was sent, Unix nanoseconds
	slots       chan struct{}  // one for each change that is not yet acknowledged
	last        atomic.Int64   // index of the last change that was sent
}

func (r *liveRecord) connect(ctx context.Context, name string) error {
	var err error
	if r.writer, err = dial(ctx, r.url, name+"-writer"); err != nil {
		return err
	}
	if err := r.writer.introduce(ctx, r.history, 1); err != nil {
		return fmt.Errorf("introduce %s: %w", name, err)
	}
	for i := range r.size.subscribers {
		d, err := dial(ctx, r.url, fmt.Sprintf("%s-%d", name, i))
		if err != nil {
			return err
		}
		if err := d.subscribe(ctx, r.history, 1); err != nil {
			return fmt.Errorf("subscribe to %s: %w", name, err)
		}
		r.subscribers = append(r.subscribers, d)
	}
	return nil
}

// run starts the record's goroutines; they end when every change that was sent
// is known to all, or with ctx.
func (r *liveRecord) run(ctx context.Context, g *errgroup.Group) {
	done := make(chan struct{}) // closed when r.last is final
	g.Go(func() error {
		defer close(done)
		return r.write(ctx)
	})
	g.Go(func() error { return r.readAcks(ctx, done) })
	for _, d := range r.subscribers {
		g.Go(func() error { return r.follow(ctx, d, done) })
	}
}

func (r *liveRecord) write(ctx context.Context) error {
	pace := r.pace()
	defer pace.Stop()
	var message []byte
	for i := 1; i < len(r.history.chunks); i++ {
		if r.rate > 0 {
			select {
			case <-pace.C:
			case <-r.ending:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case r.slots <- struct{}{}:
		case <-r.ending:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		r.last.Store(int64(i))
		r.sent[i].Store(time.Now().UnixNano())
		message = appendMessage(message[:0], r.history.hashes[i], r.history.chunks[i])
		if err := r.writer.send(ctx, r.history.document, message); err != nil {
			return fmt.Errorf("send change %d: %w", i, err)
		}
	}
	return nil
}

// pace ticks when the record's next change is due.
func (r *liveRecord) pace() *time.Ticker {
	if r.rate == 0 {
		return time.NewTicker(time.Hour)
	}
	return time.NewTicker(time.Duration(r.records) * time.Second / time.Duration(r.rate))
}

// readAcks frees a slot for each change that the server has acknowledged.
func (r *liveRecord) readAcks(ctx context.Context, done <-chan struct{}) error {
	return r.readHeads(ctx, r.writer, done, func(from, to int) error {
		for range to - from {
			<-r.slots
		}
		r.acked.Add(int64(to - from))
		return nil
	})
}

// follow notes how long changes took, and answers as a client does that now
// holds them. A server that told of changes without sending them is found out.
func (r *liveRecord) follow(ctx context.Context, d *device, done <-chan struct{}) error {
	var message []byte
	before := d.got
	err := r.readHeads(ctx, d, done, func(from, to int) error {
		now := time.Now().UnixNano()
		for i := from + 1; i <= to; i++ {
			r.delays.add(now - r.sent[i].Load())
		}
		message = appendMessage(message[:0], r.history.hashes[to])
		return d.send(ctx, r.history.document, message)
	})
	if err != nil {
		return err
	}
	sent := 0
	for _, chunk := range r.history.chunks[1 : r.last.Load()+1] {
		sent += len(chunk)
	}
	// A little may be withheld: Automerge's sync leaves out what it believes a
	// peer to have, until it is asked.
	if got := d.got - before; got < sent*98/100 {
		return fmt.Errorf("%s was told of %d bytes of changes and got %d", d.name, sent, got)
	}
	return nil
}

// readHeads calls moved whenever the server tells d of a later head, until it
// has told of the last change of all.
func (r *liveRecord) readHeads(ctx context.Context, d *device, done <-chan struct{}, moved func(from, to int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var at atomic.Int64
	complete := func() bool {
		select {
		case <-done:
			return at.Load() >= r.last.Load()
		default:
			return false
		}
	}
	go func() { // ends a read that waits for what will not come
		select {
		case <-done:
		case <-ctx.Done():
		}
		if complete() {
			cancel()
		}
	}()
	for !complete() {
		to, err := d.readHead(ctx, r.history)
		if complete() {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s at change %d of %d: %w", d.name, at.Load(), r.last.Load(), err)
		}
		from := int(at.Load())
		if to <= from {
			continue
		}
		if err := moved(from, to); err != nil {
			return err
		}
		at.Store(int64(to))
	}
	return nil
}
