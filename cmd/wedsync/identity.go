package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"wedsync/server/auth"
	"wedsync/server/outbound"
)

// An identityFlags says whose tokens a hub takes beside its own.
type identityFlags struct {
	JWTSecretFile       string `name:"jwt-secret-file" help:"File with a secret of 32 bytes or more: tokens that are signed with it by HS256 are taken. Or set $$WEDSYNC_JWT_SECRET to the secret itself." type:"path" placeholder:"FILE" group:"Tokens of others:"`
	JWKS                string `name:"jwks" help:"Where an issuer publishes its keys, which are read again as they change: tokens that are signed with one of them are taken." placeholder:"URL" group:"Tokens of others:"`
	JWTIssuer           string `name:"jwt-issuer" help:"What the claim iss of such tokens must be." placeholder:"TEXT" group:"Tokens of others:"`
	JWTAudience         string `name:"jwt-audience" help:"What the claim aud of such tokens must be or contain." placeholder:"TEXT" group:"Tokens of others:"`
	Claims              string `help:"Where such tokens say who they are for: wedsync, supabase, or paths such as supplier=org.id,role=org.role,user=sub,device=device (default ${default})." default:"wedsync" placeholder:"PATHS" group:"Tokens of others:"`
	AllowPrivateTargets bool   `help:"Let the hub send requests to this machine and to private networks too, by plain HTTP to this machine alone." group:"What the hub sends:"`
}

// secretVariable holds the secret of other servers' tokens. No flag does: other
// users of the machine can read those.
const secretVariable = "WEDSYNC_JWT_SECRET"

// issuers are those whose tokens the flags say are taken.
func (f identityFlags) issuers(log *slog.Logger) ([]auth.Issuer, error) {
	claims, err := auth.ParseClaims(f.Claims)
	if err != nil {
		return nil, fmt.Errorf("--claims: %w", err)
	}
	secret, err := f.secret()
	if err != nil {
		return nil, err
	}
	var issuers []auth.Issuer
	if secret != nil {
		issuers = append(issuers, auth.Issuer{Secret: secret})
	}
	if f.JWKS != "" {
		keys, err := f.keys(log)
		if err != nil {
			return nil, fmt.Errorf("--jwks: %w", err)
		}
		issuers = append(issuers, auth.Issuer{Keys: keys})
	}
	if len(issuers) == 0 && (f.JWTIssuer != "" || f.JWTAudience != "" || f.Claims != "wedsync") {
		return nil, errors.New("--jwt-issuer, --jwt-audience and --claims are about the tokens of others: name their key by --jwks or --jwt-secret-file")
	}
	for i := range issuers {
		issuers[i].Name, issuers[i].Audience, issuers[i].Claims = f.JWTIssuer, f.JWTAudience, claims
	}
	return issuers, nil
}

// secret is what other servers sign tokens with, nil if that is not said. A file
// may end with a line break.
func (f identityFlags) secret() ([]byte, error) {
	text, named := os.LookupEnv(secretVariable)
	from := "$" + secretVariable
	if f.JWTSecretFile != "" {
		if named {
			return nil, fmt.Errorf("the secret is named by both --jwt-secret-file and %s: leave one out", from)
		}
		b, err := os.ReadFile(f.JWTSecretFile)
		if err != nil {
			return nil, fmt.Errorf("--jwt-secret-file: %w", err)
		}
		text, named, from = strings.TrimRight(string(b), "\r\n"), true, f.JWTSecretFile
	}
	if !named {
		return nil, nil
	}
	if len(text) < auth.MinSecret {
		return nil, fmt.Errorf("the secret in %s has %d bytes, and needs %d at least", from, len(text), auth.MinSecret)
	}
	return []byte(text), nil
}

// keys are those of --jwks, which are yet to be read.
func (f identityFlags) keys(log *slog.Logger) (*auth.Keys, error) {
	client := outbound.New(outbound.Options{AllowPrivate: f.AllowPrivateTargets, Answer: auth.MaxJWKS, Within: jwksWithin})
	if err := client.Check(f.JWKS); err != nil {
		if !f.AllowPrivateTargets && outbound.New(outbound.Options{AllowPrivate: true}).Check(f.JWKS) == nil {
			err = fmt.Errorf("%w (add --allow-private-targets)", err)
		}
		return nil, err
	}
	return auth.NewKeys(func(ctx context.Context) ([]byte, error) { return client.Get(ctx, f.JWKS) }, log)
}

// jwksWithin is how long an issuer may take to tell its keys.
const jwksWithin = 8 * time.Second

// readKeys reads the keys of issuers in the background, since a hub serves
// without them, until ctx ends or stop is called.
func readKeys(ctx context.Context, issuers []auth.Issuer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for _, i := range issuers {
		if i.Keys != nil {
			readers.Go(func() { i.Keys.Run(ctx) }) // ends with ctx
		}
	}
	return func() {
		cancel()
		readers.Wait()
	}
}
