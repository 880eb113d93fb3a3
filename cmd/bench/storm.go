package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// A stormSize says who comes back.
type stormSize struct {
	pool, changes int // records that exist, and their changes each
	devices       int
	opened        int // records that each device has open
}

func (z stormSize) work() work {
	return work{records: z.pool, changes: z.changes, spans: []span{{0, z.changes}}}
}

// measureStorm lets all devices come back at once, in sync: first to a server
// that has just started, then to one that is warm.
func measureStorm(ctx context.Context, t *trial) (rows []row, err error) {
	err = t.inPlace(ctx, func(at place) error {
		err := t.serving(ctx, at, func(s *server) error { return t.fill(ctx, s, t.size.storm.changes) })
		if err != nil {
			return err
		}
		return t.serving(ctx, at, func(s *server) error {
			for _, state := range []string{"restarted", "warm"} {
				u, err := storm(ctx, t, s, state)
				if err != nil {
					return fmt.Errorf("%s server: %w", state, err)
				}
				rows = append(rows,
					row{Key: "storm " + state, Name: state + " server: CPU", Unit: "s", Value: u.server, Bound: u.bound()},
					row{Key: "storm " + state + " wall", Name: state + " server: until all are in sync", Unit: "s", Value: u.wall, Bound: u.bound()})
			}
			return nil
		})
	})
	return rows, err
}

func storm(ctx context.Context, t *trial, s *server, state string) (usage, error) {
	z := t.size.storm
	devices := make([]device, z.devices)
	defer func() { closeAll(devices) }()
	u, err := t.measure(s, "storm-"+state, rest, func() error {
		var inSync atomic.Int64
		gate := make(chan struct{}, dialling)
		g, stormCtx := errgroup.WithContext(ctx)
		for i := range devices {
			g.Go(func() error {
				gate <- struct{}{}
				d, err := t.corpus.dial(stormCtx, s.url, fmt.Sprintf("%s-%d", state, i))
				<-gate
				if err != nil {
					return err
				}
				devices[i] = d
				if err := catchUp(stormCtx, d, z.pick(i), z.changes); err != nil {
					return fmt.Errorf("device %d: %w", i, err)
				}
				linger(ctx, d)
				t.progress.note("%s server: %d of %d devices in sync", state, inSync.Add(1), z.devices)
				return nil
			})
		}
		return g.Wait()
	})
	return u, err
}

// pick is the records that device i has open.
func (z stormSize) pick(i int) map[int]bool {
	open := make(map[int]bool, z.opened)
	for k := 0; len(open) < min(z.opened, z.pool); k++ {
		open[(i*z.opened+k*7)%z.pool] = true
	}
	return open
}

// catchUp offers all records and waits until the server has answered each with
// the changes that the device has.
func catchUp(ctx context.Context, d device, open map[int]bool, n int) error {
	for record := range open {
		if err := d.open(ctx, record, n, n); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		got, err := d.next(ctx)
		if err != nil {
			return fmt.Errorf("%d records not in sync: %w", len(open), err)
		}
		if got.has == n {
			delete(open, got.record)
		}
	}
	return nil
}
