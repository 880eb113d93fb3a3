package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	Hub      string   `default:"bin/wedsync" help:"The hub's binary."`
	Peers    string   `default:"testdata/bench" help:"Where the other servers are installed."`
	Quick    bool     `help:"A smaller run of a few minutes, for a first impression; less work on fewer records flatters the others."`
	Only     []string `help:"Some parts alone: live, paced, fan-out, offline, storm, stored, diverted, webhooks, communications, web."`
	Against  []string `help:"Some of the others alone: sync-server, hocuspocus."`
	Rounds   int      `help:"How often each part is done instead of as often as it needs."`
	JSON     string   `default:"tmp/bench.json" help:"Where to write the figures."`
	SVG      string   `default:"tmp/bench.svg" help:"Where to draw the ratios."`
	Profiles string   `placeholder:"DIR" help:"Where to write CPU profiles of the hub, which slow it a little."`
}

func main() {
	var o options
	cli := kong.Parse(&o, kong.Name("bench"), kong.Description("The hub beside automerge-repo-sync-server and Hocuspocus, as ratios."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // the generator shares the machine, and has memory
	cli.FatalIfErrorf(run(ctx, o))
}

func run(ctx context.Context, o options) error {
	r, err := newReport(o)
	if err != nil {
		return err
	}
	p := newProgress(os.Stderr)
	for _, part := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, part.name) {
			continue
		}
		if err := part.run(ctx, r, o, p); err != nil {
			return err
		}
	}
	p.done()
	r.Took = time.Since(r.Started).Seconds()
	if err := r.print(os.Stdout); err != nil {
		return err
	}
	if err := r.write(o.JSON, o.SVG); err != nil {
		return err
	}
	if n := len(r.Failed); n > 0 {
		return fmt.Errorf("%d trials failed", n)
	}
	return nil
}

func subjects(o options) []*subject {
	all := []*subject{hub(o.Hub, o.Profiles != ""), hubOnPostgres(o.Hub, o.Profiles != "")}
	for _, s := range []*subject{
		syncServer(filepath.Join(o.Peers, "automerge-sync-server")),
		hocuspocus(filepath.Join(o.Peers, "hocuspocus")),
	} {
		if len(o.Against) == 0 || slices.Contains(o.Against, s.name) {
			all = append(all, s)
		}
	}
	return all
}

const trialPatience = 4 * time.Minute // then a server is stuck

// run does the part with all subjects, one after the other, as often as needed.
func (part part) run(ctx context.Context, r *report, o options, p *progress) error {
	z := fullSize()
	rounds := part.rounds
	if o.Quick {
		z, rounds = quickSize(), 1
	}
	if o.Rounds > 0 {
		rounds = o.Rounds
	}
	corpora := make(map[string]corpus) // by format
	for round := range rounds {
		for _, s := range subjects(o) {
			if s.missing != "" || !part.has(s) {
				continue
			}
			p.step("%s, round %d of %d: %s", part.name, round+1, rounds, s.name)
			if corpora[s.format] == nil {
				c, err := s.encode(ctx, part.work(z))
				if err != nil {
					return err
				}
				corpora[s.format] = c
			}
			t := &trial{
				part: part.name, subject: s, corpus: corpora[s.format], size: z,
				progress: p, profiles: &profiles{o.Profiles, s.database != nil}, round: round,
			}
			trialCtx, cancel := context.WithTimeout(ctx, trialPatience)
			rows, err := part.measure(trialCtx, t)
			cancel()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil { // the others may still tell something
				r.Failed = append(r.Failed, fmt.Sprintf("%s with %s: %v", part.name, s.name, err))
				continue
			}
			r.add(part.title(z), s.name, round, rows)
			r.Others = max(r.Others, t.others)
		}
	}
	return nil
}
