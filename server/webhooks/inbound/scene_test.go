package inbound_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"wedsync/server/webhooks/connection"
	"wedsync/server/webhooks/inbound"
	"wedsync/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2027, 6, 12, 15, 4, 5, 0, time.UTC)

const (
	secret  = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	another = "plJ3nmyCDGBKInavdOK15jsl2LaLaSwM"
	host    = "https://hub.example.com"
)

// A scene is a receiver with its store.
type scene struct {
	t        *testing.T
	store    *memory
	receiver *inbound.Receiver
	metrics  *prometheus.Registry
	mux      *http.ServeMux
}

// google answers nothing: no test reaches it unless it says otherwise.
func noGoogle(context.Context) ([]byte, error) { return nil, errors.New("unreachable") }

func newScene(t *testing.T, connections ...store.Connection) *scene {
	return sceneWith(t, noGoogle, connections...)
}

func sceneWith(t *testing.T, google func(context.Context) ([]byte, error), connections ...store.Connection) *scene {
	t.Helper()
	s := &scene{t: t, store: newMemory(connections...), metrics: prometheus.NewRegistry(), mux: http.NewServeMux()}
	var err error
	s.receiver, err = inbound.New(t.Context(), inbound.Options{
		Store: s.store, Jobs: s.store, Refuse: refuse, Google: google, PublicURL: host, Log: slog.New(slog.DiscardHandler),
		Registerer: s.metrics, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.receiver.Close)
	s.mux.Handle("POST "+connection.Path, s.receiver)
	s.mux.Handle("POST "+connection.Path+"/{connection}", s.receiver)
	return s
}

// refuse answers as the API does, in short.
func refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusInternalServerError
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, inbound.ErrUnsigned):
		status = http.StatusUnauthorized
	case errors.Is(err, inbound.ErrBody):
		status = http.StatusBadRequest
	case errors.Is(err, inbound.ErrPaused):
		status = http.StatusGone
	case errors.As(err, &large):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, inbound.ErrFull), errors.Is(err, inbound.ErrClosed), errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusServiceUnavailable
	}
	http.Error(w, err.Error(), status)
}

// of is a connection of barn's with the secret.
func of(src connection.Source, id string, change ...func(*connection.Settings)) store.Connection {
	s := connection.Settings{Name: string(src), Secrets: []connection.Secret{{ID: "1", Value: secret, Created: now}}}
	for _, c := range change {
		c(&s)
	}
	b, err := s.Marshal()
	if err != nil {
		panic(err)
	}
	return store.Connection{Supplier: "barn", ID: id, Source: string(src), Version: 1, Settings: b, Created: now, Changed: now}
}

// from has a connection of client-integrations take events from some sources.
func from(sources ...string) func(*connection.Settings) {
	return func(s *connection.Settings) { s.Params.Sources = sources }
}

// post sends a webhook.
func (s *scene) post(path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", host+path, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// count is what a counter of requests says.
func (s *scene) count(name string, labels map[string]string) float64 {
	s.t.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	metric:
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if labels[l.GetName()] != l.GetValue() {
					continue metric
				}
			}
			return m.GetCounter().GetValue()
		}
	}
	return 0
}
