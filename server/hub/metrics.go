package hub

import "github.com/prometheus/client_golang/prometheus"

// metrics are the hub's counters. They count with or without a registry.
type metrics struct {
	devices     prometheus.Gauge
	open        prometheus.Gauge
	openBytes   prometheus.Gauge
	commits     prometheus.Counter
	appends     prometheus.Counter
	followed    prometheus.Counter
	failures    prometheus.Counter
	sentAway    prometheus.Counter
	changes     prometheus.Counter
	hubChanges  prometheus.Counter
	refused     *prometheus.CounterVec
	verdicts    *prometheus.CounterVec
	merged      *prometheus.CounterVec
	projections *prometheus.CounterVec
	pending     prometheus.Gauge
	oldest      prometheus.Gauge
	reminders   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "wedsync", Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "wedsync", Name: name, Help: help})
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wedsync", Name: name, Help: help}, []string{label})
	}
	m := &metrics{
		devices:     gauge("devices_connected", "Devices that are connected."),
		open:        gauge("records_open", "Records in memory."),
		openBytes:   gauge("records_open_bytes", "Bytes of the records in memory."),
		commits:     counter("commits_total", "Commits stored."),
		appends:     counter("appends_total", "Transactions that stored commits."),
		followed:    counter("commits_followed_total", "Times that an open record was brought up to what another node stored."),
		failures:    counter("append_failures_total", "Transactions that failed; their devices were told to come back."),
		sentAway:    counter("devices_sent_away_total", "Devices that were told to come back, because the store failed or their record was held up."),
		changes:     counter("changes_stored_total", "Changes stored, hub changes included."),
		hubChanges:  counter("hub_changes_total", "Hub changes written."),
		refused:     vec("changes_refused_total", "Changes of devices that were refused.", "reason"),
		verdicts:    vec("verdicts_total", "Edits of critical fields by outcome.", "outcome"),
		merged:      vec("merged_total", "Entries about ordinary fields that were set apart, opened or closed; crowded are those that newer ones closed.", "status"),
		projections: vec("projections_total", "Records materialised by result.", "result"),
		pending:     gauge("conflicts_pending", "Conflicts that wait for a person, as of the last minute."),
		oldest:      gauge("conflicts_oldest_seconds", "Age of the conflict that has waited longest, as of the last minute; 0 if none waits."),
		reminders:   counter("reminders_total", "Reminders of conflicts that have waited for long."),
	}
	if r != nil {
		r.MustRegister(m.devices, m.open, m.openBytes, m.commits, m.appends, m.followed, m.failures, m.sentAway, m.changes,
			m.hubChanges, m.refused, m.verdicts, m.merged, m.projections, m.pending, m.oldest, m.reminders)
	}
	return m
}
