package activity

import "github.com/prometheus/client_golang/prometheus"

// metrics count with or without a registry.
type metrics struct {
	listeners prometheus.Gauge
	events    *prometheus.CounterVec
	sent      prometheus.Counter
	resets    *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		listeners: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wedsync_activity_listeners", Help: "Listeners of the activity stream.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wedsync_activity_events_total", Help: "Events that were told, once for all who listen.",
		}, []string{"type"}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_activity_sent_total", Help: "Events that were sent, once for each who listens.",
		}),
		resets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wedsync_activity_resets_total", Help: "Listeners that were told that they missed something.",
		}, []string{"reason"}),
	}
	if r != nil {
		r.MustRegister(m.listeners, m.events, m.sent, m.resets)
	}
	return m
}
