package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wedsync/conflicts"
	"wedsync/server/hub"
)

// maxUser bounds the bytes of a user's name, as that of a token is bounded.
const maxUser = 256

// A userItem is a user as owners see it.
type userItem struct {
	User        string          `json:"user" doc:"As tokens name the user."`
	Role        *conflicts.Role `json:"role" enum:"owner,member,integration,viewer,none" doc:"The most that the user may do, whatever a token says; null if none was set: then the token says."`
	Devices     int             `json:"devices" doc:"How many devices of the user are known."`
	Connected   int             `json:"connected" doc:"How many of them are connected to the node that answers."`
	LastContact *time.Time      `json:"last_contact" doc:"When one of them last came, null if none was seen."`
}

func showUser(u hub.KnownUser) userItem {
	shown := userItem{User: u.User, Devices: u.Devices, Connected: u.Connected, LastContact: showTime(u.LastSeen)}
	if u.Role != "" {
		shown.Role = &u.Role
	}
	return shown
}

// ListUsers answers GET /api/users, in order of their names.
func (a *API) ListUsers(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	after, err := nameAfter(r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	all, err := a.hub.Users(r.Context(), who)
	if err != nil {
		return err
	}
	rest, found := slices.BinarySearchFunc(all, after, func(u hub.KnownUser, name string) int { return cmp.Compare(u.User, name) })
	if found {
		rest++
	}
	p, err := pageOf(all[rest:], limit,
		func(u hub.KnownUser) string { return nameCursor(u.User) },
		func(u hub.KnownUser) (userItem, error) { return showUser(u), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// PutUser answers PUT /api/users/{user}, which sets the user's role, with the user.
func (a *API) PutUser(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	name := r.PathValue("user")
	if len(name) > maxUser {
		return malformed("user", fmt.Sprintf("must not be longer than %d bytes", maxUser))
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return malformed("user", "must be UTF-8 without control characters, as no token names another")
	}
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	role := o.role("role")
	if err := o.end(); err != nil {
		return err
	}
	if err := a.hub.SetRole(r.Context(), who, name, role); err != nil {
		return err
	}
	all, err := a.hub.Users(r.Context(), who)
	if err != nil {
		return err
	}
	shown := hub.KnownUser{User: name}
	if i := slices.IndexFunc(all, func(u hub.KnownUser) bool { return u.User == name }); i >= 0 {
		shown = all[i]
	}
	return reply(w, http.StatusOK, showUser(shown))
}

// role takes a role that must be given, empty for null.
func (o *object) role(name string) conflicts.Role {
	raw, ok := o.take(name)
	if !ok {
		o.fault(name, "is needed; null forgets what was set")
		return ""
	}
	var role *conflicts.Role
	err := json.Unmarshal(raw, &role)
	if err == nil && role == nil {
		return ""
	}
	known := []conflicts.Role{conflicts.Owner, conflicts.Member, conflicts.Integration, conflicts.Viewer, conflicts.NoRole}
	if err != nil || !slices.Contains(known, *role) {
		o.fault(name, "must be owner, member, integration, viewer, none or null")
		return ""
	}
	return *role
}
