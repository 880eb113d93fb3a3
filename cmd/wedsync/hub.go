package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wedsync/crdt/engine"
	"wedsync/server"
	jsonapi "wedsync/server/api"
	"wedsync/server/auth"
	"wedsync/server/hub"
	"wedsync/server/metrics"
	"wedsync/server/socket"
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
		Limits: hub.Limits{OpenBytes: openRecords},
	})
	if err != nil {
		return err
	}
	handler, sockets, err := urls(ctx, o, s, h, m)
	if err != nil {
		h.Close()
		return err
	}
	defer readKeys(ctx, o.Issuers)()
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		h.Close()
		return fmt.Errorf("%w (choose another address with --listen)", err)
	}
	serving(l.Addr())
	return server.Serve(ctx, l, handler, o.Log, func() {
		h.Close()
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
		defer cancel()
		if err := sockets.Wait(leave); err != nil {
			o.Log.Warn("some devices did not answer that they were disconnected", "err", err)
		}
	})
}

// leaveWithin is how long devices have to answer that they were disconnected.
const leaveWithin = 6 * time.Second

// urls wires what stands behind the hub's URLs.
func urls(ctx context.Context, o hubOptions, s store.Store, h *hub.Hub, m *metrics.Metrics) (http.Handler, *socket.Handler, error) {
	identity, err := s.Identity(ctx)
	if err != nil {
		return nil, nil, err
	}
	tokens, err := auth.New(identity.Secret, time.Now).Trust(o.Issuers...)
	if err != nil {
		return nil, nil, err
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
	return server.New(server.Options{
		API:     jsonapi.New(jsonapi.Options{Hub: h, Store: s, Tokens: tokens, Tickets: door.Tickets, Limits: o.Limits, Log: o.Log}),
		Sync:    sockets,
		Metrics: m,
		Ready:   h.Ready,
		Pprof:   o.Pprof,
	}), sockets, nil
}
