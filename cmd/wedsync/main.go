package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"wedsync/crdt/engine"
)

func main() {
	engine.Main() // does not return in a worker
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Args[1:], terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wedsync:", err)
		os.Exit(1)
	}
}

// A terminal is where a command writes: results to Out, logs and questions to
// Err. In answers the questions; nil answers none.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
}

// run parses a command line and carries it out.
func run(ctx context.Context, args []string, t terminal) error {
	var line commandLine
	parser, err := kong.New(&line,
		kong.Name("wedsync"),
		kong.Description("A hub for client records that are edited offline: everything merges, and people decide about critical fields."),
		kong.Writers(t.Out, t.Err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(t),
		limitDefaults(),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (wedsync --help, or wedsync COMMAND --help, says more)", err)
	}
	log := slog.New(slog.NewTextHandler(t.Err, &slog.HandlerOptions{Level: line.LogLevel}))
	return parsed.Run(log)
}

// A commandLine is all commands and what they share.
type commandLine struct {
	LogLevel slog.Level `help:"What to log to standard error: debug, info, warn or error (default ${default})." default:"info" placeholder:"LEVEL"`

	Serve          serveCommand          `cmd:"" help:"Run the hub."`
	Demo           demoCommand           `cmd:"" help:"Play the story with two real clients, and leave the hub serving."`
	Token          tokenCommand          `cmd:"" help:"Print a token for a hub."`
	Status         statusCommand         `cmd:"" help:"Show whether devices and hub agree."`
	Activity       activityCommand       `cmd:"" help:"Show what happened to clients, and what happens."`
	Import         importCommand         `cmd:"" help:"Bring clients from a CSV file into a hub."`
	Export         exportCommand         `cmd:"" help:"Write all clients as CSV."`
	Conflicts      conflictsCommand      `cmd:"" help:"Look at the edits that wait for a decision, and decide."`
	Merged         mergedCommand         `cmd:"" help:"Look at ordinary fields that people set apart, and use a value that does not show."`
	Devices        devicesCommand        `cmd:"" help:"Look at devices, name them, and shut them out."`
	Users          usersCommand          `cmd:"" help:"Look at users, and set what they may do."`
	Webhooks       webhooksCommand       `cmd:"" help:"Look at events that came and where events are sent, and help those that need a person."`
	Communications communicationsCommand `cmd:"" help:"Connect mailboxes, calendars and telephones, read what is new, and look at what was said with clients."`
	Keys           keysCommand           `cmd:"" help:"Look at the keys that the tokens of connected accounts are encrypted with, make and change them."`
	Doctor         doctorCommand         `cmd:"" help:"Check all that a stopped hub has stored."`
	Copy           copyCommand           `cmd:"" help:"Copy all that a stopped hub has stored into a database, or back, and verify it."`
	Migrate        migrateCommand        `cmd:"" help:"Bring the tables of a database to this version."`
	Version        versionCommand        `cmd:"" help:"Print the version."`
}
