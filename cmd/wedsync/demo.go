package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"golang.org/x/term"

	"wedsync/cmd/wedsync/demo"
	"wedsync/testdata/providers"
)

type demoCommand struct {
	Listen      string `default:"127.0.0.1:0" help:"Where the hub serves; port 0 picks one." placeholder:"HOST:PORT"`
	Data        string `help:"The hub's data directory, empty or new. A temporary one if not named." type:"path" placeholder:"DIR"`
	Keep        bool   `help:"Leave the temporary directory behind."`
	NodeModules string `help:"Where automerge-repo is installed; looked for above the working directory if not named." type:"path" placeholder:"DIR"`
	Story       bool   `help:"Play the story; --no-story goes to the hub at once." default:"true" negatable:""`
	Season      bool   `help:"Fill the hub that keeps serving with a season of a small studio." default:"true" negatable:""`
	Once        bool   `help:"End after the story instead of leaving the hub serving."`
}

func (demoCommand) Help() string {
	return `
Starts a hub with a supplier and ten client records, and lets two automerge-repo
clients in Node, one of them offline for a while, edit the same record: notes
merge, two wedding dates wait in sync_conflicts until the owner decides. It fails
if anything comes out otherwise than told.

Then the hub keeps serving, with a season of thirty more couples in it: edits that
wait and that were decided, devices that are up to date, behind, and shut out. The
studio's mailboxes, calendars and telephone, whose communication it reads, are on a
server in the demo's own process that speaks as Google, Microsoft and Twilio do.

Examples:

    wedsync demo
    wedsync demo --listen 127.0.0.1:8080 --data ./demo-data
    wedsync demo --no-story
    wedsync demo --no-season
    wedsync demo --once`
}

// Run plays the story until it is over or ctx ends.
func (d *demoCommand) Run(ctx context.Context, t terminal) error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the wedsync binary: %w", err)
	}
	o := demo.Options{
		Binary: binary, Listen: d.Listen, Data: d.Data, Keep: d.Keep, NodeModules: d.NodeModules, Once: d.Once, NoStory: !d.Story,
		Out: t.Out, Colour: colourful(t.Out),
	}
	if d.Season {
		o.Serve = serveByClock
	}
	return demo.Run(ctx, o)
}

// serveByClock runs a hub within this process, by a clock that is not its own.
func serveByClock(ctx context.Context, p demo.Past, serving func(address string)) error {
	return runHub(ctx, hubOptions{
		Store: storeFlags{Data: p.Data}, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(p.Log, nil)), Now: p.Now,
		AllowPrivate:   true, // the apps around it are on this machine
		Communications: communicationsAt(p.Providers),
	}, func(address net.Addr) { serving(address.String()) })
}

// communicationsAt has a hub read at a server that speaks as the providers.
func communicationsAt(url string) communicationFlags {
	return communicationFlags{
		GoogleClientID: providers.ClientID, GoogleClientSecret: providers.ClientSecret, GoogleURL: url + "/google",
		MicrosoftClientID: providers.ClientID, MicrosoftClientSecret: providers.ClientSecret, MicrosoftURL: url + "/microsoft",
		TwilioURL: url + "/twilio",
	}
}

// colourful reports whether w is a terminal that wants colours.
func colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
}
