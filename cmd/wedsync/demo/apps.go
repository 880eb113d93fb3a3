package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"wedsync/testdata/providers"
)

// apps are the apps around the studio's hub, on this machine: a calendar that takes
// what it is told, bookkeeping that is down, and the API of a CRM that is, too; and a
// server that speaks as the providers of mail, calendars and telephones do.
type apps struct {
	base      string
	providers *providers.Server
	threads   map[string]string // the Message-ID that began each
	server    *http.Server
	ended     chan error
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
	a := &apps{
		base: "http://" + l.Addr().String(), providers: newProviders(), threads: make(map[string]string),
		server: &http.Server{Handler: mux, ReadTimeout: slowest, WriteTimeout: slowest}, ended: make(chan error, 1),
	}
	for _, p := range []providers.Provider{providers.Google, providers.Microsoft, providers.Twilio} {
		mux.Handle("/"+string(p)+"/", a.providers)
	}
	go func() { a.ended <- a.server.Serve(l) }() // ends with stop
	return a, nil
}

// newProviders makes the server at which the studio has its accounts.
func newProviders() *providers.Server {
	s := providers.New(providers.Options{})
	s.AddAccount(providers.Google, studioMail, studioName)
	s.AddAccount(providers.Microsoft, mayasMail, "Maya")
	s.Telephone(twilioAccount, twilioToken, studioNumber)
	return s
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
