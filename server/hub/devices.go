package hub

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wedsync/conflicts"
	"wedsync/store"
)

// ErrOneself means that an owner would lock themselves out.
var ErrOneself = errors.New("nobody takes their own access away")

// A KnownDevice is one that was seen or that is revoked.
type KnownDevice struct {
	ID          string // see DeviceKey
	User        string
	Device      string
	Name        string         // what people call it, empty if it was never named
	StorageID   string         // empty if it has none
	Role        conflicts.Role // of its connection to this node, else the one set for its user; empty if there is neither
	FirstSeen   time.Time      // zero if the hub has forgotten it
	LastSeen    time.Time      // likewise
	Connected   bool           // to this node
	RevokedAt   time.Time      // zero if it is not revoked
	ByStorageID bool           // it is known by its storage only: who empties that is another device
}

// A KnownUser is one whose device was seen, whose role was set, or both.
type KnownUser struct {
	User      string
	Role      conflicts.Role // that was set, empty for none
	Devices   int            // that are known
	Connected int            // of them to this node
	LastSeen  time.Time      // zero if none was seen
}

// deviceKeySize is how many bytes of a hash make a device's id.
const deviceKeySize = 15

// DeviceKey is the id of a device of a supplier in URLs: base32 in lower case of
// the first 15 bytes of the SHA-256 of the length of the user's name as 8 bytes,
// the name, and what the device is called.
func DeviceKey(d store.DeviceID) string {
	named := binary.BigEndian.AppendUint64(nil, uint64(len(d.User)))
	sum := sha256.Sum256(append(append(named, d.User...), d.Device...))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:deviceKeySize]))
}

// Devices are the devices of a supplier that somebody may see, in ascending order
// of user, then device: all for an owner, one's own for others.
func (h *Hub) Devices(ctx context.Context, by conflicts.Principal) ([]KnownDevice, error) {
	h.notes.write(context.WithoutCancel(ctx))
	seen, err := h.store.DevicesOf(ctx, by.Supplier)
	if err != nil {
		return nil, err
	}
	a, err := h.access.of(ctx, h.store, by.Supplier)
	if err != nil {
		return nil, err
	}
	known := make(map[store.DeviceID]*KnownDevice, len(seen))
	for _, d := range seen {
		known[store.DeviceID{User: d.User, Device: d.Device}] = &KnownDevice{
			Name: d.Name, StorageID: d.StorageID, FirstSeen: d.Since, LastSeen: d.At, ByStorageID: d.Device == d.StorageID,
		}
	}
	for id, at := range a.Revoked {
		if known[id] == nil {
			known[id] = new(KnownDevice)
		}
		known[id].RevokedAt = at
	}
	connected := h.access.connected(by.Supplier)
	var devices []KnownDevice
	for id, d := range known {
		if !by.Role.MayResolve() && id.User != by.User {
			continue
		}
		role, here := connected[id]
		d.ID, d.User, d.Device = DeviceKey(id), id.User, id.Device
		d.Role, d.Connected = cmp.Or(role, a.Roles[id.User]), here
		devices = append(devices, *d)
	}
	slices.SortFunc(devices, func(a, b KnownDevice) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	return devices, nil
}

// Device is one of the devices that somebody may see, or store.ErrNotFound.
func (h *Hub) Device(ctx context.Context, by conflicts.Principal, id string) (KnownDevice, error) {
	devices, err := h.Devices(ctx, by)
	if err != nil {
		return KnownDevice{}, err
	}
	i := slices.IndexFunc(devices, func(d KnownDevice) bool { return d.ID == id })
	if i < 0 {
		return KnownDevice{}, fmt.Errorf("device %q: %w", id, store.ErrNotFound)
	}
	return devices[i], nil
}

// Users are the users of a supplier that are known, in ascending order. They are
// for owners.
func (h *Hub) Users(ctx context.Context, by conflicts.Principal) ([]KnownUser, error) {
	if !by.Role.MayResolve() {
		return nil, ErrForbidden
	}
	devices, err := h.Devices(ctx, by)
	if err != nil {
		return nil, err
	}
	a, err := h.access.of(ctx, h.store, by.Supplier)
	if err != nil {
		return nil, err
	}
	users := make(map[string]KnownUser)
	for name, role := range a.Roles {
		users[name] = KnownUser{User: name, Role: role}
	}
	for _, d := range devices {
		u := users[d.User]
		u.User = d.User
		u.Devices++
		if d.Connected {
			u.Connected++
		}
		if d.LastSeen.After(u.LastSeen) {
			u.LastSeen = d.LastSeen
		}
		users[d.User] = u
	}
	return slices.SortedFunc(maps.Values(users), func(a, b KnownUser) int { return cmp.Compare(a.User, b.User) }), nil
}

// SetRole sets the most that a user may do, whatever its tokens say; the empty
// role forgets that, NoRole takes all access away. Connections of the user that
// may do something else now are ended. An error that wraps ErrUnavailable leaves
// open whether it is stored: set it again. Like what follows, it is for owners.
func (h *Hub) SetRole(ctx context.Context, by conflicts.Principal, user string, role conflicts.Role) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	if user == by.User && role != "" && !role.MayResolve() {
		return ErrOneself
	}
	return h.changeAccess(ctx, by, "role set", func() error {
		_, err := h.store.SetRole(ctx, by.Supplier, user, role)
		return err
	}, "of", user, "role", role)
}

// Revoke shuts a device out and ends its connections. Who connects with a token
// that names no device is known by the id of its storage: to shut such a person
// out, take the user's access away.
func (h *Hub) Revoke(ctx context.Context, by conflicts.Principal, d store.DeviceID) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	if d.User == by.User && d.Device == by.Device {
		return ErrOneself
	}
	return h.changeAccess(ctx, by, "device revoked", func() error {
		_, err := h.store.Revoke(ctx, by.Supplier, d, h.now())
		return err
	}, "of", d.User, "device", d.Device)
}

// Readmit takes a revocation back.
func (h *Hub) Readmit(ctx context.Context, by conflicts.Principal, d store.DeviceID) error {
	if !by.Role.MayResolve() {
		return ErrForbidden
	}
	return h.changeAccess(ctx, by, "device readmitted", func() error {
		_, err := h.store.Readmit(ctx, by.Supplier, d)
		return err
	}, "of", d.User, "device", d.Device)
}

// changeAccess stores a change and has it hold here.
func (h *Hub) changeAccess(ctx context.Context, by conflicts.Principal, what string, change func() error, more ...any) error {
	err := change()
	// It may be stored all the same, and holds even if the caller has gone.
	renewed := h.access.renew(context.WithoutCancel(ctx), h.store, by.Supplier)
	if err != nil {
		return err
	}
	if renewed != nil {
		return errors.Join(ErrUnavailable, renewed)
	}
	h.log.With(more...).Info(what, "supplier", by.Supplier, "user", by.User)
	return nil
}

// NameDevice says what people call a device; nothing takes the name away. Others
// than owners name their own; of those of others they get store.ErrNotFound.
func (h *Hub) NameDevice(ctx context.Context, by conflicts.Principal, d store.DeviceID, name string) error {
	if !by.Role.MayResolve() && d.User != by.User {
		return fmt.Errorf("device %q: %w", d.Device, store.ErrNotFound)
	}
	h.notes.write(context.WithoutCancel(ctx)) // it may have come only now
	return h.store.NameDevice(ctx, by.Supplier, d, name)
}
