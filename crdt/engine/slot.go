package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A slot is a place for one worker. Whoever took it from the pool owns it and
// its worker until it is given back.
type slot struct {
	e      *Engine
	name   string
	worker *worker // nil before the first start and after a death
	starts int
	deaths int // in a row, without an answer between
}

// After a second death in a row the next start waits, twice as long each time.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 5 * time.Second
)

// do performs a task on the slot's worker, which it starts if need be. The
// document in the answer has the heads of h.
func (s *slot) do(ctx context.Context, task byte, h history) (report, error) {
	if err := s.ready(ctx); err != nil {
		return report{}, err
	}
	r, err := s.worker.call(ctx, s.e.options.Deadline, task, h)
	var d *death
	if errors.As(err, &d) {
		if s.e.isClosed() {
			s.worker = nil
			return report{}, ErrClosed
		}
		s.bury(d.cause)
		return report{}, err
	}
	s.deaths = 0
	s.e.metrics.rss.WithLabelValues(s.name).Set(float64(s.worker.rss))
	if err != nil {
		return report{}, err
	}
	if want := h.heads(); !slices.Equal(r.heads, want) {
		return report{}, fmt.Errorf("%w: heads are %v, want %v", ErrRefused, logged(r.heads), logged(want))
	}
	return r, nil
}

// bury notes that the worker is dead.
func (s *slot) bury(c cause) {
	s.worker = nil
	s.deaths++
	s.e.metrics.deaths.WithLabelValues(string(c)).Inc()
	s.e.metrics.rss.WithLabelValues(s.name).Set(0)
}

// ready sees to a worker that can take a call.
func (s *slot) ready(ctx context.Context) error {
	if s.worker != nil && s.worker.ended() {
		s.worker.kill()
		s.bury(idle)
	}
	if s.worker != nil && s.worn() {
		s.dismiss()
	}
	if s.worker != nil {
		return nil
	}
	if err := s.pause(ctx); err != nil {
		return err
	}
	w, err := s.e.start(ctx)
	if err != nil {
		s.bury(unready)
		return err
	}
	s.worker = w
	if s.starts++; s.starts > 1 {
		s.e.metrics.restarts.Inc()
	}
	return nil
}

// dismiss ends the worker, if there is one; the next call has a fresh one.
func (s *slot) dismiss() {
	if s.worker != nil {
		s.worker.kill()
		s.worker = nil
	}
}

// worn reports whether the worker has done its share of calls, or keeps so much
// memory that the next large record might not fit.
func (s *slot) worn() bool {
	o := s.e.options
	return s.worker.calls >= o.RecycleAfter || s.worker.data-s.worker.base > o.MemoryLimit/2
}

func (s *slot) pause(ctx context.Context) error {
	if s.deaths < 2 {
		return nil
	}
	t := time.NewTimer(min(lastPause, firstPause<<min(s.deaths-2, 16)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.e.closing:
		return ErrClosed
	}
}
