package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// apps are the apps around the studio's hub, on this machine: a calendar that takes
// what it is told, bookkeeping that is down, and the API of a CRM that is, too.
type apps struct {
	base   string
	server *http.Server
	ended  chan error
}

func startApps() (*apps, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the apps around the hub: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /calendar", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "noted") })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	})
	const slowest = 10 * time.Second
	a := &apps{"http://" + l.Addr().String(), &http.Server{Handler: mux, ReadTimeout: slowest, WriteTimeout: slowest}, make(chan error, 1)}
	go func() { a.ended <- a.server.Serve(l) }() // ends with stop
	return a, nil
}

func (a *apps) stop(ctx context.Context) error {
	const atMost = 2 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if served := <-a.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
