package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const livePatience = 2 * time.Minute // for everything after the last change was sent

// measureLive lets every writer run as fast as its window allows.
func measureLive(ctx context.Context, s *subject, z size, p *progress) ([]row, error) {
	z.rate = 0
	l, u, err := runLive(ctx, s, z, p)
	if err != nil {
		return nil, err
	}
	acked := float64(l.acked.Load())
	return []row{
		{Name: "live: acknowledged changes per server CPU second", Unit: "/s", Value: acked / u.server, Higher: true, Goal: 5, Bound: u.bound()},
		{Name: "live: acknowledged changes per second", Unit: "/s", Value: acked / u.wall, Higher: true, Bound: u.bound()},
		{Name: "live: change to subscriber, p50", Unit: "ms", Value: l.delays.percentile(50)},
		{Name: "live: change to subscriber, p99", Unit: "ms", Value: l.delays.percentile(99)},
	}, nil
}

// measurePaced lets changes arrive as they do from people.
func measurePaced(ctx context.Context, s *subject, z size, p *progress) ([]row, error) {
	l, u, err := runLive(ctx, s, z, p)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%d changes/s: ", z.rate)
	return []row{
		{Name: name + "change to subscriber, p50", Unit: "ms", Value: l.delays.percentile(50)},
		{Name: name + "change to subscriber, p99", Unit: "ms", Value: l.delays.percentile(99)},
		{Name: name + "server CPU per 1,000 changes", Unit: "s", Value: u.server / float64(l.acked.Load()) * 1000},
	}, nil
}

// A live is a run of writers and subscribers.
type live struct {
	size
	url    string
	acked  atomic.Int64
	ending chan struct{} // closed when no writer may begin another change
	delays *delays
}

func runLive(ctx context.Context, s *subject, z size, p *progress) (*live, usage, error) {
	data, err := os.MkdirTemp("", "wedsync-bench-")
	if err != nil {
		return nil, usage{}, fmt.Errorf("make a data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }() // a leftover in /tmp is no failure of the run
	p.note("encoding %d changes", z.records*z.history)
	all := histories(z.records, z.history)
	srv, err := s.start(ctx, data)
	if err != nil {
		return nil, usage{}, err
	}
	defer func() { _ = srv.stop() }() // what it did was measured before
	l := &live{size: z, url: srv.url, ending: make(chan struct{}), delays: newDelays()}
	p.note("connecting %d devices", z.records*(1+z.subscribers))
	groups, err := l.connect(ctx, all)
	if err != nil {
		return nil, usage{}, err
	}
	if _, err := settle(srv.pid()); err != nil {
		return nil, usage{}, err
	}
	u, err := l.run(ctx, srv, groups, p)
	return l, u, err
}

func (l *live) run(ctx context.Context, srv *server, groups []*liveRecord, p *progress) (usage, error) {
	m, err := startMeter(srv.pid())
	if err != nil {
		return usage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.duration+livePatience)
	defer cancel()
	running, ctx := errgroup.WithContext(ctx)
	for _, r := range groups {
		r.run(ctx, running)
	}
	finished := make(chan error, 1)
	go func() { finished <- running.Wait() }() // ends with the last device, at the latest with ctx
	end, tick := time.NewTimer(l.duration), time.NewTicker(500*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.note("%d changes acknowledged", l.acked.Load())
		case <-end.C:
			close(l.ending)
		case err := <-finished:
			if err != nil {
				return usage{}, err
			}
			return m.stop()
		}
	}
}

// connect lets every writer introduce its record and every subscriber follow it.
func (l *live) connect(ctx context.Context, all []*history) ([]*liveRecord, error) {
	groups := make([]*liveRecord, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, h := range all {
		g.Go(func() error {
			r := &liveRecord{live: l, history: h, sent: make([]atomic.Int64, len(h.hashes)), slots: make(chan struct{}, l.window)}
			groups[i] = r
			return r.connect(ctx, fmt.Sprintf("record-%d", i))
		})
	}
	return groups, g.Wait()
}
