package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"wedsync/store"
	"wedsync/store/postgres"
	"wedsync/store/sqlite"
	"wedsync/store/transfer"
)

type copyCommand struct {
	From string `help:"Store to copy: a hub's data directory, or postgres://USER:PASSWORD@HOST:PORT/DATABASE." required:"" env:"WEDSYNC_FROM" placeholder:"DIR|ADDRESS"`
	To   string `help:"Where to: an empty database or directory, or what an interrupted copy left." required:"" env:"WEDSYNC_TO" placeholder:"DIR|ADDRESS"`
}

func (copyCommand) Help() string {
	return `
Moves all that a hub knows into another store: records with their whole history,
conflicts, verdicts, policies, devices, webhooks with what came in and waits to go
out, and the secret that signs tokens, which stay good. Then both stores are read once more, and for each supplier a digest
of what each holds is compared.

All hubs of both stores must be stopped. A running hub keeps its data directory
locked, but nothing keeps a hub from its database: what it writes meanwhile is
missing in the copy, or makes the digests differ.

An interrupted copy goes on where it stopped when the same command is run again.
Until its digests are those of the source, no hub serves it. The source is left
as it is: serve the copy from then on, and not both.

Examples:

    wedsync copy --from /var/lib/wedsync --to postgres://wedsync:SECRET@db.example.com/wedsync
    wedsync copy --from postgres://wedsync:SECRET@db.example.com/wedsync --to ./wedsync-data`
}

// Run copies, and prints the digests.
func (c *copyCommand) Run(ctx context.Context, t terminal) (err error) {
	from, to := place(c.From), place(c.To)
	if from == to {
		return errors.New("--from and --to are the same store")
	}
	source, err := from.openSource(ctx)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	destination, err := to.open(ctx)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, destination.Close()) }()
	b := newBar(t.Err)
	all := transfer.Digest{}
	err = transfer.Run(ctx, transfer.Options{
		From: source, To: destination, Tell: b.show,
		Verified: func(d transfer.Digest) {
			b.clear()
			sum := d.Sum()
			fmt.Fprintf(t.Out, "supplier %s: %d records, %d entries, digest %x\n", printable(d.Supplier), d.Records, d.Entries, sum[:])
			all.Records += d.Records
			all.Entries += d.Entries
		},
	})
	b.clear()
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted: the same command goes on where it stopped")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "copied %d records and %d entries; the digests of both stores are the same\nnow: wedsync serve %s (and no longer %s)\n",
		all.Records, all.Entries, to.flags().flag(), from)
	return err
}

// A copyPlace is where a store is: the address of a database, or else a directory.
type copyPlace struct{ address, dir string }

// place reads what was given. Whatever has a scheme is an address.
func place(given string) copyPlace {
	if strings.Contains(given, "://") {
		return copyPlace{address: given}
	}
	dir, err := filepath.Abs(given)
	if err != nil {
		dir = given // the working directory is gone, which opening it will say
	}
	return copyPlace{dir: dir}
}

// flags say the same to other commands.
func (p copyPlace) flags() storeFlags { return storeFlags{Store: p.address, Data: p.dir} }

// String is the place without the password of its address.
func (p copyPlace) String() string {
	if p.address != "" {
		return withoutPassword(p.address)
	}
	return p.dir
}

// openSource opens a store that must be there.
func (p copyPlace) openSource(ctx context.Context) (store.Store, error) {
	if p.address == "" {
		if err := sqlite.Holds(p.dir); err != nil {
			return nil, err
		}
	}
	return p.open(ctx)
}

// open opens the store. It does not wait for a database.
func (p copyPlace) open(ctx context.Context) (store.Store, error) {
	if p.address != "" {
		if err := p.flags().check(); err != nil {
			return nil, err
		}
		return postgres.Open(ctx, p.address)
	}
	s, err := sqlite.Open(ctx, p.dir)
	if errors.Is(err, sqlite.ErrLocked) {
		return nil, fmt.Errorf("%w: a hub serves it, and it can only be copied while none does", err)
	}
	return s, err
}
