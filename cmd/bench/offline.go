package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// An offlineSize says what a device did while it was away.
type offlineSize struct {
	records int
	shared  int // changes of each that the server has
	unsent  int // and changes that the device made since
}

func (z offlineSize) held() int { return z.shared + z.unsent }

func (z offlineSize) work() work {
	return work{records: z.records, changes: z.held(), spans: []span{{0, z.shared}, {z.shared, z.held()}}}
}

// measureOffline lets a device come back that worked offline, and then a fresh
// device pull everything.
func measureOffline(ctx context.Context, t *trial) (rows []row, err error) {
	z := t.size.offline
	phases := []struct {
		name   string
		each   func(context.Context, device, int) error
		onNews func(context.Context, device, news) (done bool, err error)
		ended  waiting
	}{
		{"push", z.offer, z.pushed, settle},
		{"pull", z.request, z.pulled, rest},
	}
	err = t.withServer(ctx, func(s *server) error {
		if err := t.fill(ctx, s, z.shared); err != nil {
			return err
		}
		t.progress.note("waiting until the server rests")
		if _, err := settle(s); err != nil {
			return err
		}
		for _, phase := range phases {
			t.progress.note("%s of %d records", phase.name, z.records)
			u, err := t.measure(s, phase.name, phase.ended, func() error {
				d, err := t.corpus.dial(ctx, s.url, phase.name)
				if err != nil {
					return err
				}
				defer d.close()
				return inFlight(ctx, d, z.records, phase.each, phase.onNews)
			})
			if err != nil {
				return fmt.Errorf("%s: %w", phase.name, err)
			}
			rows = append(rows,
				row{Key: phase.name, Name: phase.name + ": server CPU", Unit: "s", Value: u.server, Bound: u.bound()},
				row{Key: phase.name + " prompt", Name: phase.name + ": of it before the last answer", Unit: "s", Value: u.prompt},
				row{Key: phase.name + " wall", Name: phase.name + ": until done", Unit: "s", Value: u.wall, Bound: u.bound()})
		}
		return nil
	})
	return rows, err
}

func (z offlineSize) offer(ctx context.Context, d device, record int) error {
	return d.open(ctx, record, z.held(), z.shared)
}

// pushed sends what the server lacks once it has said so: the handshake takes
// two flights.
func (z offlineSize) pushed(ctx context.Context, d device, n news) (bool, error) {
	if n.has == z.shared {
		return false, d.push(ctx, n.record, span{z.shared, z.held()})
	}
	return n.has == z.held(), nil
}

func (z offlineSize) request(ctx context.Context, d device, record int) error {
	return d.open(ctx, record, 0, 0)
}

func (z offlineSize) pulled(ctx context.Context, d device, n news) (bool, error) {
	if n.has < z.held() {
		return false, nil
	}
	return true, d.took(ctx, n.record, z.held())
}

// window is how many records a device works on at a time: Hocuspocus ends a
// connection on which more than 100 are not yet authenticated.
const window = 100

// inFlight begins all records, so many at a time, until each of them is done.
func inFlight(ctx context.Context, d device, records int, begin func(context.Context, device, int) error,
	onNews func(context.Context, device, news) (bool, error),
) error {
	slots := make(chan struct{}, window)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for record := range records {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := begin(ctx, d, record); err != nil {
				return err
			}
		}
		return nil
	})
	g.Go(func() error {
		done := make(map[int]bool, records)
		for len(done) < records {
			n, err := d.next(ctx)
			if err != nil {
				return fmt.Errorf("%d of %d records done: %w", len(done), records, err)
			}
			finished, err := onNews(ctx, d, n)
			if err != nil {
				return err
			}
			if finished && !done[n.record] {
				done[n.record] = true
				<-slots
			}
		}
		return nil
	})
	return g.Wait()
}
