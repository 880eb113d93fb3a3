package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// twilioTokenName is where connect finds the auth token of a Twilio account.
const twilioTokenName = "WEDSYNC_TWILIO_TOKEN" //nolint:gosec // a name

type communicationsConnectCommand struct {
	remoteHub
	accountWish
	Provider string        `help:"Whose account it is: ${enum}." enum:"google,microsoft,twilio" required:"" placeholder:"PROVIDER"`
	SID      string        `name:"sid" help:"Of Twilio: the id of the account." placeholder:"SID"`
	Numbers  []string      `help:"Of Twilio: its phone numbers." placeholder:"NUMBER"`
	Wait     time.Duration `help:"Of Google and Microsoft: how long to wait until the account is there (default ${default})." default:"10m" placeholder:"TIME"`
	JSON     bool          `name:"json" help:"Print JSON."`
}

func (communicationsConnectCommand) Help() string {
	return `
For owners. Google and Microsoft ask the account's owner in a browser: the command prints
where to begin, which is the hub's page of accounts, and waits until the account is there.
One that has to be connected again is connected in the same way.

The auth token of a Twilio account is read from ` + twilioTokenName + `, or else from standard
input: as a flag others could see it.

Examples:

    wedsync communications connect --provider google
    wedsync communications connect --provider twilio --sid AC00000000000000000000000000000001 --numbers +442079460018 --region GB
    pass twilio/token | wedsync communications connect --provider twilio --sid AC00000000000000000000000000000001`
}

// Validate is called by kong.
func (c *communicationsConnectCommand) Validate() error {
	twilio := c.SID != "" || len(c.Numbers) > 0 || c.accountWish != accountWish{}
	switch {
	case c.Provider == "twilio" && c.SID == "":
		return errors.New("--provider twilio needs --sid")
	case c.Provider != "twilio" && twilio:
		return errors.New("what is not asked in the browser is set later (wedsync communications accounts set); --sid, --numbers, --name, --level, --region and --since belong to --provider twilio")
	}
	return nil
}

// Run connects an account.
func (c *communicationsConnectCommand) Run(ctx context.Context, t terminal) error {
	connect := c.browse
	if c.Provider == "twilio" {
		connect = c.twilio
	}
	a, err := connect(ctx, t)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, a)
	}
	_, err = fmt.Fprintf(t.Out, "%s is connected, as %s. What it has is read now; to see how far it is: wedsync communications sync --account %[2]s\n", printable(a.Address), a.ID)
	return err
}

// twilio connects an account of Twilio.
func (c *communicationsConnectCommand) twilio(ctx context.Context, t terminal) (a remoteAccount, err error) {
	body := c.body()
	body["sid"] = c.SID
	if len(c.Numbers) > 0 {
		body["numbers"] = c.Numbers
	}
	token := strings.TrimSpace(os.Getenv(twilioTokenName))
	if token == "" {
		if token, err = readSecret(t, "Auth token of "+c.SID); err != nil {
			return a, err
		}
	}
	if token == "" {
		return a, fmt.Errorf("the auth token is missing: set %s, or write it to standard input", twilioTokenName)
	}
	body["token"] = token
	err = c.do(ctx, http.MethodPost, accountsPath, body, &a)
	return a, err
}

// connectedEvery is how often is looked whether an account is there.
const connectedEvery = 2 * time.Second

// browse says where a browser connects an account, and waits until it has.
func (c *communicationsConnectCommand) browse(ctx context.Context, t terminal) (a remoteAccount, err error) {
	before, err := c.connected(ctx)
	if err != nil {
		return a, err
	}
	fmt.Fprintf(t.Err, "Open this in a browser, as an owner who is signed in there, and go on to %s:\n\n    %s/integrations?show=accounts&connect=%s\n\nWaiting for the account. Interrupt this once you have changed your mind.\n",
		strings.ToUpper(c.Provider[:1])+c.Provider[1:], strings.TrimRight(c.URL, "/"), url.QueryEscape(c.Provider))
	for until := time.Now().Add(c.Wait); ; {
		now, err := c.connected(ctx)
		if err != nil {
			return a, err
		}
		i := slices.IndexFunc(now, func(a remoteAccount) bool {
			return !slices.ContainsFunc(before, func(b remoteAccount) bool { return b.ID == a.ID })
		})
		if i >= 0 {
			return now[i], nil
		}
		if !time.Now().Before(until) {
			return a, fmt.Errorf("no account of %s came in %s (wedsync communications accounts shows those that are there)", c.Provider, c.Wait)
		}
		if err := pause(ctx, min(time.Until(until), connectedEvery)); err != nil {
			return a, err
		}
	}
}

// connected are the accounts of the provider that need not be connected again.
func (c *communicationsConnectCommand) connected(ctx context.Context) ([]remoteAccount, error) {
	all, err := c.accounts(ctx)
	return slices.DeleteFunc(all.Items, func(a remoteAccount) bool { return a.Provider != c.Provider || a.State == "reconnect" }), err
}
