package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/crdt/engine"
	"wedsync/server"
	"wedsync/server/activity"
	"wedsync/server/api"
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
	"wedsync/store/sqlite"
	"wedsync/store/storetest"
	"wedsync/testdata/providers"
)

// A realSite is a hub's URLs with a hub and a store behind them.
type realSite struct {
	*site
	store  store.Store
	real   *hub.Hub
	hooks  *inbound.Receiver
	events *processing.Processor
	at     atomic.Int64 // the hub's clock, Unix seconds

	receiver *receiver // of webhooks
	talk     *timeline.Timeline
	engine   *fakeEngine // that reads accounts

	providers *providers.Server // of accounts
}

func (s *realSite) now() time.Time { return time.Unix(s.at.Load(), 0) }

// openEmpty opens a store of which no test has to make the tables.
var openEmpty = storetest.FromTemplate(func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) })

func newRealSite(t *testing.T) *realSite {
	t.Helper()
	kept, err := openEmpty(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	m := metrics.New()
	tickets := auth.NewTickets(kept, []byte("secret"), time.Now)
	s := &realSite{site: &site{t: t, tokens: auth.New([]byte("secret"), time.Now)}, store: kept}
	s.at.Store(1_800_000_000)
	h, err := hub.New(t.Context(), hub.Options{
		Store: kept, Engine: noEngine{}, Log: slog.New(slog.DiscardHandler), Registerer: m.Registry, Now: s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.real = h
	sockets := socket.NewHandler(socket.Options{
		Hub: h, PeerID: "hub", Log: slog.New(slog.DiscardHandler),
		Session: (&auth.Door{Tokens: s.tokens, Tickets: tickets}).Session,
	})
	t.Cleanup(func() {
		h.Close()
		if err := sockets.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.behind = api.Options{Hub: h, Store: kept, Door: auth.Door{Tokens: s.tokens, Tickets: tickets}, Epoch: "k3x9qmzw2p", Log: slog.New(slog.NewTextHandler(&s.log, nil)), Now: s.now}
	s.receiver = &receiver{status: http.StatusNoContent}
	s.behind.Endpoints = sending.New(sending.Options{
		Store: unbelled{kept}, Hub: h, Client: s.receiver, Epoch: "k3x9qmzw2p", Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
	s.behind.Connections, s.behind.CheckTarget = kept, outbound.New(outbound.Options{}).Check
	hooks, err := inbound.New(t.Context(), inbound.Options{
		Store: kept, Jobs: kept, Refuse: api.New(s.behind).Refuse, Log: slog.New(slog.DiscardHandler), Now: s.now,
		Google: func(context.Context) ([]byte, error) { return nil, errors.New("unreachable") },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.hooks = hooks
	t.Cleanup(hooks.Close)
	objects := source.NewReader(outbound.New(outbound.Options{}), s.now)
	s.events, err = processing.New(processing.Options{Store: kept, Jobs: kept, Hub: h, Objects: objects, Now: s.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.behind.Inbox, s.behind.Events = kept, s.events
	s.engine = &fakeEngine{}
	s.talk, err = timeline.New(timeline.Options{Store: kept, Hub: h, Engine: s.engine, Now: s.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.behind.Timeline = s.talk
	s.keeps()
	streams := activity.New(t.Context(), activity.Options{Store: kept, Hub: h, Epoch: "k3x9qmzw2p", Log: slog.New(slog.DiscardHandler)})
	listeners := activity.NewHandler(activity.HandlerOptions{
		Streams: streams, Session: (&auth.Door{Tokens: s.tokens, Tickets: tickets}).Session, Visit: h.Visit, Refuse: api.New(s.behind).Refuse,
		Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		streams.Close()
		listeners.Wait()
	})
	s.beside = server.Options{
		Sync: sockets, Listen: http.HandlerFunc(listeners.ServeSocket), Events: http.HandlerFunc(listeners.ServeEvents),
		Metrics: m, Ready: h.Ready, Hooks: hooks,
		Pushes: pushing.New(pushing.Options{
			Targets: pushing.Targets{PublicURL: hubURL}, Engine: s.engine, Accounts: kept, Pusher: pusher, Refuse: api.New(s.behind).Refuse,
			Keys: func(context.Context) jwt.Keyfunc {
				return func(*jwt.Token) (any, error) { return &rsaKey().PublicKey, nil }
			},
			Now: time.Now, Log: slog.New(slog.DiscardHandler),
		}),
	}
	s.joins = func(who conflicts.Principal, storage string) { s.syncs(who, storage) }
	s.handler = server.New(s.options())
	return s
}

const (
	hubURL = "https://hub.example.com"
	pusher = "push@project.iam.gserviceaccount.com" // as which Pub/Sub comes
)

// googleToken is one that Google gives Pub/Sub for the hub.
func googleToken(t testing.TB) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": "https://accounts.google.com", "aud": hubURL + pushing.GooglePath, "email": pusher, "email_verified": true,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// noEngine materialises nothing: the hub does so itself with documents of ordinary
// size.
type noEngine struct{}

func (noEngine) Materialise(context.Context, crdt.RecordID, [][]byte) (*engine.Result, error) {
	return nil, engine.ErrClosed
}

// diverted makes a record with a member's edit of its budget, and has it projected.
func (s *realSite) diverted(fields, patch string, by conflicts.Principal) (client string) {
	s.t.Helper()
	s.at.Add(1)
	client = s.create(fields)
	s.want(200, s.do(by, "PATCH", "/api/clients/"+client, `{"fields":`+patch+`}`))
	s.want(200, s.do(olga, "GET", "/api/clients/"+client, ""))
	return client
}
