package pulling

import (
	"github.com/prometheus/client_golang/prometheus"

	"wedsync/store"
)

// metrics are an engine's figures. They count with or without a registry.
type metrics struct {
	steps *prometheus.CounterVec
	items *prometheus.CounterVec
	hints *prometheus.CounterVec
	swept prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wedsync", Name: name, Help: help}, labels)
	}
	m := &metrics{
		steps: counter("communication_steps_total", "Steps of reading accounts, by what became of them: read, place_lost, limited, failing, reconnect.", "provider", "outcome"),
		items: counter("communication_items_total", "Items that accounts were found to have, by what they were: fresh, changed, known.", "provider", "what"),
		hints: counter("communication_hints_total", "Accounts that were read because somebody said that something has changed.", "provider"),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "wedsync", Name: "communication_accounts_swept_total", Help: "Accounts with something due that sweeps found.",
		}),
	}
	if r != nil {
		r.MustRegister(m.steps, m.items, m.hints, m.swept)
	}
	return m
}

// step counts a step.
func (m *metrics) step(provider, outcome string) { m.steps.WithLabelValues(provider, outcome).Inc() }

// stored counts what a step found.
func (m *metrics) stored(provider string, items []store.Item, p store.Pulled) {
	m.items.WithLabelValues(provider, "fresh").Add(float64(p.Fresh))
	m.items.WithLabelValues(provider, "changed").Add(float64(p.Changed))
	m.items.WithLabelValues(provider, "known").Add(float64(max(0, len(items)-p.Fresh-p.Changed)))
}
