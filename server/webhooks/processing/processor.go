package processing

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/breaker"
	"wedsync/server/hub"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// SweepKind is the kind of jobs that look for events whose job was lost, and forget
// old ones.
const SweepKind = "webhook_sweep"

// A Store is the part of a [store.Store] that a processor needs.
type Store interface {
	store.Inbox
	store.Identities
	store.Contacts
	store.Answers
	Connection(ctx context.Context, id string) (store.Connection, error)
	Heads(ctx context.Context, ids []crdt.RecordID) (map[crdt.RecordID]store.Heads, error)
	Summary(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error)
}

// A Hub takes edits. It is a [hub.Hub].
type Hub interface {
	Policy(ctx context.Context, supplier string) (*conflicts.Policy, error)
	CreateAs(ctx context.Context, id crdt.RecordID, e conflicts.Edit, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	Webhook(ctx context.Context, id crdt.RecordID, w conflicts.WebhookEdit, answer hub.AnswerFunc) (*conflicts.Outcome, error)
}

// Objects reads what events are about. It is a [source.Reader].
type Objects interface {
	Object(ctx context.Context, c store.Connection, e store.InboxEvent) (source.Object, error)
}

// Jobs has jobs run. It is part of a [store.Store].
type Jobs interface {
	PutJobs(ctx context.Context, jobs ...store.Job) error
}

// Options say what a processor works with. Store, Jobs, Hub, Objects and Now are
// needed.
type Options struct {
	Store      Store
	Jobs       Jobs
	Hub        Hub
	Objects    Objects
	Now        func() time.Time
	Log        *slog.Logger          // slog.Default if nil
	Registerer prometheus.Registerer // none if nil
	// Changed is told when an event says that something has changed in an account
	// whose communication is read. Nil for nothing.
	Changed func(ctx context.Context, supplier string, a source.Account)
	// Step is called whenever something was done that a crash may come after:
	// claimed, read, identified, created, committed, finished. Nil for nothing.
	Step func(name string)
}

// A Processor works on events. Its methods may be called from any goroutine.
type Processor struct {
	Options
	breakers breaker.Set
	metrics  *metrics
}

// New makes a processor.
func New(o Options) (*Processor, error) {
	if o.Store == nil || o.Jobs == nil || o.Hub == nil || o.Objects == nil || o.Now == nil {
		return nil, errors.New("a processor needs a store, jobs, a hub, a reader of objects and a clock")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Changed == nil {
		o.Changed = func(context.Context, string, source.Account) {}
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	p := &Processor{Options: o, metrics: newMetrics(o.Registerer)}
	p.breakers.After, p.breakers.For = breakerAfter, breakerFor
	p.breakers.Opened = func(n int) { p.metrics.breakers.Set(float64(n)) }
	return p, nil
}

// Workers are the jobs that a processor runs.
func (p *Processor) Workers() map[string]store.Worker {
	return map[string]store.Worker{
		inbound.JobKind: {Run: func(ctx context.Context, j store.Job) error { return p.Work(ctx, j.Supplier, j.Key) }, AtOnce: atOnce},
		SweepKind:       {Run: func(ctx context.Context, _ store.Job) error { return p.Sweep(ctx) }, AtOnce: 1, Every: sweepEvery},
	}
}

const atOnce = 16 // events of a node

// ring has an event worked on when it is due.
func (p *Processor) ring(ctx context.Context, e store.InboxEvent) {
	at := e.Due
	if !at.After(p.Now()) {
		at = time.Time{} // at once
	}
	err := p.Jobs.PutJobs(ctx, store.Job{Kind: inbound.JobKind, Supplier: e.Supplier, Key: e.ID, At: at})
	if err != nil { // the sweep finds it
		p.Log.WarnContext(ctx, "no job for an event: it is worked on later", "event", e.ID, "supplier", e.Supplier, "err", err)
	}
}

// within is a random time up to a bound, so that those who fail together do not
// come back together.
func within(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
