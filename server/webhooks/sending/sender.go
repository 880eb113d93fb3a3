package sending

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// A Store is the part of a [store.Store] that events are sent from.
type Store interface {
	store.Outbox
	Connection(ctx context.Context, id string) (store.Connection, error)
	Happenings(ctx context.Context, supplier string, after uint64, limit int) ([]store.Entry, error)
	Ends(ctx context.Context, suppliers []string) (map[string]store.End, error)
	PutJobs(ctx context.Context, jobs ...store.Job) error
}

// A Hub says when to look, and knows what counts. It is a [hub.Hub].
type Hub interface {
	Watch(supplier string, w hub.Watcher) (stop func())
	Fresh(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error)
	Sent(ctx context.Context, id crdt.RecordID, s conflicts.Sending) error
	Acknowledged(ctx context.Context, id crdt.RecordID, s conflicts.Sending) error
	Post(ctx context.Context, id crdt.RecordID, by conflicts.Principal, a conflicts.Activity, answer hub.AnswerFunc) (*conflicts.Outcome, error)
}

// A Requester sends requests, and refuses targets. It is an [outbound.Client].
type Requester interface {
	Check(url string) error
	Do(r *http.Request) (*http.Response, error)
}

// Options say what a sender works with. All but Log and Registerer are needed.
type Options struct {
	Store      Store
	Hub        Hub
	Client     Requester
	Epoch      string // of the store's positions
	Now        func() time.Time
	Log        *slog.Logger          // slog.Default if nil
	Registerer prometheus.Registerer // none if nil
}

// A Sender keeps the endpoints of all suppliers, and while Run runs, sends them
// what they want. Its methods may be called from any goroutine.
type Sender struct {
	store   Store
	hub     Hub
	client  Requester
	epoch   string
	now     func() time.Time
	log     *slog.Logger
	metrics *metrics
	prompt  *semaphore.Weighted // requests to endpoints that answer soon
	slow    *semaphore.Weighted // and to others

	mu        sync.Mutex
	ctx       context.Context // of Run, nil while it does not run
	suppliers map[string]*crew
	working   sync.WaitGroup // couriers that work
}

// A crew is the couriers of a supplier's endpoints, by id.
type crew struct {
	stop     func() // of the watch
	couriers map[string]*courier
}

// New makes a sender.
func New(o Options) *Sender {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Sender{
		store: o.Store, hub: o.Hub, client: o.Client, epoch: o.Epoch, now: o.Now, log: o.Log, metrics: newMetrics(o.Registerer),
		prompt: semaphore.NewWeighted(prompt), slow: semaphore.NewWeighted(slow), suppliers: make(map[string]*crew),
	}
}

// Kinds of jobs.
const (
	jobSend   = "webhook_send"   // its key is an endpoint's id
	jobForget = "webhook_forget" // old deliveries
)

// Workers run the sender's jobs, for [store.Jobs].
func (s *Sender) Workers() map[string]store.Worker {
	return map[string]store.Worker{
		jobSend: {AtOnce: 4, Run: func(_ context.Context, j store.Job) error {
			s.ring(j.Supplier, j.Key)
			return nil
		}},
		jobForget: {AtOnce: 1, Every: forget, Run: func(ctx context.Context, _ store.Job) error { return s.forget(ctx) }},
	}
}

// Run sends until ctx ends, and returns when everything that it began has ended.
func (s *Sender) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	ticks := time.NewTicker(sweep)
	defer ticks.Stop()
	for ctx.Err() == nil {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "endpoints of webhooks cannot be read now", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-ticks.C:
		}
	}
	s.mu.Lock()
	s.ctx = nil
	crews := s.suppliers
	s.suppliers = make(map[string]*crew)
	s.mu.Unlock()
	for _, c := range crews {
		c.stop()
	}
	s.working.Wait()
}

// ring says that there may be something to do for an endpoint.
func (s *Sender) ring(supplier, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx != nil {
		s.rouse(s.courier(supplier, id))
	}
}

// courier is that of an endpoint, whose supplier's journal is watched from then on.
// mu is held.
func (s *Sender) courier(supplier, id string) *courier {
	team := s.suppliers[supplier]
	if team == nil {
		team = &crew{couriers: make(map[string]*courier)}
		team.stop = s.hub.Watch(supplier, hub.Watcher{Moved: func() { s.ringAll(supplier) }, Presence: func(hub.PresenceNote) {}})
		s.suppliers[supplier] = team
	}
	c := team.couriers[id]
	if c == nil {
		c = newCourier(s, supplier, id)
		team.couriers[id] = c
	}
	return c
}

// ringAll rings for all endpoints of a supplier.
func (s *Sender) ringAll(supplier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if team := s.suppliers[supplier]; team != nil && s.ctx != nil {
		for _, c := range team.couriers {
			s.rouse(c)
		}
	}
}

// rouse has a courier work, or look once more. mu is held.
func (s *Sender) rouse(c *courier) {
	c.rung = true
	if !c.working {
		c.working = true
		ctx := s.ctx
		s.working.Go(func() { s.work(ctx, c) }) // ends with ctx, or when nothing is due
		return
	}
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

// work has a courier work until nobody rings any more.
func (s *Sender) work(ctx context.Context, c *courier) {
	for {
		s.mu.Lock()
		if !c.rung || ctx.Err() != nil {
			c.working = false
			s.mu.Unlock()
			return
		}
		c.rung = false
		s.mu.Unlock()
		c.work(ctx)
	}
}

// chance is from 0 to 1.
func chance() float64 { return rand.Float64() }

// forget removes deliveries that were done long ago.
func (s *Sender) forget(ctx context.Context) error {
	for {
		n, err := s.store.ForgetDeliveries(ctx, s.now().Add(-KeptFor), atOnce)
		if err != nil || n < atOnce {
			return err
		}
	}
}
