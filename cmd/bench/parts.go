package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A part is one kind of work.
type part struct {
	name    string
	title   func(size) string
	rounds  int
	work    func(size) work
	measure func(context.Context, *trial) ([]row, error)
	by      []string // the subjects that do such work; all if empty
}

func (part part) has(s *subject) bool {
	return len(part.by) == 0 && s.name != postgresName || slices.Contains(part.by, s.name)
}

var everybody = []string{hubName, postgresName, syncName, hocusName}

var parts = []part{
	{"live", size.liveTitle, 3, func(z size) work { return z.live.work() }, measureLive, everybody},
	{"paced", size.pacedTitle, 2, func(z size) work { return z.paced.work() }, measurePaced, nil},
	{"fan-out", size.fanOutTitle, 2, func(z size) work { return z.fanOut.work() }, measureFanOut, nil},
	{"offline", size.offlineTitle, 2, func(z size) work { return z.offline.work() }, measureOffline, everybody},
	{"storm", size.stormTitle, 2, func(z size) work { return z.storm.work() }, measureStorm, everybody},
	{"stored", size.storedTitle, 1, func(z size) work { return z.stored.work() }, measureStored, nil},
	{"diverted", size.divertedTitle, 2, func(z size) work { return z.diverted.work() }, measureDiverted, []string{hubName}},
	{"webhooks", size.webhooksTitle, 1, func(size) work { return work{} }, measureWebhooks, []string{hubName, postgresName}},
	{"communications", size.communicationsTitle, 1, func(size) work { return work{} }, measureCommunications, []string{hubName}},
	{"web", size.webTitle, 1, func(size) work { return work{} }, measureWeb, []string{hubName}},
}

// A size says how much of everything.
type size struct {
	live, paced, fanOut liveSize
	offline             offlineSize
	storm               stormSize
	stored              storedSize
	diverted            divertedSize
	webhooks            webhooksSize
	communications      communicationsSize
	web                 webSize
}

func fullSize() size {
	return size{
		live: liveSize{
			records: 50, subscribers: 4, window: 8, history: 6000,
			warmUp: time.Second, duration: 4 * time.Second,
		},
		paced: liveSize{
			records: 50, subscribers: 4, window: 8, history: 100, rate: 100,
			warmUp: time.Second, duration: 6 * time.Second,
		},
		fanOut: liveSize{
			records: 1, subscribers: 100, window: 8, history: 200_000,
			warmUp: time.Second, duration: 4 * time.Second,
		},
		offline:        offlineSize{records: 500, shared: 100, unsent: 20},
		storm:          stormSize{pool: 2000, changes: 5, devices: 500, opened: 20},
		stored:         storedSize{connections: 1000, records: 10_000, changes: 5, patience: 40 * time.Second, starts: 3},
		diverted:       divertedSize{records: 4000},
		webhooks:       webhooksSize{objects: 200, flood: 4000, senders: 50, rate: 500, duration: 4 * time.Second},
		communications: communicationsSize{accounts: 4, mails: 2500, quota: 250, slow: 30 * time.Millisecond},
		web:            webSize{records: 5000, conflicts: 500, views: 5},
	}
}

func quickSize() size {
	z := fullSize()
	z.live.warmUp, z.paced.warmUp, z.fanOut.warmUp = time.Second/2, time.Second/2, time.Second/2
	z.live.records, z.live.duration = 20, 2*time.Second
	z.paced.duration = 2 * time.Second
	z.fanOut.history, z.fanOut.duration = 100_000, 2*time.Second
	z.offline.records = 100
	z.storm.pool, z.storm.devices = 400, 100
	z.stored.connections, z.stored.records, z.stored.starts = 300, 500, 1
	z.diverted.records = 400
	z.webhooks.flood, z.webhooks.duration = 1000, 2*time.Second
	z.communications.accounts, z.communications.mails = 2, 600
	z.web = webSize{records: 1000, conflicts: 100, views: 3}
	return z
}

func (z size) liveTitle() string {
	return fmt.Sprintf("live: %d records × %d subscribers, as fast as it goes", z.live.records, z.live.subscribers)
}

func (z size) pacedTitle() string {
	return fmt.Sprintf("paced: %d records × %d subscribers, %d changes/s in all", z.paced.records, z.paced.subscribers, z.paced.rate)
}

func (z size) fanOutTitle() string {
	return fmt.Sprintf("fan-out: one writer, %d subscribers", z.fanOut.subscribers)
}

func (z size) offlineTitle() string {
	return fmt.Sprintf("offline: a device pushes %d records × %d changes, a fresh one pulls %d × %d",
		z.offline.records, z.offline.unsent, z.offline.records, z.offline.held())
}

func (z size) stormTitle() string {
	return fmt.Sprintf("storm: %d devices × %d records return, in sync", z.storm.devices, z.storm.opened)
}

func (z size) storedTitle() string {
	return fmt.Sprintf("stored: %d connections, %d records × %d changes", z.stored.connections, z.stored.records, z.stored.changes)
}

func (z size) divertedTitle() string {
	return fmt.Sprintf("diverted: one edit of each of %d records by a member, half of them ordinary", z.diverted.records)
}

func (z size) webhooksTitle() string {
	return fmt.Sprintf("webhooks: %s events of %d clients from %d senders, and %d/s for %v",
		thousands(z.webhooks.flood), z.webhooks.objects, z.webhooks.senders, z.webhooks.rate, z.webhooks.duration)
}

func (z size) communicationsTitle() string {
	c := z.communications
	return fmt.Sprintf("communications: %s mails of %d mailboxes are read for the first time, %d units/s of quota each", thousands(c.mails), c.accounts, c.quota)
}

func (z size) webTitle() string {
	return fmt.Sprintf("web: the app in Chromium, %s records, %d open conflicts", thousands(z.web.records), z.web.conflicts)
}
