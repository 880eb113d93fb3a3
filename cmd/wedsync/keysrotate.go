package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"wedsync/server/communications/account"
)

type keysRotateCommand struct {
	storeFlags
	keysFlag
}

func (keysRotateCommand) Help() string {
	return `
Adds a key, encrypts the tokens of all accounts under it, and takes those before
out of the file. What broke off is gone on with when it is begun again, without one
more key. Keep a copy of the file as it is then; a backup of the store from before
needs the keys of before.

The hubs of a database may run meanwhile, and go on reading accounts; the file
that they were given must be this one, not a copy. A hub with a data directory has
to be stopped.

Examples:

    wedsync keys rotate
    wedsync keys rotate --data /var/lib/wedsync
    wedsync keys rotate --store postgres://wedsync:SECRET@db.example.com/wedsync --keys /etc/wedsync/keys.json`
}

// Run rotates.
func (c *keysRotateCommand) Run(ctx context.Context, t terminal, log *slog.Logger) (err error) {
	v, err := c.known(c.storeFlags)
	if err != nil {
		return err
	}
	if _, err := v.Keys(); err != nil { // before a store is made
		return err
	}
	s, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := newBar(t.Err)
	// Whoever has a data directory open has it alone.
	done, err := account.Rotate(ctx, s, v, account.Rotating{Alone: !c.shared(), Progress: func(r account.Resealing) {
		b.draw("rotate", func(took time.Duration) string { return rotateLine(r, took) })
	}})
	b.clear()
	if err != nil {
		return fmt.Errorf("%w (wedsync keys rotate goes on where this ended)", err)
	}
	begun := ""
	if done.Resumed {
		begun = ", which was begun before"
	}
	_, err = fmt.Fprintf(t.Out, "key %s is in use%s: %s encrypted under it; ended: %s\n",
		done.Key, begun, count(done.Resealed, "account"), strings.Join(done.Retired, ", "))
	return err
}

// rotateLine is how far a rotation is after some time.
func rotateLine(r account.Resealing, took time.Duration) string {
	line := fmt.Sprintf("%s looked at, %d encrypted under the new key, %s", count(r.Accounts, "account"), r.Resealed, took.Round(time.Second))
	if r.Waiting {
		line += "; waiting until no hub can still be storing a token under an older key"
	}
	return line
}
