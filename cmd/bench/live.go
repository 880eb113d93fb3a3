package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const livePatience = 2 * time.Minute // for everything after the last change was sent

// measureLive lets every writer run as fast as its window allows.
func measureLive(ctx context.Context, t *trial) ([]row, error) {
	l, err := runLive(ctx, t, t.size.live)
	if err != nil {
		return nil, err
	}
	rows := []row{
		rate("live", "acknowledged changes per server CPU second", l.acked/l.server, l.bound()),
		rate("live prompt", "the same, without work after the last answer", l.acked/l.prompt, l.bound()),
		rate("live rate", "acknowledged changes per second", l.acked/l.wall, l.bound()),
		{Key: "live p50", Name: "change to subscriber, p50", Unit: "ms", Value: l.delays.percentile(50)},
		{Key: "live p99", Name: "change to subscriber, p99", Unit: "ms", Value: l.delays.percentile(99)},
	}
	if l.shares > 0 {
		rows = append(rows,
			row{Key: "commits", Name: "records that share a transaction, on average", Value: l.shares},
			row{Key: "turns", Name: "changes that share a record's turn, on average", Value: l.turns})
	}
	return rows, nil
}

// measurePaced lets changes arrive as they do from people.
func measurePaced(ctx context.Context, t *trial) ([]row, error) {
	l, err := runLive(ctx, t, t.size.paced)
	if err != nil {
		return nil, err
	}
	return []row{
		{Key: "paced", Name: "change to subscriber, p50", Unit: "ms", Value: l.delays.percentile(50)},
		{Key: "paced p99", Name: "change to subscriber, p99", Unit: "ms", Value: l.delays.percentile(99)},
		{Key: "paced CPU", Name: "server CPU per 1,000 changes", Unit: "s", Value: l.server / l.acked * 1000},
	}, nil
}

// measureFanOut lets one writer run with many subscribers.
func measureFanOut(ctx context.Context, t *trial) ([]row, error) {
	l, err := runLive(ctx, t, t.size.fanOut)
	if err != nil {
		return nil, err
	}
	return []row{
		rate("fan-out", "acknowledged changes per server CPU second", l.acked/l.server, l.bound()),
		rate("fan-out rate", "acknowledged changes per second", l.acked/l.wall, l.bound()),
		{Key: "fan-out p50", Name: "change to subscriber, p50", Unit: "ms", Value: l.delays.percentile(50)},
	}, nil
}

func rate(key, name string, perSecond float64, bound string) row {
	return row{Key: key, Name: name, Unit: "/s", Value: perSecond, Higher: true, Bound: bound}
}

// A liveSize says how many write and listen, and for how long.
type liveSize struct {
	records     int
	subscribers int // of each record
	window      int // changes that a writer sends ahead of their acknowledgement
	history     int // changes encoded for each record
	warmUp      time.Duration
	duration    time.Duration
	rate        int // changes per second over all records, 0 for as fast as they go
}

func (z liveSize) work() work { return work{records: z.records, changes: z.history} }

// A live is a run of writers and subscribers.
type live struct {
	liveSize
	heard  atomic.Int64  // changes that were acknowledged
	ending chan struct{} // closed when no writer may begin another change
	delays delays
}

// A liveResult is what was measured after the warm-up.
type liveResult struct {
	usage
	acked  float64
	delays *delays
	shares float64 // commits of one transaction on average, 0 where nobody counts
	turns  float64 // changes of one commit on average, likewise
}

func runLive(ctx context.Context, t *trial, z liveSize) (result liveResult, err error) {
	err = t.withServer(ctx, func(s *server) error {
		l := &live{liveSize: z, ending: make(chan struct{})}
		t.progress.note("connecting %d devices", z.records*(1+z.subscribers))
		groups, err := l.connect(ctx, t, s)
		if err != nil {
			return err
		}
		defer func() {
			for _, r := range groups {
				r.close()
			}
		}()
		result, err = l.run(ctx, t, s, groups)
		return err
	})
	return result, err
}

// run lets everybody work, and measures from the end of the warm-up until all
// that was sent is known to all.
func (l *live) run(ctx context.Context, t *trial, s *server, groups []*liveRecord) (liveResult, error) {
	ctx, cancel := context.WithTimeout(ctx, l.warmUp+l.duration+livePatience)
	defer cancel()
	running, runCtx := errgroup.WithContext(ctx)
	for _, r := range groups {
		r.run(runCtx, running)
	}
	finished := make(chan error, 1)
	go func() { finished <- running.Wait() }() // ends with the last device, at the latest with ctx
	select {
	case <-time.After(l.warmUp):
	case err := <-finished:
		return liveResult{}, fmt.Errorf("ended in the warm-up: %w", err)
	}
	before := l.heard.Load()
	commits, transactions, err := s.shared(ctx)
	if err != nil {
		return liveResult{}, err
	}
	l.delays.forget()
	result := liveResult{delays: &l.delays}
	if result.usage, err = t.measure(s, t.part, settle, func() error { return l.watch(t.progress, finished) }); err != nil {
		return result, err
	}
	result.acked = float64(l.heard.Load() - before)
	all, in, err := s.shared(ctx)
	if in > transactions {
		result.shares = (all - commits) / (in - transactions)
		result.turns = result.acked / (all - commits)
	}
	return result, err
}

// watch ends the writing after the duration and returns when all is known to all.
func (l *live) watch(p *progress, finished <-chan error) error {
	end, tick := time.NewTimer(l.duration), time.NewTicker(500*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.note("%d changes acknowledged", l.heard.Load())
		case <-end.C:
			close(l.ending)
		case err := <-finished:
			return err
		}
	}
}

// connect lets every writer bring its record and every subscriber follow it.
func (l *live) connect(ctx context.Context, t *trial, s *server) ([]*liveRecord, error) {
	groups := make([]*liveRecord, l.records)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range groups {
		r := &liveRecord{live: l, number: i, sent: make([]atomic.Int64, l.history), slots: make(chan struct{}, l.window)}
		groups[i] = r
		g.Go(func() error { return r.connect(ctx, t.corpus, s.url) })
	}
	return groups, g.Wait()
}
