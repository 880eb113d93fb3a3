package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

const (
	uploaders = 16 // devices that bring the storm's records
	dialling  = 64 // sockets that are opened at the same time
)

// measureStorm lets all devices come back at once, in sync: first to a server
// that has just started, then to one that is warm.
func measureStorm(ctx context.Context, s *subject, z size, p *progress) ([]row, error) {
	data, err := os.MkdirTemp("", "wedsync-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }() // a leftover in /tmp is no failure of the run
	all := histories(z.pool, z.changes)
	if err := fill(ctx, s, data, all, p); err != nil {
		return nil, fmt.Errorf("bring the records: %w", err)
	}
	srv, err := s.start(ctx, data)
	if err != nil {
		return nil, err
	}
	defer func() { _ = srv.stop() }() // what it did was measured before
	var rows []row
	for _, state := range []string{"restarted", "warm"} {
		u, err := storm(ctx, srv, all, z, state, p)
		if err != nil {
			return nil, fmt.Errorf("%s server: %w", state, err)
		}
		name := fmt.Sprintf("%d devices × %d records return, %s server: ", z.devices, z.opened, state)
		rows = append(rows,
			row{Name: name + "server CPU", Unit: "s", Value: u.server, Goal: 10, Bound: u.bound()},
			row{Name: name + "until all are in sync", Unit: "s", Value: u.wall, Bound: u.bound()})
	}
	return rows, nil
}

// fill stores the records in a server of its own and ends it.
func fill(ctx context.Context, s *subject, data string, all []*history, p *progress) error {
	srv, err := s.start(ctx, data)
	if err != nil {
		return err
	}
	var stored atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for u := range uploaders {
		g.Go(func() error {
			d, err := dial(ctx, srv.url, fmt.Sprintf("uploader-%d", u))
			if err != nil {
				return err
			}
			defer d.close()
			for i := u; i < len(all); i += uploaders {
				if err := d.introduce(ctx, all[i], len(all[i].chunks)); err != nil {
					return fmt.Errorf("record %d: %w", i, err)
				}
				if n := stored.Add(1); n%50 == 0 {
					p.note("%d of %d records stored", n, len(all))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		_ = srv.stop() // the error that matters is at hand
		return err
	}
	if _, err := settle(srv.pid()); err != nil {
		return err
	}
	return srv.stop()
}

func storm(ctx context.Context, srv *server, all []*history, z size, state string, p *progress) (usage, error) {
	m, err := startMeter(srv.pid())
	if err != nil {
		return usage{}, err
	}
	var inSync atomic.Int64
	gate := make(chan struct{}, dialling)
	g, ctx := errgroup.WithContext(ctx)
	devices := make([]*device, z.devices)
	for i := range devices {
		g.Go(func() error {
			gate <- struct{}{}
			d, err := dial(ctx, srv.url, fmt.Sprintf("%s-%d", state, i))
			<-gate
			if err != nil {
				return err
			}
			devices[i] = d
			if err := d.catchUp(ctx, pick(all, i, z.opened)); err != nil {
				return fmt.Errorf("device %d: %w", i, err)
			}
			if n := inSync.Add(1); n%20 == 0 {
				p.note("%s server: %d of %d devices in sync", state, n, z.devices)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return usage{}, err
	}
	u, err := m.stop()
	for _, d := range devices {
		d.close()
	}
	if err != nil {
		return u, err
	}
	_, err = settle(srv.pid())
	return u, err
}

// pick is the records that device i has open.
func pick(all []*history, i, n int) map[string]*history {
	open := make(map[string]*history, n)
	for k := range n {
		h := all[(i*n+k*7)%len(all)]
		open[h.document] = h
	}
	return open
}

// catchUp offers every record and waits until the server has answered each
// with the heads that the device has.
func (d *device) catchUp(ctx context.Context, open map[string]*history) error {
	for document, h := range open {
		if err := d.send(ctx, document, appendMessage(nil, h.hashes[len(h.hashes)-1])); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		e, err := d.read(ctx)
		if err != nil {
			return fmt.Errorf("%d records not in sync: %w", len(open), err)
		}
		h, waiting := open[e.DocumentID]
		if !waiting {
			continue
		}
		at, err := headIndex(e, h)
		if err != nil {
			return err
		}
		if at == len(h.hashes)-1 {
			delete(open, e.DocumentID)
		}
	}
	return nil
}
