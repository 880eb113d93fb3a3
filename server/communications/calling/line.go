package calling

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wedsync/server/communications/source"
)

const (
	patience   = 15 * time.Second // for which a call waits until a provider may be asked
	firstPause = time.Second      // bounds the silence after a refusal that does not say how long
	lastPause  = time.Minute
	maxPause   = time.Hour // that a provider can ask for
)

// A line is what all calls of an account share.
type line struct {
	slots  chan struct{} // one taken by each request under way
	bucket *rate.Limiter // nil for no bound

	mu     sync.Mutex
	silent time.Time // until when nothing is to be asked
	paused time.Time // when that was heard last
	times  int       // that it was, in a row
}

func newLine(p Provider) *line {
	l := &line{slots: make(chan struct{}, cmp.Or(p.AtOnce, DefaultAtOnce))}
	if p.PerSecond > 0 {
		l.bucket = rate.NewLimiter(rate.Limit(p.PerSecond), max(1, cmp.Or(p.Burst, int(p.PerSecond/2))))
	}
	return l
}

// idle reports whether a new line would be as good.
func (l *line) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.slots) == 0 && !l.silent.After(now) && (l.bucket == nil || l.bucket.TokensAt(now) >= float64(l.bucket.Burst()))
}

// take waits until a request of some cost may be made, and says when that was. It
// returns a *source.LimitError if that takes too long. Whoever took gives back.
func (l *line) take(ctx context.Context, cost int) (time.Time, error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	if err := l.wait(ctx, cost); err != nil {
		l.give()
		return time.Time{}, err
	}
	return time.Now(), nil
}

func (l *line) give() { <-l.slots }

func (l *line) wait(ctx context.Context, cost int) error {
	if l.bucket != nil {
		cost = min(max(1, cost), l.bucket.Burst())
		now := time.Now()
		r := l.bucket.ReserveN(now, cost)
		if err := l.within(ctx, r.DelayFrom(now)); err != nil {
			r.Cancel()
			return err
		}
	}
	for { // others may hear meanwhile that it takes longer
		l.mu.Lock()
		left := time.Until(l.silent)
		l.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if err := l.within(ctx, left); err != nil {
			return err
		}
	}
}

// within waits, unless it is clear that nobody has the patience.
func (l *line) within(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); d > patience || ok && d > time.Until(deadline) {
		return &source.LimitError{After: d}
	}
	return sleep(ctx, d)
}

// pause notes that the provider refused a request that was made at some time, and
// wants silence for after; 0 if it does not say how long.
func (l *line) pause(asked time.Time, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !asked.Before(l.paused) { // not one of several that were refused together
		l.times++
		l.paused = now
	}
	if after <= 0 {
		bound := min(firstPause<<min(max(l.times, 1)-1, 10), lastPause)
		after = bound/2 + rand.N(bound/2) //nolint:gosec // not to come back together
	}
	if until := now.Add(min(after, maxPause)); until.After(l.silent) {
		l.silent = until
	}
}

// went notes that the provider did not refuse a request.
func (l *line) went() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = 0
}
