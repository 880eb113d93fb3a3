package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"wedsync/crdt"
	"wedsync/server/communications/account"
	"wedsync/store"
	"wedsync/store/sqlite"
)

type doctorCommand struct {
	storeFlags
	keysFlag
	Repair  bool   `help:"Put right what can be: rows of the queue, merged entries, receipts and projections, from the stored changes and decisions. Copy the store first."`
	Release string `help:"Only free the id of a document that was bound to the wrong supplier, if nothing was ever stored under it." placeholder:"DOCUMENT"`
}

func (doctorCommand) Help() string {
	return `
Reads all that a hub has stored, says what is wrong and what to do about it, and
exits with 1 if anything is. The hub must be stopped, and so must all hubs of a
database. Without --repair nothing is changed, but a store of an older version is
brought to this one, as serve would.

Of each record it checks that the changes can be read and lead to the stored
heads, that each decision has the hash that the next one names and the ledger has
the last, that values, conflicts and document agree with the decisions, that
queue, merged entries and receipts are what the journal leads to if all of it is
done again, that the projection shows what the changes make, and that operation
counters are far from their limit; of each supplier, that no entry of the journal
is missing, that the hub alone wrote its directory, that no webhook was sent of
what the journal does not have and none waits for ever, and that the settings of
its accounts can be read and, with the file of keys, their tokens decrypted; and the
database file itself, where it is one.

With --repair, rows and projections that have drifted are stored again as they
should be; each record whose rows were has one more entry in the journal. Changes,
decisions and heads are never touched.

Examples:

    wedsync doctor
    wedsync doctor --data /var/lib/wedsync
    wedsync doctor --data /var/lib/wedsync --repair
    wedsync doctor --store postgres://wedsync:SECRET@db.example.com/wedsync
    wedsync doctor --release 2m6MpZCgdV1uAvyDDqi8aQX9Rs5i`
}

// Run examines a store.
func (c *doctorCommand) Run(ctx context.Context, t terminal, log *slog.Logger) (err error) {
	if !c.shared() {
		if err := sqlite.Holds(c.Data); err != nil {
			return err
		}
	}
	s, err := c.open(ctx, log)
	if errors.Is(err, sqlite.ErrLocked) {
		return fmt.Errorf("%w: a hub has it open, and it can only be examined while no hub does", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if c.Release != "" {
		return c.release(ctx, t, s)
	}
	v, _ := c.vault(c.storeFlags)
	d := &checkup{
		store: s, accounts: account.New(account.Options{Store: s, Vault: v}), repair: c.Repair,
		out: t.Out, progress: pacer{out: t.Err, told: time.Now()},
	}
	if err := d.file(ctx, s); err != nil {
		return err
	}
	d.keys(v)
	if err := d.suppliers(ctx); err != nil {
		return err
	}
	return d.report()
}

// release frees the id of an empty record.
func (c *doctorCommand) release(ctx context.Context, t terminal, s store.Store) error {
	id, err := crdt.ParseRecordID(c.Release)
	if err != nil {
		return fmt.Errorf("--release: %w", err)
	}
	err = s.Release(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("document %s is bound to nobody here", id)
	case errors.Is(err, store.ErrNotEmpty):
		return fmt.Errorf("document %s holds changes or was erased, and ids are freed only while nothing was ever stored under them", id)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(t.Out, "document %s is free: it belongs to the supplier whose device or command stores it first\n", id)
	return err
}

// A pacer tells how far something is, now and then.
type pacer struct {
	out  io.Writer
	told time.Time
}

const tellEvery = 5 * time.Second

func (p *pacer) tell(format string, args ...any) {
	if time.Since(p.told) >= tellEvery {
		p.say(format, args...)
	}
}

// say tells in any case.
func (p *pacer) say(format string, args ...any) {
	p.told = time.Now()
	// What a terminal does not show is no fault of what is examined.
	_, _ = fmt.Fprintf(p.out, "· "+format+"\n", args...)
}
