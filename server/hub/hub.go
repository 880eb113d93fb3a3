package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/store"
)

// ErrUnavailable means that the hub cannot store now: nothing was changed, and
// the caller may try again.
var ErrUnavailable = errors.New("the hub cannot store changes now, try again")

// ErrForbidden means that the principal's role does not allow it.
var ErrForbidden = errors.New("not allowed for this role")

// ErrTaken means that an id names a record already, whoever's, or did.
var ErrTaken = errors.New("the id cannot be used for a new record")

// A Materialiser makes JSON of a record's changes; it is an [engine.Engine].
type Materialiser interface {
	Materialise(ctx context.Context, id crdt.RecordID, chunks [][]byte) (*engine.Result, error)
}

// Options say what a hub works with. Store and Engine are needed.
type Options struct {
	Store      store.Store
	Engine     Materialiser
	Log        *slog.Logger          // slog.Default if nil
	Registerer prometheus.Registerer // none if nil
	Now        func() time.Time      // time.Now if nil
	Limits     Limits                // zero fields mean DefaultLimits
	// Chance picks a random time that is shorter than a given one; rand.N if nil.
	// Any goroutine calls it.
	Chance func(time.Duration) time.Duration
}

// A Hub is the live part of a wedsync server. Its methods may be called from
// any goroutine.
type Hub struct {
	store   store.Store
	engine  Materialiser
	log     *slog.Logger
	now     func() time.Time
	chance  func(time.Duration) time.Duration
	limits  Limits
	metrics *metrics
	env     *conflicts.Env

	StorageID string // what devices know the hub's storage by

	rooms    rooms
	resident resident
	devices  registry
	contacts contacts
	digests  digests
	policies policies
	access   accesses
	commits  *committer
	heads    *headsLoader
	project  *projector
	convert  *converter
	notes    *notes
	health   health
	remind   *reminder
	follow   *follower
	watchers watchers

	directories *directories

	inFlight budget              // of messages that were read and have not had their turn
	delayed  budget              // of messages of devices that fight, until they are taken
	heavy    *heavy              // one at a time has many operations in memory
	telling  *semaphore.Weighted // one history at a time is made

	ctx    context.Context // ends when no room has an owner any more
	cancel context.CancelFunc
	wg     sync.WaitGroup // the loops of commits, heads, project, convert, notes, remind, follow and directories
}

// New starts a hub. Close stops it.
func New(ctx context.Context, o Options) (*Hub, error) {
	if o.Store == nil || o.Engine == nil {
		return nil, errors.New("hub: Options need a Store and an Engine")
	}
	identity, err := o.Store.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the hub's identity: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Chance == nil {
		o.Chance = rand.N[time.Duration]
	}
	h := &Hub{
		store: o.Store, engine: o.Engine, log: o.Log, now: o.Now, chance: o.Chance,
		limits:    o.Limits.orDefault(),
		metrics:   newMetrics(o.Registerer),
		env:       &conflicts.Env{Secret: identity.Secret, Limits: crdt.DefaultLimits},
		StorageID: identity.StorageID,
	}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.resident.limit, h.resident.rest = h.limits.OpenBytes, h.limits.Rest
	h.contacts.limit = h.limits.Contacts
	h.inFlight = newBudget(h.limits.InFlight)
	h.delayed = newBudget(h.limits.Delayed)
	h.heavy = newHeavy()
	h.telling = semaphore.NewWeighted(1)
	h.commits = newCommitter(h)
	h.heads = newHeadsLoader(h)
	h.project = newProjector(h)
	h.convert = newConverter(h)
	h.notes = newNotes(h)
	h.remind = newReminder(h)
	h.follow = newFollower(h)
	h.directories = newDirectories(h)
	h.wg.Go(h.commits.run)
	h.wg.Go(h.heads.run)
	h.wg.Go(h.project.run)
	h.wg.Go(h.convert.run)
	h.wg.Go(h.notes.run)
	h.wg.Go(h.remind.run)
	h.wg.Go(h.follow.run)
	h.wg.Go(h.directories.run)
	return h, nil
}

// Close disconnects every device and waits until all that was begun is stored.
// The store and the engine stay open.
func (h *Hub) Close() {
	h.devices.close()
	h.resident.stop()
	h.rooms.close()
	h.cancel()
	h.wg.Wait()
	h.noteAll()
}
