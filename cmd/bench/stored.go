package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A storedSize says how much a server holds open, and then has stored.
type storedSize struct {
	connections int
	records     int
	changes     int           // of each record
	patience    time.Duration // how long a server may take to open all records
	starts      int           // cold ones; the middle one counts
}

func (z storedSize) work() work {
	return work{records: z.records, changes: z.changes, spans: []span{{0, z.changes}}}
}

// measureStored looks at a server's memory with idle connections and with open
// records, and then starts it again with all these records.
func measureStored(ctx context.Context, t *trial) (rows []row, err error) {
	err = t.inPlace(ctx, func(at place) error {
		err := t.serving(ctx, at, func(s *server) error {
			rows, err = measureMemory(ctx, t, s)
			return err
		})
		if err != nil {
			return err
		}
		first, err := measureColdStart(ctx, t, at)
		rows = append(rows, row{Key: "cold start", Name: "cold start until the first record is served", Unit: "ms", Value: first})
		return err
	})
	return rows, err
}

func measureMemory(ctx context.Context, t *trial, s *server) ([]row, error) {
	z := t.size.stored
	first, err := t.dialAll(ctx, s, "first", 1) // brings in what all connections need
	if err != nil {
		return nil, err
	}
	closeAll(first)
	t.progress.note("waiting until its memory settles")
	empty, err := settledMemory(s)
	if err != nil {
		return nil, err
	}
	devices, err := t.dialAll(ctx, s, "idle", z.connections)
	if err != nil {
		return nil, err
	}
	defer closeAll(devices)
	for i, d := range devices {
		devices[i] = linger(ctx, d)
	}
	t.progress.note("%d idle connections", z.connections)
	idle, err := settledMemory(s)
	if err != nil {
		return nil, err
	}
	opened, err := openAll(ctx, t, devices)
	if err != nil {
		return nil, err
	}
	t.progress.note("%d open records", opened)
	full, err := settledMemory(s)
	if err != nil {
		return nil, err
	}
	return []row{
		{Key: "connection", Name: "memory per idle connection", Unit: "kB", Value: max(0, idle-empty) / float64(z.connections) / 1000},
		{Key: "record", Name: "memory per open record", Unit: "kB", Value: max(0, full-idle) / float64(opened) / 1000},
		{Key: "memory", Name: "memory with all of them", Unit: "MB", Value: full / 1e6},
		{Key: "opened", Name: fmt.Sprintf("records opened in %v", z.patience), Value: float64(opened)},
	}, nil
}

// openAll brings the records over all devices, a few of them at a time, until
// patience ends. It says how many were opened.
func openAll(ctx context.Context, t *trial, devices []device) (int, error) {
	z := t.size.stored
	end := time.Now().Add(z.patience)
	var opened atomic.Int64
	g, openCtx := errgroup.WithContext(ctx)
	g.SetLimit(uploaders)
	for i, d := range devices {
		g.Go(func() error {
			for record := i; record < z.records && time.Now().Before(end); record += len(devices) {
				if err := bring(openCtx, d, record, z.changes); err != nil {
					return fmt.Errorf("open record %d: %w", record, err)
				}
				t.progress.note("%d records opened", opened.Add(1))
			}
			return nil
		})
	}
	err := g.Wait()
	return int(opened.Load()), err
}

// measureColdStart is how many milliseconds a server takes from its start to
// the first record that it serves.
func measureColdStart(ctx context.Context, t *trial, at place) (float64, error) {
	var took []float64
	for range t.size.stored.starts {
		began := time.Now()
		s, err := t.subject.start(ctx, at)
		if err != nil {
			return 0, err
		}
		s.lag = t.subject.lag
		err = t.serveFirst(ctx, s)
		took = append(took, time.Since(began).Seconds()*1000)
		if err != nil {
			_ = s.stop() // the error that matters is at hand
			return 0, err
		}
		if err := s.stop(); err != nil {
			return 0, err
		}
	}
	return median(took), nil
}

func (t *trial) serveFirst(ctx context.Context, s *server) error {
	d, err := t.knock(ctx, s)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.open(ctx, 0, 0, 0); err != nil {
		return err
	}
	return await(ctx, d, 0, t.size.stored.changes)
}
