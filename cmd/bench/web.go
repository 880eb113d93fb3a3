package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"wedsync/cmd/chromium"
)

// A webSize says how much the app has to show.
type webSize struct {
	records   int
	conflicts int // that are open, each of another record
	views     int // of each page, the middle one counts
}

// The elements by which a page is known to be of use.
const (
	openCard = "wed-app wed-frame wed-inbox wed-conflict[current] .values button:not([disabled])"
	listRow  = "wed-app wed-frame wed-clients wed-client-list a"
	list     = "wed-app wed-frame wed-clients wed-client-list"
	synced   = "wed-app wed-frame wed-state [data-state=Synced]"
	notes    = "wed-app wed-frame wed-client wed-cotext textarea:not([readonly])"
)

// measureWeb opens the app in Chromium as its owner does every day: the service
// worker is installed, the cache full, the browser has been there before.
func measureWeb(ctx context.Context, t *trial) (rows []row, err error) {
	z := t.size.web
	err = t.withServer(ctx, func(s *server) error {
		site, err := newSite(ctx, s)
		if err != nil {
			return err
		}
		t.progress.note("%d records, %d conflicts", z.records, z.conflicts)
		clients, err := site.fill(ctx, z)
		if err != nil {
			return err
		}
		profile, err := os.MkdirTemp("", "wedsync-bench-chromium-")
		if err != nil {
			return fmt.Errorf("make a directory for Chromium: %w", err)
		}
		defer func() { _ = os.RemoveAll(profile) }() // a leftover in /tmp is no failure of the run
		browser, stop, err := chromium.Start(ctx, profile)
		if err != nil {
			return err
		}
		defer stop()
		p, err := openPage(browser, site.url)
		if err != nil {
			return err
		}
		defer p.close()
		if err := p.settleIn(site.owner, z); err != nil {
			return err
		}
		script, owners, err := site.scriptSize(p)
		if err != nil {
			return err
		}
		rows = append(rows, row{Key: "web script", Name: "JavaScript and CSS, gzip, without Automerge's WebAssembly", Unit: "kB", Value: script / 1000},
			row{Key: "web owners", Name: "the same for the page that owners alone load", Unit: "kB", Value: owners / 1000})
		if err := p.leave(); err != nil {
			return err
		}
		t.progress.note("first views")
		views, err := measureViews(browser, site.url, z, clients[0])
		if err != nil {
			return err
		}
		t.progress.note("scrolling and deciding")
		work, err := measureWork(p, z)
		rows = append(append(rows, views...), work...)
		return err
	})
	return rows, err
}

// measureViews opens pages from the warm cache.
func measureViews(browser context.Context, url string, z webSize, client string) ([]row, error) {
	var rows []row
	for _, view := range []struct{ key, name, path, usable string }{
		{"web view", "first view of the inbox, from a warm cache until it can be used", "/inbox", openCard},
		{"web list view", "the same of the list", "/clients?sort=name", listRow},
		{"web record view", "the same of a record, with Automerge", "/clients/" + client, notes},
		{"web empty view", "the same of a line of text, which is the browser's own part", "/healthz", "pre"},
	} {
		var took []float64
		for range z.views {
			ms, err := firstView(browser, url, view.path, view.usable)
			if err != nil {
				return nil, err
			}
			took = append(took, ms)
		}
		rows = append(rows, row{Key: view.key, Name: view.name, Unit: "ms", Value: median(took)})
	}
	return rows, nil
}

// measureWork scrolls through the list, goes to the inbox, and moves through it
// by keys.
func measureWork(p *webPage, z webSize) ([]row, error) {
	if err := p.visitList(z); err != nil {
		return nil, err
	}
	scroll, err := p.ask("bench.scroll()")
	if err != nil {
		return nil, err
	}
	opened, err := p.ask(fmt.Sprintf("bench.follow('/inbox', %q)", openCard))
	if err != nil {
		return nil, err
	}
	keys, err := p.askAll(fmt.Sprintf("bench.keys(%d)", z.conflicts-1))
	if err != nil {
		return nil, err
	}
	if len(keys) < z.conflicts {
		return nil, fmt.Errorf("%d keys moved through the inbox, want %d", len(keys), z.conflicts)
	}
	slices.Sort(keys)
	return []row{
		{Key: "web scroll", Name: fmt.Sprintf("longest task over 50 ms while scrolling %s records", thousands(z.records)), Unit: "ms", Value: scroll},
		{Key: "web inbox", Name: fmt.Sprintf("inbox of %d conflicts, from a click until the first can be decided", z.conflicts), Unit: "ms", Value: opened},
		{Key: "web key", Name: "j and k through all of them, until it is painted: p50", Unit: "ms", Value: keys[len(keys)/2]},
		{Key: "web key p99", Name: "p99", Unit: "ms", Value: keys[len(keys)*99/100]},
		{Key: "web key most", Name: "slowest", Unit: "ms", Value: keys[len(keys)-1]},
	}, nil
}

// thousands is a number as the app writes it in English.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
