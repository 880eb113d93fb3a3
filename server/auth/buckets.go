package auth

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// buckets limit the rate of each of many keys. They remember at most a number of
// keys: beyond, the one that was idle longest is forgotten, and starts afresh.
type buckets[K comparable] struct {
	rate  rate.Limit
	burst int
	most  int
	now   func() time.Time

	mu   sync.Mutex
	by   map[K]*list.Element
	used list.List // of *bucket[K], the latest first
}

// A bucket is one key's limiter.
type bucket[K comparable] struct {
	key     K
	limiter *rate.Limiter
}

// newBuckets limits each key to perSecond, and to so many seconds' worth at once.
func newBuckets[K comparable](perSecond, seconds float64, most int, now func() time.Time) *buckets[K] {
	return &buckets[K]{
		rate: rate.Limit(perSecond), burst: max(1, int(perSecond*seconds)), most: most, now: now,
		by: make(map[K]*list.Element),
	}
}

// take counts one use of key. It returns how long to wait where that was too
// much; then nothing is counted.
func (b *buckets[K]) take(key K) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	r := b.limiter(key).ReserveN(now, 1)
	after := r.DelayFrom(now)
	if after > 0 {
		r.CancelAt(now)
	}
	return after
}

// limiter is that of key. It is the latest used then.
func (b *buckets[K]) limiter(key K) *rate.Limiter {
	if e, ok := b.by[key]; ok {
		b.used.MoveToFront(e)
		return e.Value.(*bucket[K]).limiter
	}
	if len(b.by) >= b.most {
		oldest := b.used.Back()
		delete(b.by, b.used.Remove(oldest).(*bucket[K]).key)
	}
	added := &bucket[K]{key, rate.NewLimiter(b.rate, b.burst)}
	b.by[key] = b.used.PushFront(added)
	return added.limiter
}
