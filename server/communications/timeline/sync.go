package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"wedsync/crdt"
	"wedsync/server/communications/pulling"
	"wedsync/store"
)

// The sources that the hub has itself.
const (
	InApp  = "in_app" // what people write each other
	Manual = "manual" // what they enter by hand
)

// An Engine reads accounts. It is a [pulling.Engine].
type Engine interface {
	// Now reads accounts, all if none are named, until each is up to date or has
	// failed, or ctx ends; what is not ready by then is read on in the background. It
	// tells progress how it stands with each source at first and whenever that changes.
	Now(ctx context.Context, supplier string, accounts []string, progress func(pulling.Source)) error
	// Sources says how far each source of a supplier has been read.
	Sources(ctx context.Context, supplier string) ([]pulling.Source, error)
}

const (
	// MaxWait bounds how long an aggregation waits for accounts.
	MaxWait  = 25 * time.Second
	maxSyncs = 64 // that run on a node at once
)

// ErrBusy means that too many aggregations run.
var ErrBusy = errors.New("too many are being brought up to date")

// Sync brings all accounts of a supplier up to date, as far as that goes within a
// while, tells who listens how it gets on, about a listed record, and says how far
// each source is. What is not ready then goes on.
func (t *Timeline) Sync(ctx context.Context, supplier string, record crdt.RecordID, wait time.Duration) ([]pulling.Source, error) {
	if _, err := t.Store.Summary(ctx, supplier, record); err != nil {
		return nil, err
	}
	if err := t.read(ctx, supplier, nil, wait, func(s pulling.Source) { t.show(supplier, record, s) }); err != nil {
		return nil, err
	}
	return t.Sources(ctx, supplier)
}

// SyncAccount brings one account of a supplier up to date, as far as that goes within
// a while, and says how far its sources are: none if there is no such account.
func (t *Timeline) SyncAccount(ctx context.Context, supplier, account string, wait time.Duration) ([]pulling.Source, error) {
	if err := t.read(ctx, supplier, []string{account}, wait, nil); err != nil {
		return nil, err
	}
	all, err := t.Sources(ctx, supplier)
	return slices.DeleteFunc(all, func(s pulling.Source) bool { return s.Account != account }), err
}

// read has the engine read accounts, all if none are named. That one cannot be read is
// in its state, and no error.
func (t *Timeline) read(ctx context.Context, supplier string, accounts []string, wait time.Duration, progress func(pulling.Source)) error {
	select {
	case t.syncs <- struct{}{}:
	default:
		return ErrBusy
	}
	defer func() { <-t.syncs }()
	if t.Engine == nil {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, min(wait, MaxWait))
	defer cancel()
	err := t.Engine.Now(within, supplier, accounts, progress)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		return nil // the states say what is still being read
	}
	return err
}

// Sources says how far each source of a supplier has been read, the hub's own last.
func (t *Timeline) Sources(ctx context.Context, supplier string) ([]pulling.Source, error) {
	var all []pulling.Source
	if t.Engine != nil {
		read, err := t.Engine.Sources(ctx, supplier)
		if err != nil {
			return nil, err
		}
		all = slices.Clone(read)
	}
	now := t.Now()
	for _, name := range []string{InApp, Manual} {
		all = append(all, pulling.Source{Name: name, Supplier: supplier, State: pulling.UpToDate, LastSuccess: now})
	}
	return all, nil
}

// A Progress is how a source gets on, as who listens is told.
type Progress struct {
	Source  string `json:"source"`
	Account string `json:"account"`
	State   string `json:"state"`
	Found   int    `json:"found"`
	Left    int    `json:"left"`
}

func (t *Timeline) show(supplier string, record crdt.RecordID, s pulling.Source) {
	data, err := json.Marshal(Progress{s.Name, s.Address, string(s.State), s.Found, s.Left})
	if err != nil {
		return // unheard of: it holds nothing that JSON cannot
	}
	t.Hub.ShowReading(supplier, record, s.Name+" "+s.Address, data)
}

// SourceOf is the source that an occurrence of an item came from. Accounts are
// those of the supplier, by id.
func SourceOf(it *store.Item, o store.Occurrence, accounts map[string]store.Account) string {
	if o.Account == "" {
		if it.Kind == Message {
			return InApp
		}
		return Manual
	}
	return sources[[2]string{accounts[o.Account].Provider, it.Kind}]
}

// sources are the names of sources by provider and kind.
var sources = map[[2]string]string{
	{"google", "email"}:             "gmail",
	{"google", "meeting"}:           "google_calendar",
	{"google", "scheduled_call"}:    "google_calendar",
	{"microsoft", "email"}:          "outlook",
	{"microsoft", "meeting"}:        "outlook_calendar",
	{"microsoft", "scheduled_call"}: "outlook_calendar",
	{"twilio", "sms"}:               "twilio_sms",
	{"twilio", "call"}:              "twilio_calls",
}
