package timeline

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
)

// Items is the part of a [store.Communications] that says what there is.
type Items interface {
	StorePull(ctx context.Context, p store.Pull) (store.Pulled, error)
	Item(ctx context.Context, supplier, id string) (store.Item, error)
	Items(ctx context.Context, supplier string, ids []string) ([]store.Item, error)
	Timeline(ctx context.Context, supplier string, q store.TimelineQuery) ([]store.Item, error)
	Untold(ctx context.Context, before time.Time, limit int) ([]store.EventKey, error)
	Told(ctx context.Context, supplier string, items []string) error
}

// Belongings is the part of a [store.Communications] that says whose items are.
type Belongings interface {
	Owners(ctx context.Context, supplier string, items []string) (map[string][]crdt.RecordID, error)
	ThreadOwners(ctx context.Context, supplier string, threads [][32]byte, limit int) (map[[32]byte][]crdt.RecordID, error)
	Links(ctx context.Context, supplier, item string) ([]store.Link, error)
	SetLink(ctx context.Context, l store.Link) error
}

// A Store is the part of a [store.Store] that a timeline is made of.
type Store interface {
	Items
	Belongings
	store.Contacts
	store.Answers
	Accounts(ctx context.Context, supplier string) ([]store.Account, error)
	Summary(ctx context.Context, supplier string, id crdt.RecordID) (store.Summary, error)
	List(ctx context.Context, supplier string, after crdt.RecordID, limit int) ([]store.Summary, error)
}

// A Hub tells who listens. It is a [hub.Hub].
type Hub interface {
	Post(ctx context.Context, id crdt.RecordID, by conflicts.Principal, a conflicts.Activity, answer hub.AnswerFunc) (*conflicts.Outcome, error)
	// ShowReading tells who listens now how far a source has been read; at best effort.
	ShowReading(supplier string, id crdt.RecordID, source string, data []byte)
}

// Options say what a timeline works with. Store, Hub and Now are needed.
type Options struct {
	Store  Store
	Hub    Hub
	Engine Engine // reads accounts; nil where there are none
	Now    func() time.Time
	Log    *slog.Logger // slog.Default if nil
}

// A Timeline reads and writes those of all suppliers. Its methods may be called
// from any goroutine.
type Timeline struct {
	Options
	syncs chan struct{} // one slot for each aggregation that runs
}

// New makes a timeline.
func New(o Options) (*Timeline, error) {
	if o.Store == nil || o.Hub == nil || o.Now == nil {
		return nil, errors.New("a timeline needs a store, a hub and a clock")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Timeline{Options: o, syncs: make(chan struct{}, maxSyncs)}, nil
}

// Workers are the jobs that a timeline runs.
func (t *Timeline) Workers() map[string]store.Worker {
	return map[string]store.Worker{
		SweepKind: {Run: func(ctx context.Context, _ store.Job) error { return t.Sweep(ctx) }, AtOnce: 1, Every: sweepEvery},
	}
}

// Page reads items of a supplier, the newest first, without bodies. A page may be
// short although more follows: more says so. A query of a record that is not
// listed is store.ErrNotFound.
func (t *Timeline) Page(ctx context.Context, supplier string, q store.TimelineQuery) (items []store.Item, more bool, err error) {
	if q.Record != (crdt.RecordID{}) {
		if _, err := t.Store.Summary(ctx, supplier, q.Record); err != nil {
			return nil, false, err
		}
	}
	limit := q.Limit
	q.Limit, q.Brief = limit+1, true
	if items, err = t.Store.Timeline(ctx, supplier, q); err != nil {
		return nil, false, err
	}
	if len(items) > limit {
		return items[:limit], true, nil
	}
	return items, weight(items) > store.MaxPage/2, nil
}

// weight is about how many bytes items have.
func weight(items []store.Item) (n int) {
	for i := range items {
		it := &items[i]
		n += len(it.Subject) + len(it.Snippet) + len(it.Body) + len(it.Detail)
		for _, p := range it.Participants {
			n += len(p.Role) + len(p.Value) + len(p.Name)
		}
	}
	return n
}

// An Opened item is one with all that is known of it.
type Opened struct {
	store.Item
	Owners []crdt.RecordID // in whose timelines it is, ascending
	Links  []store.Link    // what people said, ascending by record
}

// Open reads an item of a record's timeline with its body, or store.ErrNotFound.
func (t *Timeline) Open(ctx context.Context, supplier string, record crdt.RecordID, id string) (o Opened, err error) {
	owners, err := t.Store.Owners(ctx, supplier, []string{id})
	if err != nil {
		return o, err
	}
	o.Owners = owners[id]
	if !has(o.Owners, record) {
		return o, store.ErrNotFound
	}
	if o.Item, err = t.Store.Item(ctx, supplier, id); err != nil {
		return o, err
	}
	o.Links, err = t.Store.Links(ctx, supplier, id)
	return o, err
}

// Link says that an item is about a client, or is not, and tells who listens unless
// it was said already. It holds whatever is read later, and returns
// store.ErrNotFound if there is no such item or listed record.
func (t *Timeline) Link(ctx context.Context, by conflicts.Principal, record crdt.RecordID, id string, state store.LinkState) error {
	said, err := t.Store.Links(ctx, by.Supplier, id)
	if err != nil {
		return err
	}
	err = t.Store.SetLink(ctx, store.Link{
		Supplier: by.Supplier, Item: id, Record: record, State: state, By: by.User, At: t.Now(),
	})
	if err != nil || slices.ContainsFunc(said, func(l store.Link) bool { return l.Record == record && l.State == state }) {
		return err
	}
	if err := t.tellLink(ctx, by, record, id, state); err != nil {
		t.Log.WarnContext(ctx, "nobody was told of a link", "item", id, "err", err) // it holds all the same
	}
	return nil
}
