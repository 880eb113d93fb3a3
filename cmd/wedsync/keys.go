package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"wedsync/server/communications/account"
	"wedsync/server/communications/vault"
)

// A keysFlag says where the keys are under which tokens of accounts are kept.
type keysFlag struct {
	Keys string `help:"File with the keys under which tokens of accounts are kept; in the data directory if left out (keys.json). Hubs on one database need the same one." type:"path" placeholder:"FILE" group:"Communications:"`
}

// vault is that of a store's accounts, and whether its file may be made; nil if there
// is none.
func (f keysFlag) vault(s storeFlags) (v *vault.Vault, makes bool) {
	switch {
	case f.Keys != "":
		return vault.New(f.Keys), !s.shared()
	case s.shared():
		return nil, false
	}
	return vault.New(filepath.Join(s.Data, "keys.json")), true
}

// known is vault for a command that needs one.
func (f keysFlag) known(s storeFlags) (*vault.Vault, error) {
	v, _ := f.vault(s)
	if v == nil {
		return nil, errors.New("--keys FILE is needed: the hubs of a database share a file of keys, which wedsync keys create makes")
	}
	return v, nil
}

type keysCommand struct {
	List   keysListCommand   `cmd:"" default:"withargs" help:"List the keys of a file, without what is secret."`
	Create keysCreateCommand `cmd:"" help:"Make a file of keys for the hubs of a database."`
	Rotate keysRotateCommand `cmd:"" help:"Put a new key into use, and end the ones before."`
}

type keysListCommand struct {
	storeFlags
	keysFlag
	JSON bool `name:"json" help:"Print JSON."`
}

func (keysListCommand) Help() string {
	return `
The tokens of connected accounts are encrypted under the newest key. There is one,
but while a rotation is under way.

Examples:

    wedsync keys list
    wedsync keys list --data /var/lib/wedsync
    wedsync keys list --keys /etc/wedsync/keys.json --json`
}

// A shownKey is a key without what is secret.
type shownKey struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Seals   bool      `json:"seals"` // what is encrypted from now on
}

// Run prints keys.
func (c *keysListCommand) Run(t terminal) error {
	v, err := c.known(c.storeFlags)
	if err != nil {
		return err
	}
	keys, err := v.Keys()
	if errors.Is(err, vault.ErrNoFile) && c.Keys == "" {
		return fmt.Errorf("%w (the hub makes it when the first account is connected)", err)
	}
	if err != nil {
		return err
	}
	shown := make([]shownKey, len(keys))
	g := newGrid("id", "created", "use")
	for i, k := range keys {
		shown[i] = shownKey{ID: k.ID, Created: k.Created, Seals: i == len(keys)-1}
		use := "opens what was encrypted with it"
		if shown[i].Seals {
			use = "encrypts"
		}
		g.add(printable(k.ID), shownTime(&k.Created), use)
	}
	if c.JSON {
		return printJSON(t.Out, map[string]any{"file": v.Path(), "keys": shown})
	}
	return g.print(t.Out)
}

type keysCreateCommand struct {
	Keys  string `help:"The file to make; one that is there stays as it is." required:"" type:"path" placeholder:"FILE"`
	Store string `help:"The database of the hubs, to make sure that no account in it needs other keys: postgres://USER:PASSWORD@HOST:PORT/DATABASE." env:"WEDSYNC_STORE" placeholder:"ADDRESS"`
}

func (keysCreateCommand) Help() string {
	return `
Hubs that share a database have to be given the same file of keys, by serve --keys,
before an account can be connected. It is for its owner alone (mode 0600). Keep a
copy apart from those of the database: without the file nobody reads the connected
accounts, and they have to be connected again.

A hub with a data directory makes its own file there, keys.json, when the first
account is connected.

Examples:

    wedsync keys create --keys /etc/wedsync/keys.json
    wedsync keys create --keys /etc/wedsync/keys.json --store postgres://wedsync:SECRET@db.example.com/wedsync`
}

// Run makes the file.
func (c *keysCreateCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	v := vault.New(c.Keys)
	keys, err := v.Keys()
	if err == nil {
		_, err = fmt.Fprintf(t.Out, "%s is there already, with %s: it stays as it is\n", c.Keys, count(len(keys), "key"))
		return err
	}
	if !errors.Is(err, vault.ErrNoFile) {
		return err
	}
	if err := c.create(ctx, v, log); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "made %s; keep a copy of it apart from those of the database, and give it to each hub: wedsync serve --keys %s\n", c.Keys, quoted(c.Keys))
	return err
}

func (c *keysCreateCommand) create(ctx context.Context, v *vault.Vault, log *slog.Logger) (err error) {
	at := storeFlags{Store: c.Store}
	if !at.shared() {
		return v.Create(time.Now())
	}
	s, err := at.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return account.MakeKeys(ctx, s, v, time.Now())
}
