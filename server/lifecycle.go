package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How long a caller may take, and how long stopping may.
const (
	headerWithin  = 10 * time.Second // for a request's head
	requestWithin = time.Minute      // for a request with its body
	idleFor       = 2 * time.Minute  // between two requests of a connection
	stopWithin    = 10 * time.Second // for requests that have begun
	maxHeader     = 64 << 10         // bytes of a request's head; tokens may stand in it
)

// Serve serves h on l until ctx ends. Then it takes no more connections, waits
// for the requests that have begun, at most ten seconds, and calls stop, which
// is to disconnect the devices and to return once they have taken their leave
// and all that was begun is stored. Stop is called in any case. Serve returns nil
// if it ended because ctx did and no request was cut off.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, stop func()) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       requestWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }() // ends with Shutdown below, or by itself
	select {
	case err := <-served:
		stop()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err := s.Shutdown(deadline)
	stop()
	if err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.Close())
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
