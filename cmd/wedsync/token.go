package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"wedsync/conflicts"
	"wedsync/server/auth"
)

type tokenCommand struct {
	storeFlags
	Supplier string        `help:"Whose records the token is for." required:"" placeholder:"NAME"`
	User     string        `help:"Who uses it." required:"" placeholder:"NAME"`
	Role     string        `help:"What it may do: ${enum}. An owner decides conflicts, a member proposes, a viewer reads (default ${default})." enum:"owner,member,viewer" default:"owner" placeholder:"ROLE"`
	Device   string        `help:"The device that will use it, if it is for one alone." placeholder:"NAME"`
	TTL      time.Duration `name:"ttl" help:"How long it is good for (default ${default})." default:"720h" placeholder:"DURATION"`
}

func (tokenCommand) Help() string {
	return `
Works whether or not the hub is running. Whoever has the token is its user: keep it.

Examples:

    wedsync token --supplier barn --user olga
    wedsync token --data /var/lib/wedsync --supplier barn --user ada --role member --device adas-phone
    export WEDSYNC_TOKEN=$(wedsync token --supplier barn --user olga --ttl 8h)`
}

// Run prints the token.
func (c *tokenCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	identity, err := c.identity(ctx, log)
	if err != nil {
		return err
	}
	token, err := auth.New(identity.Secret, time.Now).Mint(conflicts.Principal{
		Supplier: c.Supplier, User: c.User, Device: c.Device, Role: conflicts.Role(c.Role),
	}, c.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.Out, token)
	return err
}
