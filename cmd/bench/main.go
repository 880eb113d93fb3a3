package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	Hub   string        `default:"bin/wedsync" help:"The hub's binary."`
	Peers string        `default:"testdata/bench/automerge-sync-server" help:"Where automerge-repo-sync-server is installed."`
	Quick bool          `help:"A smaller run, for a first impression."`
	JSON  bool          `help:"Print the result as JSON."`
	Only  string        `enum:",live,paced,storm" default:"" help:"One part alone: live, paced or storm."`
	For   time.Duration `default:"8s" help:"How long live and paced edits last."`
}

func main() {
	var o options
	cli := kong.Parse(&o, kong.Name("bench"), kong.Description("The hub beside automerge-repo-sync-server, as ratios."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cli.FatalIfErrorf(run(ctx, o))
}

func run(ctx context.Context, o options) error {
	p := newProgress(os.Stderr)
	subjects := []*subject{hubSubject(o.Hub), syncServerSubject(o.Peers)}
	size := fullSize(o.For)
	if o.Quick {
		size = quickSize()
	}
	r := &report{Started: time.Now(), Quick: o.Quick}
	for _, part := range parts {
		if o.Only != "" && o.Only != part.name {
			continue
		}
		for _, s := range subjects {
			p.step("%s: %s", part.name, s.name)
			rows, err := part.measure(ctx, s, size, p)
			if err != nil {
				return fmt.Errorf("%s against %s: %w", part.name, s.name, err)
			}
			r.add(s.name, rows)
		}
	}
	p.done()
	if o.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return r.print(os.Stdout)
}

// A part is one kind of work.
type part struct {
	name    string
	measure func(context.Context, *subject, size, *progress) ([]row, error)
}

var parts = []part{
	{"live", measureLive},
	{"paced", measurePaced},
	{"storm", measureStorm},
}

// A size says how much of everything.
type size struct {
	records     int // of live and paced
	subscribers int // of each of these records
	window      int // changes that a writer sends ahead of their acknowledgement
	history     int // changes prepared per record
	duration    time.Duration
	rate        int // changes per second over all records, when paced

	pool    int // records of the storm
	changes int // and their changes each
	devices int
	opened  int // records that each device has open
}

func fullSize(d time.Duration) size {
	return size{
		records: 50, subscribers: 4, window: 8, history: 8000, duration: d, rate: 100,
		pool: 2000, changes: 5, devices: 500, opened: 20,
	}
}

func quickSize() size {
	return size{
		records: 20, subscribers: 4, window: 8, history: 4000, duration: 2 * time.Second, rate: 100,
		pool: 300, changes: 5, devices: 100, opened: 20,
	}
}
