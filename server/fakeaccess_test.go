package server_test

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"wedsync/conflicts"
	"wedsync/server/hub"
	"wedsync/store"
)

// A fakeAccess knows the devices that a test names, of one supplier.
type fakeAccess struct {
	mu      sync.Mutex
	devices map[store.DeviceID]hub.KnownDevice
	roles   map[string]conflicts.Role
}

func newFakeAccess() *fakeAccess {
	return &fakeAccess{devices: make(map[store.DeviceID]hub.KnownDevice), roles: make(map[string]conflicts.Role)}
}

const fakeSupplier = "barn"

func (f *fakeAccess) seen(p conflicts.Principal) {
	f.change(store.DeviceID{User: p.User, Device: p.Device}, func(d *hub.KnownDevice) { d.Connected = true })
}

func (f *fakeAccess) change(id store.DeviceID, change func(*hub.KnownDevice)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.devices[id]
	d.ID, d.User, d.Device = hub.DeviceKey(id), id.User, id.Device
	change(&d)
	f.devices[id] = d
}

func (f *fakeAccess) Admit(_ context.Context, who conflicts.Principal) (conflicts.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if who.Supplier == fakeSupplier && !f.devices[store.DeviceID{User: who.User, Device: who.Device}].RevokedAt.IsZero() {
		return who, hub.ErrRevoked
	}
	return who, nil
}

func (f *fakeAccess) Devices(_ context.Context, by conflicts.Principal) (devices []hub.KnownDevice, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.devices {
		if by.Supplier == fakeSupplier && (by.Role.MayResolve() || d.User == by.User) {
			devices = append(devices, d)
		}
	}
	slices.SortFunc(devices, func(a, b hub.KnownDevice) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device))
	})
	return devices, nil
}

func (f *fakeAccess) Device(ctx context.Context, by conflicts.Principal, id string) (hub.KnownDevice, error) {
	devices, err := f.Devices(ctx, by)
	for _, d := range devices {
		if d.ID == id {
			return d, err
		}
	}
	return hub.KnownDevice{}, store.ErrNotFound
}

func (f *fakeAccess) NameDevice(_ context.Context, _ conflicts.Principal, id store.DeviceID, name string) error {
	f.change(id, func(d *hub.KnownDevice) { d.Name = name })
	return nil
}

func (f *fakeAccess) Revoke(_ context.Context, _ conflicts.Principal, id store.DeviceID) error {
	f.change(id, func(d *hub.KnownDevice) { d.RevokedAt = d.RevokedAt.AddDate(2000, 0, 0) })
	return nil
}

func (f *fakeAccess) Readmit(_ context.Context, _ conflicts.Principal, id store.DeviceID) error {
	f.change(id, func(d *hub.KnownDevice) { *d = hub.KnownDevice{ID: d.ID, User: d.User, Device: d.Device} })
	return nil
}

func (f *fakeAccess) Users(context.Context, conflicts.Principal) (users []hub.KnownUser, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, role := range f.roles {
		users = append(users, hub.KnownUser{User: name, Role: role})
	}
	slices.SortFunc(users, func(a, b hub.KnownUser) int { return cmp.Compare(a.User, b.User) })
	return users, nil
}

func (f *fakeAccess) SetRole(_ context.Context, _ conflicts.Principal, user string, role conflicts.Role) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.roles[user] = role
	return nil
}
