package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wedsync/store"
)

const accountsPath = "/api/integrations/communication/accounts"

// A remoteAccount is an account that communication is read from.
type remoteAccount struct {
	ID       string         `json:"id"`
	Provider string         `json:"provider"`
	Name     string         `json:"name"`
	Address  string         `json:"address"`
	Version  uint64         `json:"version"`
	State    string         `json:"state"`
	Error    string         `json:"error,omitempty"`
	Level    string         `json:"level"`
	Region   string         `json:"region"`
	Since    *time.Time     `json:"since"`
	Own      []string       `json:"own"`
	By       string         `json:"connected_by"`
	Created  time.Time      `json:"created_at"`
	Changed  time.Time      `json:"changed_at"`
	Sources  []remoteSource `json:"sources,omitempty"` // in what accounts list prints
}

// called is the account as people know it.
func (a *remoteAccount) called() string {
	if a.Name == a.Address {
		return printable(a.Address)
	}
	return printable(a.Name) + "\n" + printable(a.Address)
}

type communicationsAccountsCommand struct {
	List accountsListCommand `cmd:"" default:"withargs" help:"List accounts, and how far they have been read."`
	Set  accountsSetCommand  `cmd:"" help:"Change an account, pause it, or have it read again."`
}

type accountsListCommand struct {
	remoteHub
	JSON bool `name:"json" help:"Print JSON."`
}

func (accountsListCommand) Help() string {
	return `
For owners. Colleagues see how far each source is by wedsync communications sync.

Examples:

    wedsync communications accounts
    wedsync communications accounts --json | jq '.items[] | select(.state == "reconnect") | .address'`
}

// Run prints accounts with their sources.
func (c *accountsListCommand) Run(ctx context.Context, t terminal) error {
	all, err := c.accounts(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, all)
	}
	if len(all.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No account is connected. Connect one: wedsync communications connect --provider google")
		return err
	}
	g := newGrid("id", "account", "provider", "shown", "sources")
	g.Style().Options.SeparateRows = true
	for i := range all.Items {
		a := &all.Items[i]
		sources := make([]string, len(a.Sources))
		for j := range a.Sources {
			sources[j] = a.Sources[j].Source + ": " + a.Sources[j].hears()
		}
		g.add(a.ID, a.called(), a.Provider, a.Level, strings.Join(sources, "\n"))
	}
	return g.print(t.Out)
}

// accounts reads all accounts, with their sources.
func (h *remoteHub) accounts(ctx context.Context) (listing[remoteAccount], error) {
	all, err := list[remoteAccount](ctx, h, accountsPath, url.Values{}, store.MaxAccounts)
	if err != nil {
		return all, err
	}
	sources, err := h.sources(ctx)
	if err != nil {
		return all, err
	}
	for i := range all.Items {
		a := &all.Items[i]
		for _, s := range sources {
			if s.AccountID == a.ID {
				a.Sources = append(a.Sources, s)
			}
		}
	}
	return all, nil
}

// accountWish is what people may set of an account.
type accountWish struct {
	Name   string `help:"What people call it." placeholder:"NAME"`
	Level  string `help:"How much of what it has is shown to colleagues: metadata, subject or everything." enum:"metadata,subject,everything," default:"" placeholder:"LEVEL"`
	Region string `help:"Country in which its local numbers are dialled, such as GB." placeholder:"CODE"`
	Since  string `help:"What was before is left alone, such as 2027-01-01T00:00:00Z." placeholder:"TIME"`
}

// body is what is wished, as the API takes it.
func (w accountWish) body() map[string]any {
	body := make(map[string]any)
	for name, value := range map[string]string{"name": w.Name, "level": w.Level, "region": w.Region, "since": w.Since} {
		if value != "" {
			body[name] = value
		}
	}
	return body
}

type accountsSetCommand struct {
	remoteHub
	accountWish
	ID     string   `arg:"" help:"The account; wedsync communications accounts lists ids."`
	Own    []string `help:"E-mail address or phone number of its owner, beside its address; those that are named take the place of those before." placeholder:"ADDRESS"`
	Pause  bool     `help:"Leave it alone from now on." xor:"pause"`
	Resume bool     `help:"Read it again from now on." xor:"pause"`
	JSON   bool     `name:"json" help:"Print JSON."`
}

func (accountsSetCommand) Help() string {
	return `
What is left out stays as it is. With another level, region, time or other addresses, all
that the account has is read again.

Examples:

    wedsync communications accounts set 01JD8Z7Q3KX0V5M2N4B6C8D0EF --pause
    wedsync communications accounts set 01JD8Z7Q3KX0V5M2N4B6C8D0EF --level subject --name "The barn's mailbox"`
}

// Run changes an account.
func (c *accountsSetCommand) Run(ctx context.Context, t terminal) error {
	body := c.body()
	if len(c.Own) > 0 {
		body["own"] = c.Own
	}
	if c.Pause || c.Resume {
		body["paused"] = c.Pause
	}
	if len(body) == 0 {
		return errors.New("say what to change (wedsync communications accounts set --help lists what can be)")
	}
	var a remoteAccount
	if err := c.do(ctx, http.MethodPatch, accountsPath+"/"+url.PathEscape(c.ID), body, &a); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, a)
	}
	_, err := fmt.Fprintf(t.Out, "%s is %s, and shows %s.\n", printable(a.Address), a.State, a.Level)
	return err
}

type communicationsDisconnectCommand struct {
	remoteHub
	ID  string `arg:"" help:"The account; wedsync communications accounts lists ids."`
	Yes bool   `help:"Do not ask."`
}

func (communicationsDisconnectCommand) Help() string {
	return `
The hub forgets the account's tokens and takes them back at the provider, and removes what
only this account had. Nothing changes in the account itself. To stop for a while, pause it:
wedsync communications accounts set ID --pause

Examples:

    wedsync communications disconnect 01JD8Z7Q3KX0V5M2N4B6C8D0EF`
}

// Run disconnects an account.
func (c *communicationsDisconnectCommand) Run(ctx context.Context, t terminal) error {
	var a remoteAccount
	path := accountsPath + "/" + url.PathEscape(c.ID)
	if err := c.get(ctx, path, nil, &a); err != nil {
		return err
	}
	if !c.Yes && !confirmed(t, "Disconnect %s, and remove what only it had?", printable(a.called())) {
		return errors.New("nothing was changed (--yes does not ask)")
	}
	if err := c.do(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Out, "%s is disconnected.\n", printable(a.Address))
	return err
}
