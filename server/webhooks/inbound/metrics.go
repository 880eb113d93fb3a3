package inbound

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/server/auth"
	"wedsync/server/webhooks/signature"
	"wedsync/store"
)

// metrics are the receiver's counters. They count with or without a registry.
type metrics struct {
	requests     *prometheus.CounterVec
	events       *prometheus.CounterVec
	transactions prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wedsync", Subsystem: "webhooks", Name: name, Help: help}, labels)
	}
	m := &metrics{
		requests: vec("requests_total", "Webhooks that came, by their source and by what became of them: accepted, or why they were refused. The source is unknown where no connection was found.", "source", "result"),
		events:   vec("events_total", "Events of accepted webhooks: stored, known from an earlier delivery, or refused because too many wait.", "source", "arrival"),
		transactions: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "wedsync", Subsystem: "webhooks", Name: "transactions_total", Help: "Transactions that kept events, of many requests each.",
		}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.events, m.transactions)
	}
	return m
}

// unknownSource is the source of what no connection was found for.
const unknownSource = "unknown"

// sourceOf is the source of the connection that refused a request.
func sourceOf(err error) string {
	var refused *refusedError
	if errors.As(err, &refused) {
		return refused.connection.Source
	}
	return unknownSource
}

// resultOf is what became of a request. Of an unsigned one the reason counts.
func resultOf(err error) string {
	var (
		why   signature.Reason
		large *http.MaxBytesError
	)
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &why):
		return string(why)
	case errors.As(err, &large):
		return "too_large"
	}
	for is, name := range map[error]string{
		errUnknown: "unknown", ErrPaused: "paused", ErrFull: "full", ErrClosed: "closed", ErrBody: "cut_off", auth.ErrUnavailable: "no_keys",
	} {
		if errors.Is(err, is) {
			return name
		}
	}
	return "failed"
}

// arrivals counts what became of events.
func (m *metrics) arrivals(source string, became []store.Arrival) {
	names := map[store.Arrival]string{store.EventStored: "stored", store.EventKnown: "known", store.EventRefused: "refused"}
	for _, a := range became {
		m.events.WithLabelValues(source, names[a]).Inc()
	}
}
