package api

import (
	"context"
	"encoding/base64"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

// Access says who may do what, and changes it. It is a [hub.Hub].
type Access interface {
	// Admit is who a token acts for now, or hub.ErrRevoked.
	Admit(ctx context.Context, who conflicts.Principal) (conflicts.Principal, error)
	// Devices are the devices that somebody may see, in order of user, then device.
	Devices(ctx context.Context, by conflicts.Principal) ([]hub.KnownDevice, error)
	// Device is one of them, or store.ErrNotFound.
	Device(ctx context.Context, by conflicts.Principal, id string) (hub.KnownDevice, error)
	// NameDevice says what people call a device.
	NameDevice(ctx context.Context, by conflicts.Principal, d store.DeviceID, name string) error
	// Revoke shuts a device out, and Readmit takes that back. Nobody does the
	// former to their own: hub.ErrOneself.
	Revoke(ctx context.Context, by conflicts.Principal, d store.DeviceID) error
	Readmit(ctx context.Context, by conflicts.Principal, d store.DeviceID) error
	// Users are the users that are known, in ascending order.
	Users(ctx context.Context, by conflicts.Principal) ([]hub.KnownUser, error)
	// SetRole sets the most that a user may do; the empty role forgets that.
	SetRole(ctx context.Context, by conflicts.Principal, user string, role conflicts.Role) error
}

// nameCursor writes a name as a cursor, and nameAfter reads it.
func nameCursor(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func nameAfter(cursor string) (string, error) {
	name, err := base64.RawURLEncoding.DecodeString(cursor)
	if len(cursor) > maxText || err != nil {
		return "", malformed("cursor", "must be the next of an earlier page")
	}
	return string(name), nil
}
