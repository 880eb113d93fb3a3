package sending

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count with or without a registry.
type metrics struct {
	dispatched prometheus.Counter
	requests   *prometheus.HistogramVec
	failed     prometheus.Counter
	opened     prometheus.Counter
	disabled   *prometheus.CounterVec
	endpoints  *prometheus.GaugeVec
	flying     prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		dispatched: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_webhook_deliveries_total", Help: "Deliveries of webhooks that were made of the journal.",
		}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wedsync_webhook_request_seconds", Help: "How long receivers of webhooks took to answer, by whether the delivery came through.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}, []string{"delivered"}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_webhook_deliveries_failed_total", Help: "Deliveries of webhooks that were given up.",
		}),
		opened: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_webhook_breaker_openings_total", Help: "Times that an endpoint was left alone for a while.",
		}),
		disabled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wedsync_webhook_endpoints_disabled_total", Help: "Endpoints that the hub disabled.",
		}, []string{"reason"}),
		endpoints: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "wedsync_webhook_endpoints", Help: "Endpoints at the last sweep, by state: active, paused, disabled, and of the active ones by breaker: open, half_open.",
		}, []string{"state"}),
		flying: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wedsync_webhook_requests_in_flight", Help: "Requests to receivers of webhooks that have no answer yet.",
		}),
	}
	if r != nil {
		r.MustRegister(m.dispatched, m.requests, m.failed, m.opened, m.disabled, m.endpoints, m.flying)
	}
	return m
}

// answered notes a request.
func (m *metrics) answered(came bool, took time.Duration) {
	label := "no"
	if came {
		label = "yes"
	}
	m.requests.WithLabelValues(label).Observe(took.Seconds())
}
