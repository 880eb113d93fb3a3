package engine

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	deaths      *prometheus.CounterVec
	restarts    prometheus.Counter
	quarantined prometheus.Counter
	rss         *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		deaths: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wedsync_engine_worker_deaths_total",
			Help: "Engine workers that ended before their time: crash, memory, timeout, cancelled (the caller gave up), idle (between calls), start (never ready).",
		}, []string{"cause"}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_engine_worker_restarts_total",
			Help: "Engine workers started in the place of another, after a death or when one was worn.",
		}),
		quarantined: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wedsync_engine_quarantined_total",
			Help: "Changes found to kill the engine and put in quarantine.",
		}),
		rss: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "wedsync_engine_worker_rss_bytes",
			Help: "Resident memory of an engine worker after its last answer.",
		}, []string{"worker"}),
	}
	for _, c := range []cause{crashed, outOfMem, timedOut, cancelled, idle, unready} {
		m.deaths.WithLabelValues(string(c))
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.deaths, m.restarts, m.quarantined, m.rss} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register engine metrics: %w", err)
		}
	}
	return m, nil
}
