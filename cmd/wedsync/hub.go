package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wedsync/crdt/engine"
	"wedsync/server"
	"wedsync/server/activity"
	jsonapi "wedsync/server/api"
	"wedsync/server/auth"
	"wedsync/server/communications/pushing"
	"wedsync/server/communications/timeline"
	"wedsync/server/hub"
	"wedsync/server/metrics"
	"wedsync/server/outbound"
	"wedsync/server/socket"
	"wedsync/server/webhooks/inbound"
	"wedsync/server/webhooks/processing"
	"wedsync/server/webhooks/sending"
	"wedsync/server/webhooks/source"
	"wedsync/store"
)

// hubOptions are what a hub on this machine is run with.
type hubOptions struct {
	Store     storeFlags
	NoMigrate bool
	Listen    string // HOST:PORT
	Origins   []string
	Pprof     bool
	Log       *slog.Logger
	Issuers   []auth.Issuer // whose tokens are taken beside the hub's own
	Limits    *auth.Limits
	Now       func() time.Time // what edits and decisions are dated by; time.Now if nil

	AllowPrivate bool   // requests to this machine and to private networks
	PublicURL    string // of the hub, as others know it; empty if their requests say
	GoogleKeys   string // URL of the keys of Google's tokens; inbound.GoogleKeys if empty

	Communications communicationFlags
}

// runHub runs a hub until ctx ends and everything that was begun is stored. It
// calls serving once connections are taken.
func runHub(ctx context.Context, o hubOptions, serving func(net.Addr)) (err error) {
	open := o.Store.open
	if o.NoMigrate {
		open = o.Store.openAsIs
	}
	s, err := open(ctx, o.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m := metrics.New()
	e, err := engine.Start(ctx, engine.Options{Log: o.Log, Registerer: m.Registry})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	h, err := hub.New(ctx, hub.Options{
		Store: s, Engine: e, Log: o.Log, Registerer: m.Registry,
		Limits: hub.Limits{OpenBytes: openRecords}, Now: o.Now,
	})
	if err != nil {
		return err
	}
	client := outbound.New(outbound.Options{AllowPrivate: o.AllowPrivate})
	defer client.Close()
	site, err := urls(ctx, o, s, h, m, client)
	if err != nil {
		h.Close()
		return err
	}
	defer readKeys(ctx, o.Issuers)()
	// Listeners leave as soon as the hub is to stop: requests for events end only so.
	defer context.AfterFunc(ctx, site.streams.Close)()
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		site.streams.Close()
		site.hooks.Close()
		h.Close()
		return fmt.Errorf("%w (choose another address with --listen)", err)
	}
	stop := site.workshop.begin(ctx)
	serving(l.Addr())
	return server.Serve(ctx, l, site.handler, o.Log, func() {
		site.streams.Close()
		site.listeners.Wait()
		site.hooks.Close()
		stop()
		site.providers.Close()
		h.Close()
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
		defer cancel()
		if err := site.sockets.Wait(leave); err != nil {
			o.Log.Warn("some devices did not answer that they were disconnected", "err", err)
		}
	})
}

// leaveWithin is how long devices have to answer that they were disconnected.
const leaveWithin = 6 * time.Second

// A site is what stands behind the hub's URLs.
type site struct {
	handler   http.Handler
	sockets   *socket.Handler
	streams   *activity.Streams
	listeners *activity.Handler
	hooks     *inbound.Receiver
	workshop  *workshop
	providers *outbound.Client // of communications
}

// urls wires it.
func urls(ctx context.Context, o hubOptions, s store.Store, h *hub.Hub, m *metrics.Metrics, client *outbound.Client) (*site, error) {
	identity, err := s.Identity(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := auth.New(identity.Secret, time.Now).Trust(o.Issuers...)
	if err != nil {
		return nil, err
	}
	door := auth.Door{Tokens: tokens, Tickets: auth.NewTickets(s, identity.Secret, time.Now), Limits: o.Limits}
	sockets := socket.NewHandler(socket.Options{
		Hub:     h,
		Session: door.Session,
		Limits:  o.Limits,
		PeerID:  "wedsync-" + identity.StorageID,
		Origins: o.Origins,
		Log:     o.Log,
	})
	now := o.Now
	if now == nil {
		now = time.Now
	}
	talk, err := timeline.New(timeline.Options{Store: s, Hub: h, Now: now, Log: o.Log})
	if err != nil {
		return nil, err
	}
	keeper := o.Communications.keeper(o.Store, s, identity, client, o.Log)
	pushes := pushing.Targets{PublicURL: o.PublicURL, Identity: identity.Secret, Topic: o.Communications.GoogleTopic}
	accounts, err := readAccounts(keeper, s, talk, pushes, o, m)
	if err != nil {
		return nil, err
	}
	events, err := processing.New(processing.Options{
		Store: s, Jobs: s, Hub: h, Objects: source.NewReader(client, now), Now: now, Log: o.Log, Registerer: m.Registry,
		Changed: accounts.changed(o.Log),
	})
	if err != nil {
		return nil, err
	}
	sender := sending.New(sending.Options{
		Store: s, Hub: h, Client: client, Epoch: identity.Epoch, Now: now, Log: o.Log, Registerer: m.Registry,
	})
	api := jsonapi.New(jsonapi.Options{
		Hub: h, Store: s, Door: door, Epoch: identity.Epoch, Log: o.Log, Now: o.Now,
		Connections: s, Inbox: s, Events: events, CheckTarget: client.Check, PublicURL: o.PublicURL, Endpoints: sender, Accounts: keeper, Timeline: talk,
	})
	hooks, err := inbound.New(ctx, inbound.Options{
		Store: s, Jobs: s, Refuse: api.Refuse, PublicURL: o.PublicURL, Log: o.Log, Registerer: m.Registry, Now: now,
		Google: func(ctx context.Context) ([]byte, error) {
			return client.Get(ctx, cmp.Or(o.GoogleKeys, inbound.GoogleKeys))
		},
	})
	if err != nil {
		return nil, err
	}
	pushed := pushing.New(pushing.Options{
		Targets: pushes, Engine: accounts.engine, Accounts: s, Pusher: o.Communications.GooglePusher, Keys: hooks.GoogleKeys,
		Refuse: api.Refuse, Now: now, Log: o.Log, Registerer: m.Registry,
	})
	streams := activity.New(ctx, activity.Options{Store: s, Hub: h, Epoch: identity.Epoch, Log: o.Log, Registerer: m.Registry})
	listeners := activity.NewHandler(activity.HandlerOptions{
		Streams: streams, Session: door.Session, Visit: h.Visit, Limits: o.Limits, Refuse: api.Refuse, Origins: o.Origins, Log: o.Log,
	})
	return &site{
		handler: server.New(server.Options{
			API:     api,
			Sync:    sockets,
			Listen:  http.HandlerFunc(listeners.ServeSocket),
			Events:  http.HandlerFunc(listeners.ServeEvents),
			Hooks:   hooks,
			Pushes:  pushed,
			Metrics: m,
			Ready:   h.Ready,
			Pprof:   o.Pprof,
		}),
		sockets: sockets, streams: streams, listeners: listeners, hooks: hooks, providers: accounts.client,
		workshop: &workshop{jobs: s, workers: workers(events, sender, keeper, accounts.engine, talk), sender: sender, log: o.Log},
	}, nil
}
