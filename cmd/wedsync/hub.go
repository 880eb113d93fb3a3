package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wedsync/conflicts"
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
	tokens := auth.New(identity.Secret, time.Now)
	sockets := socket.NewHandler(socket.Options{
		Hub: h,
		Principal: func(r *http.Request) (conflicts.Principal, error) {
			return tokens.Principal(r.Context(), auth.FromRequest(r))
		},
		PeerID:  "wedsync-" + identity.StorageID,
		Origins: o.Origins,
		Log:     o.Log,
	})
	return server.New(server.Options{
		API:     jsonapi.New(jsonapi.Options{Hub: h, Store: s, Tokens: tokens, Log: o.Log}),
		Sync:    sockets,
		Metrics: m,
		Ready:   h.Ready,
		Pprof:   o.Pprof,
	}), sockets, nil
}
