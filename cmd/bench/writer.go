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
	number      int
	writer      device
	subscribers []device
	sent        []atomic.Int64 // when each change was sent, Unix nanoseconds
	slots       chan struct{}  // one for each change that is not yet acknowledged
	written     atomic.Int64   // how many changes were sent, the first included
}

func (r *liveRecord) connect(ctx context.Context, c corpus, url string) error {
	var err error
	if r.writer, err = c.dial(ctx, url, fmt.Sprintf("record-%d-writer", r.number)); err != nil {
		return err
	}
	if err := bring(ctx, r.writer, r.number, 1); err != nil {
		return fmt.Errorf("bring record %d: %w", r.number, err)
	}
	for i := range r.liveSize.subscribers {
		d, err := c.dial(ctx, url, fmt.Sprintf("record-%d-%d", r.number, i))
		if err != nil {
			return err
		}
		r.subscribers = append(r.subscribers, d)
		err = d.open(ctx, r.number, 1, 1)
		if err == nil {
			err = await(ctx, d, r.number, 1)
		}
		if err != nil {
			return fmt.Errorf("follow record %d: %w", r.number, err)
		}
	}
	return nil
}

func (r *liveRecord) close() { closeAll(append(r.subscribers, r.writer)) }

// run starts the record's goroutines; they end when every change that was sent
// is known to all, or with ctx.
func (r *liveRecord) run(ctx context.Context, g *errgroup.Group) {
	done := make(chan struct{}) // closed when r.written is final
	r.written.Store(1)
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
	for i := 1; i < r.history; i++ {
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
		r.written.Store(int64(i + 1))
		r.sent[i].Store(time.Now().UnixNano())
		if err := r.writer.push(ctx, r.number, span{i, i + 1}); err != nil {
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
	return r.listen(ctx, r.writer, done, func(from, to int) error {
		for range to - from {
			<-r.slots
		}
		r.heard.Add(int64(to - from))
		return nil
	})
}

// follow notes how long changes took, and answers as a client does.
func (r *liveRecord) follow(ctx context.Context, d device, done <-chan struct{}) error {
	return r.listen(ctx, d, done, func(from, to int) error {
		now := time.Now().UnixNano()
		for i := from; i < to; i++ {
			r.delays.add(now - r.sent[i].Load())
		}
		return d.took(ctx, r.number, to)
	})
}

// listen calls moved whenever the server tells d that it has more changes,
// until it has told of the last.
func (r *liveRecord) listen(ctx context.Context, d device, done <-chan struct{}, moved func(from, to int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var has atomic.Int64
	has.Store(1)
	complete := func() bool {
		select {
		case <-done:
			return has.Load() >= r.written.Load()
		default:
			return false
		}
	}
	go func() { // ends a wait for what will not come
		select {
		case <-done:
		case <-ctx.Done():
		}
		if complete() {
			cancel()
		}
	}()
	for !complete() {
		n, err := d.next(ctx)
		if complete() {
			return nil
		}
		if err != nil {
			return fmt.Errorf("record %d at change %d of %d: %w", r.number, has.Load(), r.written.Load(), err)
		}
		from := int(has.Load())
		if n.has <= from {
			continue
		}
		if err := moved(from, n.has); err != nil {
			return err
		}
		has.Store(int64(n.has))
	}
	return nil
}
