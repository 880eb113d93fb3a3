package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const supplier = "orchard-weddings"

// Options say how the demo runs.
type Options struct {
	Binary      string // the wedsync binary
	Listen      string // where the hub serves
	Data        string // the hub's data directory; empty for a temporary one
	Keep        bool   // leave a temporary data directory behind
	NodeModules string // where automerge-repo is installed; empty to look for it
	Once        bool   // end after the story
	NoStory     bool   // leave the story out
	Serve       Server // fills the hub that goes on serving with a season; nil to leave that out
	Out         io.Writer
	Colour      bool
}

// Run plays the story and then, unless told otherwise, leaves the hub serving
// until ctx ends. A story that does not come out as told is an error.
func Run(ctx context.Context, o Options) (err error) {
	nodeModules, err := findNodeModules(o.NodeModules)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "wedsync-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	if o.Data == "" {
		o.Data = filepath.Join(work, "hub")
	} else if used(o.Data) {
		return errors.Join(fmt.Errorf("the demo begins with an empty hub, and %s is not empty", o.Data), os.RemoveAll(work))
	}
	if !o.Keep {
		defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return fmt.Errorf("make the hub's data directory: %w", err)
	}
	log, err := os.Create(filepath.Join(o.Data, "hub.log"))
	if err != nil {
		return fmt.Errorf("make the hub's log: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	h := &hub{binary: o.Binary, data: o.Data, address: o.Listen, log: log}
	n := &narrator{out: o.Out, colour: o.Colour}
	var past *season
	if o.Serve != nil && !o.Once {
		n.print("   %s fills with a season of a small studio …", n.paint(cyan, fmt.Sprintf("%-20s", "hub")))
		around, failed := startApps()
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, around.stop(ctx)) }()
		h.flags = append(around.flags(), "--allow-private-targets") // or it could not reach them
		if past, err = playSeason(ctx, o.Serve, h, around, nodeModules); err != nil {
			return err
		}
		defer past.studio.stop()
	}
	if err := h.start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	token, err := h.token(ctx, owner, "owner", "")
	if err != nil {
		return err
	}
	s := &story{narrator: n, hub: h, nodeModules: nodeModules, work: work, owner: &api{base: "http://" + h.address, token: token}}
	if !o.NoStory {
		if err := s.tell(ctx); err != nil {
			return fmt.Errorf("the story did not come out as told: %w", err)
		}
	}
	if o.Once {
		return nil
	}
	talks := ""
	if past != nil {
		talks = past.kept["neha"].Client
		if err := past.carryOn(ctx, h.address); err != nil {
			return fmt.Errorf("connect the studio's devices: %w", err)
		}
	}
	waits, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	s.farewell(waits, talks)
	return h.wait(ctx)
}

func used(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}
