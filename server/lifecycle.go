package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a caller may take, and how long stopping may.
const (
	headerWithin  = 10 * time.Second // for a request's head
	requestWithin = time.Minute      // for a request with its body
	idleFor       = 2 * time.Minute  // between two requests of a connection
	stopWithin    = 10 * time.Second // for requests that have begun
	leaveWithin   = 6 * time.Second  // for devices to answer that they were disconnected; a socket waits 5
	maxHeader     = 64 << 10         // bytes of a request's head; tokens may stand in it
)

// Serve serves h on l until ctx ends. Then it takes no more connections, waits
// for the requests that have begun, at most ten seconds, and calls stop, which
// is to disconnect the devices and to return once all that was begun is stored.
// Stop is called in any case. Devices have six seconds to take their leave; the
// connection of one that is silent is cut off, which is no error. Serve returns
// nil if it ended because ctx did and no request was cut off.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, stop func()) error {
	var sockets sync.WaitGroup // handlers that run, those of sockets among them, which http.Server forgets
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sockets.Add(1)
			defer sockets.Done()
			h.ServeHTTP(w, r)
		}),
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
	if !allLeft(&sockets) {
		log.Warn("some devices did not answer that they were disconnected")
	}
	return nil
}

// allLeft waits for devices that were told to leave and reports whether all did.
func allLeft(sockets *sync.WaitGroup) bool {
	gone := make(chan struct{})
	go func() { // ends with the last handler, or with the process
		sockets.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return true
	case <-time.After(leaveWithin):
		return false
	}
}
