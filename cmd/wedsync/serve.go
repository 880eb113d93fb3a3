package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
)

type serveCommand struct {
	storeFlags
	Listen    string   `help:"Where to listen; port 0 picks a free one (default ${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Origin    []string `help:"Origin that browsers may sync from, beside the hub's own; * for any." placeholder:"PATTERN"`
	NoMigrate bool     `help:"Leave the tables of the database as they are, and refuse those of an older version."`
	Pprof     bool     `help:"Serve profiles under /debug/pprof/ to whoever can connect."`

	identityFlags
	limitFlags
	webhookFlags
	communicationFlags
}

func (serveCommand) Help() string {
	return `
Needs no configuration: records, conflicts and the secret that signs tokens live
in the data directory, or in a PostgreSQL database, which any number of hubs may
share: a device may connect to any of them. A hub waits for its database to
answer. SIGTERM or SIGINT stops it once everything is stored.

A hub takes the tokens that wedsync token prints, and those of issuers that it is
told of, such as Supabase. While the keys of --jwks cannot be read, those that were
read before stay in use; a hub that starts without any says so, serves, and
answers 503 to the issuer's tokens until it has them.

Examples:

    wedsync serve
    wedsync serve --data /var/lib/wedsync --listen 127.0.0.1:9000
    wedsync serve --store postgres://wedsync:SECRET@db.example.com/wedsync
    wedsync serve --origin 'https://app.example.com'
    wedsync serve --claims supabase --jwks https://PROJECT.supabase.co/auth/v1/.well-known/jwks.json \
        --jwt-issuer https://PROJECT.supabase.co/auth/v1 --jwt-audience authenticated
    wedsync serve --public-url https://hub.example.com
    WEDSYNC_GOOGLE_CLIENT_SECRET=SECRET wedsync serve --google-client-id ID.apps.googleusercontent.com
    wedsync serve --public-url https://hub.example.com --google-client-id ID --google-client-secret SECRET \
        --google-topic projects/PROJECT/topics/gmail --google-pusher push@PROJECT.iam.gserviceaccount.com
    WEDSYNC_JWT_SECRET=SECRET wedsync serve --claims supabase
    wedsync serve --jwks https://login.example.com/keys --claims supplier=org.id,role=org.role,user=sub,device=device`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	issuers, err := c.issuers(log)
	if err != nil {
		return err
	}
	if err := c.webhookFlags.check(c.AllowPrivateTargets); err != nil {
		return err
	}
	if err := c.communicationFlags.check(c.PublicURL, c.AllowPrivateTargets); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go boundMemory(ctx) // ends with ctx
	if c.AllowPrivateTargets {
		log.Warn("the hub may send requests to this machine and to private networks (--allow-private-targets)")
	}
	o := hubOptions{
		Store: c.storeFlags, NoMigrate: c.NoMigrate, Listen: c.Listen, Origins: c.Origin, Pprof: c.Pprof, Log: log,
		Issuers: issuers, Limits: c.limits(),
		AllowPrivate: c.AllowPrivateTargets, PublicURL: c.PublicURL, GoogleKeys: c.GoogleKeys,
		Communications: c.communicationFlags,
	}
	return runHub(ctx, o, func(address net.Addr) {
		fmt.Fprintf(t.Out, "listening on http://%s\n", address)
		fmt.Fprintf(t.Out, "the app is there in a browser; it asks for a token: wedsync token %s --supplier SUPPLIER --user USER\n", c.flag())
		warnOpen(log, address)
	})
}

// warnOpen says so if others than this machine can reach the hub.
func warnOpen(log *slog.Logger, address net.Addr) {
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		log.Warn("reachable from other machines without TLS: put a proxy with TLS in front", "address", address.String())
	}
}
