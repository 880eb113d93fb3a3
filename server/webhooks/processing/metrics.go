package processing

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wedsync/store"
)

// metrics are a processor's figures. They count with or without a registry.
type metrics struct {
	events   *prometheus.CounterVec
	delay    prometheus.Histogram
	breakers prometheus.Gauge
	rung     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "webhook_events_worked_total",
			Help: "Times that an event of a webhook was worked on, by the state that it has since; received are those that are tried again.",
		}, []string{"state"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "wedsync", Name: "webhook_event_seconds", Help: "From when an event of a webhook came until it took effect.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 60, 600, 3600, 86400},
		}),
		breakers: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "wedsync", Name: "webhook_breakers_open", Help: "Connections whose sender has failed and is left alone for now.",
		}),
		rung: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "webhook_events_swept_total", Help: "Events of webhooks that were overdue, and got another job.",
		}),
	}
	if r != nil {
		r.MustRegister(m.events, m.delay, m.breakers, m.rung)
	}
	return m
}

// finished counts an event that was worked on.
func (m *metrics) finished(e store.InboxEvent, now time.Time) {
	m.events.WithLabelValues(string(e.State)).Inc()
	if e.State == store.EventDone {
		m.delay.Observe(now.Sub(e.Received).Seconds())
	}
}
