package calling

import "github.com/prometheus/client_golang/prometheus"

// metrics are an exchange's figures. They count with or without a registry.
type metrics struct {
	requests *prometheus.CounterVec
	units    *prometheus.CounterVec
	breakers prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "communication_requests_total",
			Help: "Requests to providers of communication, by what became of them; held_back and left_alone were not sent.",
		}, []string{"provider", "outcome"}),
		units: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "communication_quota_units_total", Help: "Units of providers' quotas that requests have cost.",
		}, []string{"provider"}),
		breakers: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "wedsync", Name: "communication_breakers_open", Help: "Accounts whose provider has failed and is left alone for now.",
		}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.units, m.breakers)
	}
	return m
}

// count counts a request.
func (m *metrics) count(provider, outcome string) {
	m.requests.WithLabelValues(provider, outcome).Inc()
}
