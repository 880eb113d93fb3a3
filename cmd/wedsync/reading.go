package main

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/calling"
	"wedsync/server/communications/pulling"
	"wedsync/server/communications/pushing"
	"wedsync/server/communications/source"
	"wedsync/server/communications/source/google"
	"wedsync/server/communications/source/microsoft"
	"wedsync/server/communications/source/twilio"
	"wedsync/server/communications/timeline"
	"wedsync/server/metrics"
	"wedsync/server/outbound"
	hooks "wedsync/server/webhooks/source"
	"wedsync/store"
)

const (
	providerAnswer = 8 << 20 // bytes of a provider's answer
	providerWithin = 30 * time.Second
)

// callProviders says where the providers are and how much of their quotas there is,
// by their documentation of July 2026: 15,000 units a minute for each user of Gmail,
// 10,000 requests in ten minutes for each mailbox of Outlook, four of them at once.
// Twilio says nothing; ten a second do no harm.
func callProviders(apps map[account.Provider]account.App) map[string]calling.Provider {
	return map[string]calling.Provider{
		string(account.Google):    {URL: cmp.Or(apps[account.Google].URL, "https://www.googleapis.com"), PerSecond: 250},
		string(account.Microsoft): {URL: cmp.Or(apps[account.Microsoft].URL, "https://graph.microsoft.com"), PerSecond: 16, AtOnce: 4},
		string(account.Twilio):    {URL: cmp.Or(apps[account.Twilio].URL, "https://api.twilio.com"), PerSecond: 10, AtOnce: 4, Password: true},
	}
}

// A reading is what reads accounts.
type reading struct {
	engine *pulling.Engine
	client *outbound.Client
}

// readAccounts makes what reads the accounts that a keeper keeps, and has the keeper
// wake it and a timeline tell of what it finds.
func readAccounts(k *account.Keeper, s store.Store, talk *timeline.Timeline, pushes pushing.Targets, o hubOptions, m *metrics.Metrics) (*reading, error) {
	client := outbound.New(outbound.Options{AllowPrivate: o.AllowPrivate, Answer: providerAnswer, Within: providerWithin})
	exchange, err := calling.New(calling.Options{Tokens: k, Client: client, Providers: callProviders(k.Apps), Registerer: m.Registry})
	if err != nil {
		return nil, err
	}
	engine, err := pulling.New(pulling.Options{
		Store: s, Accounts: kept{k}, Caller: exchange.Caller, Clock: time.Now, Alone: !o.Store.shared(), Log: o.Log, Registerer: m.Registry,
		Readers: map[string]source.Source{
			string(account.Google): google.Source{}, string(account.Microsoft): microsoft.Source{}, string(account.Twilio): twilio.Source{},
		},
		Push: pushes.Of,
		Stored: func(ctx context.Context, supplier string, items []string) {
			if err := talk.Tell(ctx, supplier, items); err != nil { // the sweep finds them
				o.Log.WarnContext(ctx, "who listens is told of communications later", "supplier", supplier, "items", len(items), "err", err)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	k.Wake = func(ctx context.Context, supplier, id string) {
		if err := engine.Begin(ctx, supplier, id); err != nil { // the sweep finds it
			o.Log.WarnContext(ctx, "an account is read later than it could be", "account", id, "supplier", supplier, "err", err)
		}
	}
	k.Leave = engine.Unwatch
	talk.Engine = engine
	return &reading{engine, client}, nil
}

// changed has an account read of which a webhook says that something has changed.
func (r *reading) changed(log *slog.Logger) func(context.Context, string, hooks.Account) {
	return func(ctx context.Context, supplier string, a hooks.Account) {
		if err := r.engine.Hint(ctx, supplier, a.Provider, a.Address); err != nil { // the next poll finds it
			log.WarnContext(ctx, "an account is read later than it could be", "provider", a.Provider, "supplier", supplier, "err", err)
		}
	}
}

// kept are the accounts of a keeper as an engine sees them.
type kept struct{ keeper *account.Keeper }

// Account implements [pulling.Accounts].
func (k kept) Account(ctx context.Context, id string) (pulling.Account, error) {
	a, err := k.keeper.Find(ctx, id)
	return toRead(a), err
}

// Accounts implements [pulling.Accounts].
func (k kept) Accounts(ctx context.Context, supplier string) ([]pulling.Account, error) {
	all, err := k.keeper.Accounts(ctx, supplier)
	read := make([]pulling.Account, len(all))
	for i, a := range all {
		read[i] = toRead(a)
	}
	return read, err
}

// Own implements [pulling.Accounts]. Of an account whose settings cannot be read
// nobody knows what is its own.
func (k kept) Own(ctx context.Context, supplier string) (own []store.Contact, err error) {
	all, err := k.keeper.Accounts(ctx, supplier)
	for _, a := range all {
		own = append(own, a.Own...)
	}
	return own, err
}

// toRead is an account as an engine sees it.
func toRead(a account.Account) pulling.Account {
	held := map[account.State]pulling.State{account.Reconnect: pulling.Reconnect, account.Paused: pulling.Paused}[a.State]
	return pulling.Account{
		Supplier: a.Supplier, ID: a.ID, Provider: a.Provider, Name: a.Name, Held: held, Why: a.Error, Reading: a.Reading,
		Source: source.Account{Address: a.Address, Level: a.Level, Region: a.Region, Since: a.Since},
	}
}
