package inbound

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"wedsync/server/auth"
	"wedsync/store"
)

// Bounds of what is received.
const (
	MaxBody = 256 << 10 // bytes of a request

	maxHeld      = 32 << 20                // bytes of bodies in memory; more are told to come back
	readWithin   = 10 * time.Second        // a body
	answerWithin = 10 * time.Second        // from when a request was read until it is answered
	graphWithin  = 2500 * time.Millisecond // the same: Microsoft Graph waits for three seconds
)

// Errors that a request is refused with.
var (
	// ErrUnsigned means a request that does not show whose it is.
	ErrUnsigned = errors.New("the request does not show whose it is")
	// ErrPaused means that the connection takes no events now.
	ErrPaused = errors.New("the connection is paused")
	// ErrFull means that too much waits: nothing was kept.
	ErrFull = errors.New("too many events wait")
	// ErrBody means a request whose body did not come.
	ErrBody = errors.New("the body could not be read to its end")
	// ErrClosed means that the receiver is closed: nothing was kept.
	ErrClosed = errors.New("the receiver is closed")
)

// A Store keeps events. It is part of a [store.Store].
type Store interface {
	Connections(ctx context.Context, supplier string) ([]store.Connection, error)
	Connection(ctx context.Context, id string) (store.Connection, error)
	ReceiveEvents(ctx context.Context, events []store.InboxEvent) ([]store.Arrival, error)
}

// Jobs has jobs run. It is part of [store.Jobs].
type Jobs interface {
	PutJobs(ctx context.Context, jobs ...store.Job) error
}

// Options say what a receiver works with. All but PublicURL and
// Registerer are needed.
type Options struct {
	Store      Store
	Jobs       Jobs                                                    // none if nil: then events wait for whoever looks for those that are due
	Refuse     func(w http.ResponseWriter, r *http.Request, err error) // answers a request that is refused
	Google     func(ctx context.Context) ([]byte, error)               // reads the keys of Google's tokens, a JWKS
	PublicURL  string                                                  // of the hub, as senders know it; what requests say if empty
	Log        *slog.Logger
	Registerer prometheus.Registerer // none if nil
	Now        func() time.Time
}

// A Receiver answers webhooks. Its methods may be called from any goroutine.
type Receiver struct {
	Options
	metrics *metrics
	keeper  *keeper
	bell    *bell
	google  *googleKeys
	decoy   store.Connection
	held    *semaphore.Weighted // bytes of bodies

	running sync.WaitGroup
	stop    context.CancelFunc
}

// New makes a receiver, which works until it is closed.
func New(ctx context.Context, o Options) (*Receiver, error) {
	keys, err := auth.NewKeys(o.Google, o.Log.With("issuer", "Google"))
	if err != nil {
		return nil, err
	}
	decoy, err := newDecoy()
	if err != nil {
		return nil, err
	}
	m, b := newMetrics(o.Registerer), newBell(o.Jobs, o.Log)
	r := &Receiver{
		Options: o, metrics: m, bell: b, keeper: newKeeper(o.Store, b, m), decoy: decoy, held: semaphore.NewWeighted(maxHeld),
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.google = &googleKeys{keys: keys, run: func() { r.running.Go(func() { keys.Run(ctx) }) }}
	r.running.Go(func() { b.run(ctx) })        // ends with the keeper
	r.running.Go(func() { r.keeper.run(ctx) }) // ends with Close
	return r, nil
}

// Close keeps what has come, and returns when that is done. What comes afterwards
// is refused.
func (r *Receiver) Close() {
	r.keeper.close()
	r.google.once.Do(func() {}) // keys that were never needed are read no more
	r.keeper.wait()
	r.bell.wait()
	r.stop()
	r.running.Wait()
}
