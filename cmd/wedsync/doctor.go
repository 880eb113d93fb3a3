package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"wedsync/store/sqlite"
)

type doctorCommand struct {
	Data string `help:"The hub's data directory (default ${default})." default:"./wedsync-data" type:"path" placeholder:"DIR"`
}

func (doctorCommand) Help() string {
	return `
Reads all that a hub has stored, says what is wrong and what to do about it, and
exits with 1 if anything is. The hub must be stopped. Nothing is changed, but a
directory of an older version is brought to this one, as serve would.

Of each record it checks that the changes can be read and lead to the stored
heads, that each decision has the hash that the next one names and the ledger has
the last, that values, conflicts and document agree with the decisions, and that
operation counters are far from their limit; of each supplier, that no entry of
the journal is missing; and the database file itself.

Examples:

    wedsync doctor
    wedsync doctor --data /var/lib/wedsync`
}

// Run examines a data directory.
func (c *doctorCommand) Run(ctx context.Context, t terminal) (err error) {
	if err := sqlite.Holds(c.Data); err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, c.Data)
	if errors.Is(err, sqlite.ErrLocked) {
		return fmt.Errorf("%w: a hub has it open, and it can only be examined while no hub does", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d := &checkup{store: s, out: t.Out, progress: pacer{out: t.Err, told: time.Now()}}
	if err := d.file(ctx, s); err != nil {
		return err
	}
	if err := d.suppliers(ctx); err != nil {
		return err
	}
	return d.report()
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
