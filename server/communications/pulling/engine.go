package pulling

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/server/communications/source"
	"wedsync/store"
)

// The kinds of jobs: to read what is due of an account, and to look for what has no
// job.
const (
	PullKind  = "communication_pull"
	SweepKind = "communication_sweep"
)

// A Store is the part of a [store.Store] that an engine needs.
type Store interface {
	AllAccounts(ctx context.Context, after string, limit int) ([]store.Account, error)
	Cursors(ctx context.Context, supplier, account string) ([]store.Cursor, error)
	DueCursors(ctx context.Context, now time.Time, limit int) ([]store.CursorKey, error)
	SetCursor(ctx context.Context, c store.Cursor) error
	Occurrences(ctx context.Context, supplier, account, after string, limit int) ([]string, error)
	StorePull(ctx context.Context, p store.Pull) (store.Pulled, error)
	PutJobs(ctx context.Context, jobs ...store.Job) error
}

// Options say what an engine works with. Store, Accounts, Readers, Caller and Clock
// are needed.
type Options struct {
	Store    Store
	Accounts Accounts
	Readers  map[string]source.Source // by provider
	Caller   func(account, provider string) source.Caller
	Clock    func() time.Time
	// Push says where a provider is to say that something has changed in an account,
	// or why it is not to, in words for anybody. Nil if none is to.
	Push func(provider, account string) (to source.Push, whyNot string)
	// Stored is told of the items of each step after they are stored; nil for nobody.
	Stored func(ctx context.Context, supplier string, items []string)

	// Alone is set if no other node has the same store: what was claimed when the
	// engine began was claimed by a process that is gone.
	Alone bool

	Poll       map[string]time.Duration // how often accounts of a provider are read; PollEvery if 0
	Retry      time.Duration            // bounds the wait after a first failure; RetryAfter if 0
	AtOnce     int                      // accounts that jobs read at once on a node; ReadAtOnce if 0
	Log        *slog.Logger             // slog.Default if nil
	Registerer prometheus.Registerer    // none if nil
}

// What holds where Options say nothing else.
const (
	PollEvery  = 5 * time.Minute
	RetryAfter = 10 * time.Second
	ReadAtOnce = 8
)

// An Engine reads accounts. Its methods may be called from any goroutine.
type Engine struct {
	Options
	metrics *metrics

	mu     sync.Mutex
	runs   map[string]*run // of accounts that are being read on this node
	healed time.Time       // when all accounts were last looked at
}

// New makes an engine.
func New(o Options) (*Engine, error) {
	if o.Store == nil || o.Accounts == nil || o.Readers == nil || o.Caller == nil || o.Clock == nil {
		return nil, errors.New("an engine needs a store, accounts, their readers, callers and a clock")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Retry == 0 {
		o.Retry = RetryAfter
	}
	if o.AtOnce == 0 {
		o.AtOnce = ReadAtOnce
	}
	if o.Stored == nil {
		o.Stored = func(context.Context, string, []string) {}
	}
	return &Engine{Options: o, metrics: newMetrics(o.Registerer), runs: make(map[string]*run)}, nil
}

// Workers are the jobs that an engine runs.
func (e *Engine) Workers() map[string]store.Worker {
	return map[string]store.Worker{
		PullKind:  {Run: func(ctx context.Context, j store.Job) error { return e.Work(ctx, j.Key) }, AtOnce: e.AtOnce},
		SweepKind: {Run: func(ctx context.Context, _ store.Job) error { return e.Sweep(ctx) }, AtOnce: 1, Every: sweepEvery},
	}
}

// ring has an account worked on at some time, at once if that has passed.
func (e *Engine) ring(ctx context.Context, supplier, account string, at time.Time) {
	if !at.After(e.Clock()) {
		at = time.Time{}
	}
	err := e.Store.PutJobs(ctx, store.Job{Kind: PullKind, Supplier: supplier, Key: account, At: at})
	if err != nil { // the sweep finds it
		e.Log.WarnContext(ctx, "no job for an account: it is read later", "account", account, "supplier", supplier, "err", err)
	}
}

// poll is how often a scope is read, whose provider says until some time that
// something has changed in the account.
func (e *Engine) poll(provider, scope string, watched time.Time) time.Duration {
	every := e.Poll[provider]
	if every <= 0 {
		every = PollEvery
	}
	if watched.After(e.Clock()) && e.watches(provider, scope) {
		every = max(every, PollPushed)
	}
	return every
}

// within is a random time up to a bound, so that those who fail together do not
// come back together.
func within(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d) //nolint:gosec // no secret
}
