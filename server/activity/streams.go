package activity

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"wedsync/server/hub"
	"wedsync/store"
)

// ErrClosed means that the streams have ended: the hub stops.
var ErrClosed = errors.New("the hub restarts, come back")

// ErrCrowded means that a supplier has as many listeners as this node takes.
var ErrCrowded = errors.New("too many listen, come back later")

// A Journal is the part of a [store.Store] that streams are made of.
type Journal interface {
	Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error)
	Ends(ctx context.Context, suppliers []string) (map[string]store.End, error)
}

// A Hub says when to look. It is a [hub.Hub].
type Hub interface {
	Watch(supplier string, w hub.Watcher) (stop func())
}

// Options say what streams work with. Store, Hub and Epoch are needed.
type Options struct {
	Store      Journal
	Hub        Hub
	Epoch      string                // of the store's positions
	Log        *slog.Logger          // slog.Default if nil
	Registerer prometheus.Registerer // none if nil
	Limits     Limits                // zero fields mean DefaultLimits
}

// Streams are the activity streams of a node, one for each supplier that has
// listeners. Its methods may be called from any goroutine.
type Streams struct {
	store   Journal
	hub     Hub
	epoch   string
	node    string // tells events that are not stored from those of other nodes
	log     *slog.Logger
	limits  Limits
	metrics *metrics
	again   *semaphore.Weighted // replays
	ctx     context.Context     // ends with Close
	cancel  context.CancelFunc
	wg      sync.WaitGroup // tails, and their sweeper

	mu    sync.Mutex
	tails map[string]*tail
}

// New begins streams; Close ends them.
func New(ctx context.Context, o Options) *Streams {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Streams{
		store: o.Store, hub: o.Hub, epoch: o.Epoch, node: strings.ToLower(rand.Text()[:8]), log: o.Log,
		limits: o.Limits.orDefault(), metrics: newMetrics(o.Registerer),
		again: semaphore.NewWeighted(replays), tails: make(map[string]*tail),
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.wg.Go(s.sweep)
	return s
}

// Close ends all streams and has their listeners leave, which Done tells them.
func (s *Streams) Close() {
	s.mu.Lock()
	s.cancel() // under mu, so that no tail begins after it
	s.mu.Unlock()
	s.wg.Wait()
}

// Done is closed when the streams end.
func (s *Streams) Done() <-chan struct{} { return s.ctx.Done() }

// listen is the tail of a supplier for one more listener.
func (s *Streams) listen(ctx context.Context, supplier string) (*tail, error) {
	t, err := s.tail(supplier)
	if err != nil {
		return nil, err
	}
	select {
	case <-t.begun:
		return t, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.ctx.Done():
		err = ErrClosed
	}
	s.leave(t)
	return nil, err
}

func (s *Streams) tail(supplier string) (*tail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, ErrClosed
	}
	t := s.tails[supplier]
	if t == nil {
		t = newTail(s, supplier)
		var ctx context.Context
		ctx, t.stop = context.WithCancel(s.ctx)
		s.tails[supplier] = t
		s.wg.Go(func() { t.run(ctx) })
	}
	if t.listeners >= s.limits.Listeners {
		return nil, ErrCrowded
	}
	t.listeners++
	s.metrics.listeners.Inc()
	return t, nil
}

func (s *Streams) leave(t *tail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.listeners--
	t.idle = time.Now()
	s.metrics.listeners.Dec()
}

// sweep ends tails that nobody has listened to for a while. It ends with Close.
func (s *Streams) sweep() {
	ticks := time.NewTicker(s.limits.Linger / 2)
	defer ticks.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticks.C:
		}
		s.mu.Lock()
		for supplier, t := range s.tails {
			if t.listeners == 0 && time.Since(t.idle) > s.limits.Linger {
				t.stop()
				delete(s.tails, supplier)
			}
		}
		s.mu.Unlock()
	}
}
