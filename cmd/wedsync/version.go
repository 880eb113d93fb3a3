package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

func (versionCommand) Help() string { return "Example:\n\n    wedsync version" }

// Run prints the version that the binary was built from.
func (versionCommand) Run(t terminal) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		_, err := fmt.Fprintln(t.Out, "wedsync, built without version")
		return err
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (version == "" || version == "(devel)") {
			version = s.Value
		}
	}
	_, err := fmt.Fprintf(t.Out, "wedsync %s (%s)\n", version, info.GoVersion)
	return err
}
