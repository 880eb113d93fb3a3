package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A webhooksSize says how many events come.
type webhooksSize struct {
	objects  int           // that they are about
	flood    int           // events that come as fast as they are taken
	senders  int           // at once
	rate     int           // events a second that come evenly
	duration time.Duration // for how long
}

// measureWebhooks has a sender's events come: some of a kind that the hub only
// keeps, then as many that it works on, both as fast as it takes them; then some
// evenly. All are worked off in the end.
func measureWebhooks(ctx context.Context, t *trial) (rows []row, err error) {
	err = t.withServer(ctx, func(s *server) error {
		rows, err = sendWebhooks(ctx, t, s)
		return err
	})
	return rows, err
}

func sendWebhooks(ctx context.Context, t *trial, s *server) ([]row, error) {
	z := t.size.webhooks
	w, err := connectWebhooks(ctx, s, z)
	if err != nil {
		return nil, err
	}
	started, err := memoryOf(s.pid())
	if err != nil {
		return nil, err
	}
	kept, err := t.measure(s, "kept", rest, func() error { return w.rush(ctx, t.progress, otherSource) })
	if err != nil {
		return nil, fmt.Errorf("events of a source that is not ours: %w", err)
	}
	var backlog time.Duration
	worked, err := t.measure(s, "worked", w.workOff(ctx, t.progress, &backlog), func() error { return w.rush(ctx, t.progress, ourSource) })
	if err != nil {
		return nil, fmt.Errorf("events as fast as they are taken: %w", err)
	}
	var late time.Duration
	answers := &delays{}
	evenly, err := t.measure(s, "evenly", w.workOff(ctx, t.progress, &late), func() error { return w.pace(ctx, t.progress, answers) })
	if err != nil {
		return nil, fmt.Errorf("%d events a second: %w", z.rate, err)
	}
	most, err := mostMemoryOf(s.pid())
	if err != nil {
		return nil, err
	}
	flood := float64(z.flood)
	return []row{
		{Key: "webhooks kept", Name: "events accepted per CPU second", Unit: "/s", Value: flood / kept.server, Higher: true},
		{Key: "webhooks worked", Name: "  and worked off", Unit: "/s", Value: flood / worked.server, Higher: true},
		{Key: "webhooks accepted wall", Name: "events accepted per second while others are worked on (wall)", Unit: "/s", Value: flood / worked.wall, Higher: true, Bound: worked.bound()},
		{Key: "webhooks backlog", Name: "from the last of them until none is left (wall)", Unit: "s", Value: backlog.Seconds()},
		{Key: "webhooks evenly p50", Name: fmt.Sprintf("answer at %d events/s, p50 (wall)", z.rate), Unit: "ms", Value: answers.percentile(50)},
		{Key: "webhooks evenly p99", Name: "  p99", Unit: "ms", Value: answers.percentile(99)},
		{Key: "webhooks evenly backlog", Name: "  from the last of them until none is left", Unit: "s", Value: late.Seconds()},
		{Key: "webhooks evenly cores", Name: "  cores, its database's too", Value: evenly.prompt / evenly.wall},
		{Key: "webhooks memory", Name: "memory of the hub, at most", Unit: "MB", Value: most / 1e6},
		{Key: "webhooks memory before", Name: "  before any event came", Unit: "MB", Value: started / 1e6},
	}, nil
}

// workOff waits until no event is left to be worked on, and the hub rests. It says
// how long the first took.
func (w *webhooks) workOff(ctx context.Context, p *progress, took *time.Duration) waiting {
	return func(s *server) (float64, error) {
		began := time.Now()
		for {
			left, err := w.left(ctx)
			if err != nil {
				return 0, err
			}
			*took = time.Since(began)
			if left["received"] == 0 {
				if len(left) > 0 {
					return 0, fmt.Errorf("events took no effect: %v", left)
				}
				return rest(s)
			}
			p.note("%d events are left", left["received"])
			select {
			case <-time.After(leftProbe):
			case <-ctx.Done():
				return 0, errors.Join(fmt.Errorf("%d events are left", left["received"]), ctx.Err())
			}
		}
	}
}

const leftProbe = 100 * time.Millisecond
