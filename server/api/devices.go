package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

// maxDeviceName bounds what people call a device, in characters.
const maxDeviceName = 100

// A deviceItem is a device as callers see it.
type deviceItem struct {
	ID           string         `json:"id" doc:"Names the device in URLs: base32 in lower case of the first 15 bytes of the SHA-256 of the length of the user's name (8 bytes, big endian), the name, and the device." example:"mzxw6ytboi2gk3tfonzxa2dp"`
	User         string         `json:"user" doc:"Whose it is."`
	Device       string         `json:"device" doc:"What its token calls it, else the id of its storage."`
	Name         string         `json:"name" doc:"What people call it, empty if it was never named." example:"Anna's phone"`
	ByStorage    bool           `json:"by_storage" doc:"Whether it is known by the id of its storage only. Whoever empties that comes back as another device: to shut such a person out, set the user's role to none."`
	Role         conflicts.Role `json:"role,omitempty" doc:"What it may do: of its connection to the node that answers, else what was set for its user. Left out if neither is known: then its token says."`
	Connected    bool           `json:"connected" doc:"Whether it is connected to the node that answers; it may be to another one."`
	FirstContact *time.Time     `json:"first_contact" doc:"When it was first seen, null if the hub has forgotten that."`
	LastContact  *time.Time     `json:"last_contact" doc:"When it last came, null if the hub has forgotten that."`
	RevokedAt    *time.Time     `json:"revoked_at" doc:"Since when it is shut out, null if it is not."`
}

func showDevice(d hub.KnownDevice) deviceItem {
	return deviceItem{
		ID: d.ID, User: d.User, Device: d.Device, Name: d.Name, ByStorage: d.ByStorageID, Role: d.Role, Connected: d.Connected,
		FirstContact: showTime(d.FirstSeen), LastContact: showTime(d.LastSeen), RevokedAt: showTime(d.RevokedAt),
	}
}

// ListDevices answers GET /api/devices, in order of user, then device.
func (a *API) ListDevices(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	user, device, _ := strings.Cut(r.URL.Query().Get("cursor"), ".")
	if user, err = nameAfter(user); err != nil {
		return err
	}
	if device, err = nameAfter(device); err != nil {
		return err
	}
	all, err := a.hub.Devices(r.Context(), who)
	if err != nil {
		return err
	}
	rest := slices.IndexFunc(all, func(d hub.KnownDevice) bool {
		return cmp.Or(cmp.Compare(d.User, user), cmp.Compare(d.Device, device)) > 0
	})
	if rest < 0 {
		rest = len(all)
	}
	p, err := pageOf(all[rest:], limit,
		func(d hub.KnownDevice) string { return nameCursor(d.User) + "." + nameCursor(d.Device) },
		func(d hub.KnownDevice) (deviceItem, error) { return showDevice(d), nil })
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

// PatchDevice answers PATCH /api/devices/{id}, which names it, with the device.
func (a *API) PatchDevice(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	if _, given := o.members["name"]; !given {
		o.fault("name", "is needed")
	}
	name := strings.TrimSpace(o.text("name"))
	if utf8.RuneCountInString(name) > maxDeviceName {
		o.fault("name", fmt.Sprintf("must not be longer than %d characters", maxDeviceName))
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		o.fault("name", "must not contain control characters")
	}
	if err := o.end(); err != nil {
		return err
	}
	return a.changeDevice(w, r, who, func(d store.DeviceID) error { return a.hub.NameDevice(r.Context(), who, d, name) })
}

// RevokeDevice answers DELETE /api/devices/{id} with the device.
func (a *API) RevokeDevice(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.changeDevice(w, r, who, func(d store.DeviceID) error { return a.hub.Revoke(r.Context(), who, d) })
}

// ReadmitDevice answers POST /api/devices/{id}/readmit with the device.
func (a *API) ReadmitDevice(w http.ResponseWriter, r *http.Request, who conflicts.Principal) error {
	return a.changeDevice(w, r, who, func(d store.DeviceID) error { return a.hub.Readmit(r.Context(), who, d) })
}

// changeDevice changes the device that a URL names, and answers with it.
func (a *API) changeDevice(w http.ResponseWriter, r *http.Request, who conflicts.Principal, change func(store.DeviceID) error) error {
	before, err := a.hub.Device(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := change(store.DeviceID{User: before.User, Device: before.Device}); err != nil {
		return err
	}
	after, err := a.hub.Device(r.Context(), who, before.ID)
	if errors.Is(err, store.ErrNotFound) { // it was forgotten, and is no longer revoked either
		after, err = before, nil
		after.Connected, after.RevokedAt = false, time.Time{}
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, showDevice(after))
}
