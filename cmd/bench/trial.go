package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A trial is one subject doing one part once.
type trial struct {
	part     string
	subject  *subject
	corpus   corpus
	size     size
	progress *progress
	profiles *profiles
	round    int
	others   float64 // the most cores that anybody else used while we measured
}

// withServer runs do beside a server that begins with an empty directory.
func (t *trial) withServer(ctx context.Context, do func(*server) error) error {
	return t.inPlace(ctx, func(at place) error { return t.serving(ctx, at, do) })
}

// inPlace runs do with an empty place.
func (t *trial) inPlace(ctx context.Context, do func(at place) error) error {
	data, err := os.MkdirTemp("", "wedsync-bench-")
	if err != nil {
		return fmt.Errorf("make a data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }() // a leftover in /tmp is no failure of the run
	at := place{dir: data}
	if t.subject.database != nil {
		if at.database, err = t.subject.database(ctx); err != nil {
			return err
		}
		defer func() { _ = at.database.close() }() // a leftover in /tmp is no failure of the run
	}
	return do(at)
}

// serving runs do beside a server that answers, and ends it.
func (t *trial) serving(ctx context.Context, at place, do func(*server) error) error {
	s, err := t.start(ctx, at)
	if err != nil {
		return err
	}
	if err := do(s); err != nil {
		_ = s.stop() // the error that matters is at hand
		return fmt.Errorf("%w\n%s", err, lastWords(at.dir))
	}
	return s.stop()
}

// lastWords is the end of a server's log.
func lastWords(data string) string {
	const enough = 2000
	log, err := os.ReadFile(filepath.Join(data, logName))
	if err != nil || len(log) == 0 {
		return "its log is empty"
	}
	return "its log ends with:\n" + string(log[max(0, len(log)-enough):])
}

func (t *trial) start(ctx context.Context, at place) (*server, error) {
	s, err := t.subject.start(ctx, at)
	if err != nil {
		return nil, err
	}
	s.lag = t.subject.lag
	d, err := t.knock(ctx, s)
	if err != nil {
		_ = s.stop() // the error that matters is at hand
		return nil, err
	}
	d.close()
	return s, nil
}

const (
	knockPatience = 250 * time.Millisecond
	knocks        = 60
)

// knock dials a server that has just started. automerge-repo-sync-server
// sometimes loses a join in its first moments, so we soon try again.
func (t *trial) knock(ctx context.Context, s *server) (d device, err error) {
	for range knocks {
		patience, cancel := context.WithTimeout(ctx, knockPatience)
		d, err = t.corpus.dial(patience, s.url, "knock")
		cancel()
		if err == nil || ctx.Err() != nil {
			return d, err
		}
	}
	return nil, fmt.Errorf("the server does not answer: %w", err)
}

// measure runs do and says what it took.
func (t *trial) measure(s *server, phase string, ended waiting, do func() error) (usage, error) {
	stop, err := t.profiles.begin(s, phase, t.round)
	if err != nil {
		return usage{}, err
	}
	m, err := startMeter(s)
	if err != nil {
		return usage{}, err
	}
	if err := do(); err != nil {
		return usage{}, err
	}
	u, err := m.stop(ended)
	if err != nil {
		return u, err
	}
	t.others = max(t.others, u.others)
	return u, stop()
}

const dialling = 64 // sockets that are opened at the same time

// dialAll opens n connections.
func (t *trial) dialAll(ctx context.Context, s *server, name string, n int) ([]device, error) {
	devices := make([]device, n)
	g, dialCtx := errgroup.WithContext(ctx)
	g.SetLimit(dialling)
	for i := range devices {
		g.Go(func() (err error) {
			devices[i], err = t.corpus.dial(dialCtx, s.url, fmt.Sprintf("%s-%d", name, i))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		closeAll(devices)
		return nil, err
	}
	return devices, nil
}

const uploaders = 16 // devices that bring the records that a phase begins with

// fill brings all records with n changes each, and waits until they are stored.
func (t *trial) fill(ctx context.Context, s *server, n int) error {
	devices, err := t.dialAll(ctx, s, "uploader", uploaders)
	if err != nil {
		return err
	}
	defer closeAll(devices)
	records := t.corpus.work().records
	var brought atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for u, d := range devices {
		g.Go(func() error {
			for i := u; i < records; i += uploaders {
				if err := bring(ctx, d, i, n); err != nil {
					return fmt.Errorf("bring record %d: %w", i, err)
				}
				t.progress.note("%d of %d records stored", brought.Add(1), records)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if t.subject.durable {
		return nil
	}
	_, err = settle(s)
	return err
}
