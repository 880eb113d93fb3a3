package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"wedsync/cmd/wedsync/demo"
)

// Demo is `wedsync demo`.
type Demo struct {
	Listen      string `default:"127.0.0.1:0" help:"Where the hub serves; port 0 picks one." placeholder:"HOST:PORT"`
	Data        string `help:"The hub's data directory, empty or new. A temporary one if not named." type:"path" placeholder:"DIR"`
	Keep        bool   `help:"Leave the temporary directory behind."`
	NodeModules string `help:"Where automerge-repo is installed; looked for above the working directory if not named." type:"path" placeholder:"DIR"`
	Once        bool   `help:"End after the story instead of leaving the hub serving."`
}

// Run plays the story until it is over or ctx ends.
func (d *Demo) Run(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the wedsync binary: %w", err)
	}
	return demo.Run(ctx, demo.Options{
		Binary: binary, Listen: d.Listen, Data: d.Data, Keep: d.Keep, NodeModules: d.NodeModules, Once: d.Once,
		Out: os.Stdout, Colour: term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "",
	})
}
