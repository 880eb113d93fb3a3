package main

import (
	"context"
	"fmt"
	"log/slog"

	"wedsync/store/postgres"
)

type migrateCommand struct {
	Store string `help:"The database: postgres://USER:PASSWORD@HOST:PORT/DATABASE." env:"WEDSYNC_STORE" required:"" placeholder:"ADDRESS"`
}

func (migrateCommand) Help() string {
	return `
Makes the hub's tables in a database, or brings those of an older version to this
one, and says from which to which. wedsync serve does so too, unless it is told
--no-migrate. Several may do it at once: one does, the others wait. A data
directory is brought to this version by whoever opens it.

Example:

    wedsync migrate --store postgres://wedsync:SECRET@db.example.com/wedsync`
}

// Run migrates.
func (c *migrateCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var from, to int64
	f := storeFlags{Store: c.Store}
	err := f.await(ctx, log, func() (err error) {
		from, to, err = postgres.Migrate(ctx, c.Store)
		return err
	})
	if err != nil {
		return err
	}
	switch from {
	case to:
		_, err = fmt.Fprintf(t.Out, "the tables are of version %d already\n", to)
	case 0:
		_, err = fmt.Fprintf(t.Out, "made the tables, of version %d\n", to)
	default:
		_, err = fmt.Fprintf(t.Out, "brought the tables from version %d to version %d\n", from, to)
	}
	return err
}
