package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

type devicesCommand struct {
	List    devicesListCommand    `cmd:"" default:"withargs" help:"List devices."`
	Revoke  devicesRevokeCommand  `cmd:"" help:"Shut a device out."`
	Readmit devicesReadmitCommand `cmd:"" help:"Let a device in again."`
	Name    devicesNameCommand    `cmd:"" help:"Say what people call a device."`
}

type remoteDevice struct {
	ID           string     `json:"id"`
	User         string     `json:"user"`
	Device       string     `json:"device"`
	Name         string     `json:"name"`
	ByStorage    bool       `json:"by_storage"`
	Role         string     `json:"role,omitempty"`
	Connected    bool       `json:"connected"`
	FirstContact *time.Time `json:"first_contact"`
	LastContact  *time.Time `json:"last_contact"`
	RevokedAt    *time.Time `json:"revoked_at"`
}

// String is how a sentence names the device.
func (d *remoteDevice) String() string {
	if d.Name != "" {
		return fmt.Sprintf("%s (%s, of %s)", printable(d.Name), printable(d.Device), printable(d.User))
	}
	return fmt.Sprintf("%s of %s", printable(d.Device), printable(d.User))
}

type devicesListCommand struct {
	remoteHub
	Limit int  `help:"How many to show at most (default ${default})." default:"1000" placeholder:"N"`
	JSON  bool `name:"json" help:"Print JSON."`
}

func (devicesListCommand) Help() string {
	return `
Owners see all devices of their supplier, others their own. Connected are those
of the hub that answers; of several nodes each knows its own.

Examples:

    wedsync devices
    wedsync devices --url https://hub.example.com --json`
}

// Validate is called by kong.
func (c *devicesListCommand) Validate() error { return validLimit(c.Limit) }

// Run prints devices.
func (c *devicesListCommand) Run(ctx context.Context, t terminal) error {
	devices, err := list[remoteDevice](ctx, &c.remoteHub, "/api/devices", url.Values{}, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, devices)
	}
	if len(devices.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No device has synced yet.")
		return err
	}
	return printDevices(t.Out, devices)
}

func printDevices(w io.Writer, devices listing[remoteDevice]) error {
	g := newGrid("id", "user", "device", "name", "role", "first contact", "last contact", "access")
	for _, d := range devices.Items {
		contact, access := shownTime(d.LastContact), "yes"
		if d.Connected {
			contact = "connected"
		}
		if d.RevokedAt != nil {
			access = "revoked " + shownTime(d.RevokedAt)
		}
		g.add(d.ID, printable(d.User), printable(d.Device), printable(d.Name), printable(d.Role), shownTime(d.FirstContact), contact, access)
	}
	if err := g.print(w); err != nil {
		return err
	}
	return printMore(w, devices.Next)
}

// A namedDevice is the device that a command is about.
type namedDevice struct {
	remoteHub
	ID   string `arg:"" help:"The device; wedsync devices lists ids."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// change sends a request about the device, and says what became of it.
func (c *namedDevice) change(ctx context.Context, t terminal, method, what string, body any, says func(*remoteDevice) string) error {
	var changed remoteDevice
	if err := c.do(ctx, method, "/api/devices/"+url.PathEscape(c.ID)+what, body, &changed); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, changed)
	}
	_, err := fmt.Fprintln(t.Out, says(&changed))
	return err
}

type devicesRevokeCommand struct{ namedDevice }

func (devicesRevokeCommand) Help() string {
	return `
Its connections end within a second, on every node, and its tokens are refused.
What it has synced stays. A device whose token does not name it is known by its
storage only, and comes back as another one if that is emptied: then take the
user's access away with wedsync users role USER none.

Examples:

    wedsync devices revoke mzxw6ytboi2gk3tfonzxa2dp`
}

// Run shuts the device out.
func (c *devicesRevokeCommand) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, http.MethodDelete, "", nil, func(d *remoteDevice) string {
		said := fmt.Sprintf("%s is shut out since %s.", d, shownTime(d.RevokedAt))
		if d.ByStorage {
			said += fmt.Sprintf("\nIt is known by its storage only: whoever empties that comes back. To shut the person out: wedsync users role %s none", quoted(printable(d.User)))
		}
		return said
	})
}

type devicesReadmitCommand struct{ namedDevice }

func (devicesReadmitCommand) Help() string {
	return `
Examples:

    wedsync devices readmit mzxw6ytboi2gk3tfonzxa2dp`
}

// Run lets the device in again.
func (c *devicesReadmitCommand) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, http.MethodPost, "/readmit", nil, func(d *remoteDevice) string { return fmt.Sprintf("%s may come again.", d) })
}

type devicesNameCommand struct {
	namedDevice
	Name string `arg:"" help:"The name; '' takes it away."`
}

func (devicesNameCommand) Help() string {
	return `
Everybody may name their own devices, owners any.

Examples:

    wedsync devices name mzxw6ytboi2gk3tfonzxa2dp "Anna's phone"
    wedsync devices name mzxw6ytboi2gk3tfonzxa2dp ''`
}

// Run names the device.
func (c *devicesNameCommand) Run(ctx context.Context, t terminal) error {
	body := map[string]string{"name": c.Name}
	return c.change(ctx, t, http.MethodPatch, "", body, func(d *remoteDevice) string {
		if d.Name == "" {
			return fmt.Sprintf("%s has no name now.", d)
		}
		return fmt.Sprintf("%s of %s is called %s now.", printable(d.Device), printable(d.User), printable(d.Name))
	})
}
