package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A remoteSource is how far one source has been read.
type remoteSource struct {
	Source      string     `json:"source"`
	Account     string     `json:"account"`
	AccountID   string     `json:"account_id"`
	State       string     `json:"state"`
	LastSuccess *time.Time `json:"last_success"`
	Error       *string    `json:"error"`
	Left        int        `json:"left"`
	NextRetry   *time.Time `json:"next_retry"`
	Pushed      bool       `json:"pushed"`
	NoPush      *string    `json:"no_push"`
	PollSeconds int        `json:"poll_seconds"`
}

// sources reads how far all sources have been read.
func (h *remoteHub) sources(ctx context.Context) ([]remoteSource, error) {
	var all listing[remoteSource]
	err := h.get(ctx, "/api/integrations/communication/sources", nil, &all)
	return all.Items, err
}

// standing is how far the source is, in few words.
func (s *remoteSource) standing() string {
	said := strings.ReplaceAll(s.State, "_", " ")
	if s.moves() && s.Left >= 0 {
		said += fmt.Sprintf(", %d left", s.Left)
	}
	if s.Error != nil {
		said += ": " + printable(*s.Error)
	}
	if s.NextRetry != nil {
		said += ", tried again " + shownTime(s.NextRetry)
	}
	return said
}

// hears is standing, and why the provider does not say when something changes.
func (s *remoteSource) hears() string {
	if s.NoPush == nil {
		return s.standing()
	}
	return fmt.Sprintf("%s\nno push, read every %d min: %s", s.standing(), s.PollSeconds/60, printable(*s.NoPush))
}

// called is the source as people know it.
func (s *remoteSource) called() string {
	return strings.TrimSpace(s.Source + " " + printable(s.Account))
}

// moves reports whether the source is on its way to being up to date.
func (s *remoteSource) moves() bool {
	return slices.Contains([]string{"reading", "resyncing", "never"}, s.State)
}

// fails reports whether the source lacks something, against everybody's will.
func (s *remoteSource) fails() bool {
	return slices.Contains([]string{"failing", "limited", "reconnect"}, s.State)
}

// A syncReport is what was read.
type syncReport struct {
	Client  string                `json:"client_id,omitempty"`
	Items   []remoteCommunication `json:"items,omitempty"` // the newest of the client's
	Sources []remoteSource        `json:"sources"`
	Next    *string               `json:"next,omitempty"`
}

type communicationsSyncCommand struct {
	remoteHub
	Client  string        `help:"All accounts, and this client's timeline: its id or document id." required:"" xor:"what" placeholder:"ID"`
	Account string        `help:"This account alone; for owners." required:"" xor:"what" placeholder:"ID"`
	Wait    time.Duration `help:"How long to wait for what takes longer; it goes on in the background (default ${default})." default:"10m" placeholder:"TIME"`
	JSON    bool          `name:"json" help:"Print JSON."`
}

func (communicationsSyncCommand) Help() string {
	return `
Reads what is new in the accounts, shows how far each source is meanwhile, and at last how
it stands with all of them. It fails if one could not be read, and says which and why; what
the others had is there all the same.

Examples:

    wedsync communications sync --client 01J9ZDB7C8D9E0F1G2H3J4K5M6
    wedsync communications sync --account 01JD8Z7Q3KX0V5M2N4B6C8D0EF --wait 1m
    wedsync communications sync --client 01J9ZDB7C8D9E0F1G2H3J4K5M6 --json | jq '.sources[] | select(.state != "up_to_date")'`
}

// Run reads accounts.
func (c *communicationsSyncCommand) Run(ctx context.Context, t terminal) error {
	report, err := c.sync(ctx, t.Err)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(t.Out, report)
	} else {
		err = report.print(t.Out)
	}
	return cmp.Or(err, report.failure())
}

const (
	syncStep  = 10 * time.Second       // that one request waits
	syncAgain = time.Second            // between two requests
	showEvery = 500 * time.Millisecond // how far it is
)

// sync has accounts read until none is on its way any more, or c.Wait is over.
func (c *communicationsSyncCommand) sync(ctx context.Context, progress io.Writer) (*syncReport, error) {
	b := newBar(progress)
	defer b.clear()
	for until := time.Now().Add(c.Wait); ; {
		left := max(time.Until(until), 0)
		report, err := c.step(ctx, b, min(left, syncStep))
		if err != nil {
			return nil, err
		}
		if left == 0 || !slices.ContainsFunc(report.Sources, func(s remoteSource) bool { return s.moves() }) {
			return report, nil
		}
		if err := pause(ctx, min(time.Until(until), syncAgain)); err != nil {
			return nil, err
		}
	}
}

// step has the hub read for a while, and shows how far it is meanwhile.
func (c *communicationsSyncCommand) step(ctx context.Context, b *bar, wait time.Duration) (*syncReport, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		report *syncReport
		err    error
	}
	answered := make(chan answer, 1)
	go func() { // until the hub answers, or ctx ends
		report, err := c.ask(ctx, wait)
		answered <- answer{report, err}
	}()
	look := time.NewTicker(showEvery)
	defer look.Stop()
	for {
		select {
		case a := <-answered:
			return a.report, a.err
		case <-look.C:
			if sources, err := c.sources(ctx); err == nil { // else the answer says why
				b.draw("sync", func(time.Duration) string { return c.progress(sources) })
			}
		}
	}
}

// ask has the hub read for a while.
func (c *communicationsSyncCommand) ask(ctx context.Context, wait time.Duration) (*syncReport, error) {
	body := map[string]string{"wait": wait.Truncate(time.Second).String()}
	if c.Account == "" {
		body["client_id"] = c.Client
		report := &syncReport{}
		return report, c.do(ctx, http.MethodPost, "/api/integrations/communication/sync", body, report)
	}
	var sources listing[remoteSource]
	err := c.do(ctx, http.MethodPost, accountsPath+"/"+url.PathEscape(c.Account)+"/sync", body, &sources)
	return &syncReport{Sources: sources.Items}, err
}

// progress is how far sources are, in a line.
func (c *communicationsSyncCommand) progress(sources []remoteSource) string {
	var moving []string
	all, ready := 0, 0
	for i := range sources {
		s := &sources[i]
		if c.Account != "" && !strings.EqualFold(c.Account, s.AccountID) {
			continue
		}
		all++
		if s.moves() {
			moving = append(moving, s.called()+" "+s.standing())
		} else {
			ready++
		}
	}
	return strings.Join(append([]string{fmt.Sprintf("%d of %s looked at", ready, count(all, "source"))}, moving...), "; ")
}

func (r *syncReport) print(w io.Writer) error {
	g := newGrid("source", "account", "state", "up to date")
	for i := range r.Sources {
		s := &r.Sources[i]
		g.add(s.Source, printable(s.Account), s.hears(), shownTime(s.LastSuccess))
	}
	if err := g.print(w); err != nil || r.Client == "" {
		return err
	}
	newest := "nothing was found so far"
	if len(r.Items) > 0 {
		newest = "the newest is of " + shownTime(&r.Items[0].At)
	}
	_, err := fmt.Fprintf(w, "Of this client %s: wedsync communications list --client %s\n", newest, r.Client)
	return err
}

// failure names what could not be read.
func (r *syncReport) failure() error {
	var failing []string
	for i := range r.Sources {
		if s := &r.Sources[i]; s.fails() || s.moves() {
			failing = append(failing, fmt.Sprintf("%s: %s", s.called(), s.standing()))
		}
	}
	if len(failing) == 0 {
		return nil
	}
	return errors.New("not all is up to date: " + strings.Join(failing, "; "))
}

// pause waits, or returns why ctx ended first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
