package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

type usersCommand struct {
	List usersListCommand `cmd:"" default:"withargs" help:"List users."`
	Role usersRoleCommand `cmd:"" help:"Set the most that a user may do."`
}

type remoteUser struct {
	User        string     `json:"user"`
	Role        *string    `json:"role"`
	Devices     int        `json:"devices"`
	Connected   int        `json:"connected"`
	LastContact *time.Time `json:"last_contact"`
}

// role is what was set, empty for nothing.
func (u *remoteUser) role() string {
	if u.Role == nil {
		return ""
	}
	return printable(*u.Role)
}

type usersListCommand struct {
	remoteHub
	Limit int  `help:"How many to show at most (default ${default})." default:"1000" placeholder:"N"`
	JSON  bool `name:"json" help:"Print JSON."`
}

func (usersListCommand) Help() string {
	return `
Lists who has synced and whose role was set. Who else holds a token, the hub does
not know.

Examples:

    wedsync users
    wedsync users --json`
}

// Validate is called by kong.
func (c *usersListCommand) Validate() error { return validLimit(c.Limit) }

// Run prints users.
func (c *usersListCommand) Run(ctx context.Context, t terminal) error {
	users, err := list[remoteUser](ctx, &c.remoteHub, "/api/users", url.Values{}, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, users)
	}
	if len(users.Items) == 0 {
		_, err := fmt.Fprintln(t.Out, "No user has synced yet.")
		return err
	}
	return printUsers(t.Out, users)
}

func printUsers(w io.Writer, users listing[remoteUser]) error {
	g := newGrid("user", "role", "devices", "connected", "last contact")
	for _, u := range users.Items {
		g.add(printable(u.User), cmp.Or(u.role(), "as tokens say"), u.Devices, u.Connected, shownTime(u.LastContact))
	}
	if err := g.print(w); err != nil {
		return err
	}
	return printMore(w, users.Next)
}

type usersRoleCommand struct {
	remoteHub
	User string `arg:"" help:"The user, as tokens name it."`
	Role string `arg:"" help:"One of ${enum}. none takes all access away, token forgets what was set." enum:"owner,member,integration,viewer,none,token"`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (usersRoleCommand) Help() string {
	return `
The user may do the lesser of this and what the token says, at once and on every
node: connections end, and those that may come back do so with the new role.

Examples:

    wedsync users role ben viewer
    wedsync users role ben none
    wedsync users role ben token`
}

// Run sets the role.
func (c *usersRoleCommand) Run(ctx context.Context, t terminal) error {
	body := map[string]*string{"role": &c.Role}
	if c.Role == "token" {
		body["role"] = nil
	}
	var u remoteUser
	if err := c.do(ctx, http.MethodPut, "/api/users/"+url.PathEscape(c.User), body, &u); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.Out, u)
	}
	_, err := fmt.Fprintln(t.Out, u.sentence())
	return err
}

// sentence says what the user may do.
func (u *remoteUser) sentence() string {
	switch role := u.role(); role {
	case "":
		return printable(u.User) + " may do what tokens say."
	case "none":
		return printable(u.User) + " is shut out."
	default:
		return fmt.Sprintf("%s is %s at most.", printable(u.User), role)
	}
}
