package storetest

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"wedsync/conflicts"
	"wedsync/store"
)

func (b *bench) access(supplier string) store.Access {
	b.Helper()
	a, err := b.AccessOf(b.ctx, supplier)
	b.ok("access", err)
	return a
}

// setRole sets a role, after which the access must be of that version.
func (b *bench) setRole(version uint64, supplier, user string, role conflicts.Role) {
	b.Helper()
	got, err := b.SetRole(b.ctx, supplier, user, role)
	b.ok("set role", err)
	b.same("version", got, version)
}

func (b *bench) revoke(version uint64, supplier string, d store.DeviceID, at time.Time) {
	b.Helper()
	got, err := b.Revoke(b.ctx, supplier, d, at)
	b.ok("revoke", err)
	b.same("version", got, version)
}

func (b *bench) readmit(version uint64, supplier string, d store.DeviceID) {
	b.Helper()
	got, err := b.Readmit(b.ctx, supplier, d)
	b.ok("readmit", err)
	b.same("version", got, version)
}

// setAccess makes roles and revocations of "rose".
func (b *bench) setAccess() store.Access {
	b.Helper()
	phone := store.DeviceID{User: "ada", Device: "phone"}
	b.setRole(1, "rose", "ben", conflicts.Viewer)
	b.setRole(2, "rose", "eve", conflicts.NoRole)
	b.revoke(3, "rose", phone, noon)
	b.revoke(4, "rose", store.DeviceID{User: "ben", Device: "phone"}, noon)
	b.readmit(5, "rose", store.DeviceID{User: "ben", Device: "phone"})
	return store.Access{
		Version: 5,
		Roles:   map[string]conflicts.Role{"ben": conflicts.Viewer, "eve": conflicts.NoRole},
		Revoked: map[store.DeviceID]time.Time{phone: noon},
	}
}

var accessCases = []testcase{
	{"NothingWasSaidOfAnUnknownSupplier", func(b *bench) {
		b.same("access", b.access("rose"), store.Access{})
		b.must(commit("rose", recordID(1), 0))
		b.same("access", b.access("rose"), store.Access{})
	}},
	{"RolesAndRevocationsSurviveARestartAndAreNobodyElses", func(b *bench) {
		want := b.setAccess()
		b.revoke(1, "lily", store.DeviceID{User: "ada", Device: "phone"}, noon)
		b.restart()
		b.same("access", b.access("rose"), want)
		b.same("another's roles", len(b.access("lily").Roles), 0)
		b.readmit(2, "lily", store.DeviceID{User: "ada", Device: "phone"})
		b.same("access", b.access("rose"), want)
	}},
	{"EveryChangeAndOnlyAChangeRaisesTheVersion", func(b *bench) {
		phone := store.DeviceID{User: "ada", Device: "phone"}
		b.setRole(0, "rose", "ada", "")
		b.readmit(0, "rose", phone)
		b.setRole(1, "rose", "ada", conflicts.Member)
		b.setRole(1, "rose", "ada", conflicts.Member)
		b.setRole(2, "rose", "ada", conflicts.Viewer)
		b.revoke(3, "rose", phone, noon)
		b.revoke(3, "rose", phone, noon.Add(time.Hour))
		b.same("revoked since", b.access("rose").Revoked[phone], noon)
		b.readmit(4, "rose", phone)
		b.readmit(4, "rose", phone)
		b.setRole(5, "rose", "ada", "")
		b.setRole(5, "rose", "ada", "")
		b.same("access", b.access("rose"), store.Access{Version: 5})
	}},
	{"EndsTellTheVersionOfAccess", func(b *bench) {
		want := b.setAccess()
		b.must(commit("lily", recordID(1), 0))
		ends, err := b.Ends(b.ctx, []string{"rose", "lily", "nobody"})
		b.ok("ends", err)
		b.same("ends", ends, map[string]store.End{
			"rose": {Policy: 1, Access: want.Version}, "lily": {Number: 1, Policy: 1}, "nobody": {Policy: 1},
		})
	}},
	{"ChangesOfAccessAtOnceAllCount", func(b *bench) {
		var g errgroup.Group
		const each = 8
		for n := range each {
			g.Go(func() error {
				_, err := b.SetRole(b.ctx, "rose", fmt.Sprint(n), conflicts.Viewer)
				return err
			})
			g.Go(func() error {
				_, err := b.Revoke(b.ctx, "rose", store.DeviceID{User: fmt.Sprint(n), Device: "phone"}, noon)
				return err
			})
		}
		b.ok("change access", g.Wait())
		a := b.access("rose")
		b.same("version", a.Version, uint64(2*each))
		b.same("roles and revocations", len(a.Roles)+len(a.Revoked), 2*each)
	}},
	{"AccessBeyondItsBoundsIsRefused", fullAccess},
	{"RestoredAccessIsTheGivenOne", func(b *bench) {
		want := b.setAccess()
		to := newBench(b.T, b.open)
		to.setRole(1, "rose", "zoe", conflicts.Viewer)
		to.revoke(2, "rose", store.DeviceID{User: "zoe", Device: "phone"}, noon)
		to.setRole(1, "lily", "zoe", conflicts.Viewer)
		b.ok("restore access", to.RestoreAccess(b.ctx, "rose", want))
		b.ok("restore access", to.RestoreAccess(b.ctx, "mill", store.Access{}))
		to.restart()
		b.same("access", to.access("rose"), want)
		b.same("access of nothing", to.access("mill"), store.Access{})
		b.same("another's access", len(to.access("lily").Roles), 1)
		to.setRole(want.Version+1, "rose", "ben", conflicts.Member)
	}},
	{"NameOfADeviceStays", func(b *bench) {
		phone := store.DeviceID{User: "ada", Device: "phone"}
		b.notFound("name a device that was never seen", b.NameDevice(b.ctx, "rose", phone, "Ada's"))
		seen := store.Device{Supplier: "rose", User: "ada", Device: "phone", Since: noon.Add(-time.Hour), Name: "Mobile", At: noon}
		same := store.Device{Supplier: "lily", User: "ada", Device: "phone", At: noon}
		b.ok("seen", b.Seen(b.ctx, []store.Device{seen, same}))
		later := seen
		later.Since, later.Name, later.At = noon, "", noon.Add(time.Hour)
		b.ok("seen", b.Seen(b.ctx, []store.Device{later}))
		b.same("name that it came with", b.devices("rose")[0].Name, "Mobile")
		b.same("first seen", b.devices("rose")[0].Since, seen.Since)
		b.ok("name", b.NameDevice(b.ctx, "rose", phone, "Ada's \x00 phone"))
		b.restart()
		b.same("name", b.devices("rose")[0].Name, "Ada's \x00 phone")
		b.same("another's name", b.devices("lily")[0].Name, "")
		b.ok("take the name away", b.NameDevice(b.ctx, "rose", phone, ""))
		b.same("name", b.devices("rose")[0].Name, "")
		b.notFound("name another user's", b.NameDevice(b.ctx, "rose", store.DeviceID{User: "ben", Device: "phone"}, "x"))
	}},
}

func (b *bench) devices(supplier string) []store.Device {
	b.Helper()
	found, err := b.DevicesOf(b.ctx, supplier)
	b.ok("devices", err)
	return found
}

func fullAccess(b *bench) {
	a := store.Access{Version: 1, Roles: make(map[string]conflicts.Role), Revoked: make(map[store.DeviceID]time.Time)}
	for n := range store.MaxRoles - 1 {
		a.Roles[fmt.Sprint(n)] = conflicts.Viewer
	}
	for n := range store.MaxRevoked - 1 {
		a.Revoked[store.DeviceID{User: fmt.Sprint(n), Device: "phone"}] = noon
	}
	b.ok("restore access", b.RestoreAccess(b.ctx, "rose", a))
	last, more := store.DeviceID{User: "last", Device: "phone"}, store.DeviceID{User: "more", Device: "phone"}
	b.setRole(2, "rose", "last", conflicts.Viewer)
	b.revoke(3, "rose", last, noon)
	_, role := b.SetRole(b.ctx, "rose", "more", conflicts.Viewer)
	_, revoked := b.Revoke(b.ctx, "rose", more, noon)
	for what, err := range map[string]error{"role": role, "revocation": revoked} {
		if !errors.Is(err, store.ErrTooMany) {
			b.Errorf("one %s more: got error %v, want %v", what, err, store.ErrTooMany)
		}
	}
	b.setRole(4, "rose", "last", conflicts.Member)
	b.revoke(4, "rose", last, noon)
	b.revoke(1, "lily", more, noon)
	b.setRole(5, "rose", "last", "")
	b.readmit(6, "rose", last)
	b.setRole(7, "rose", "more", conflicts.Viewer)
	b.revoke(8, "rose", more, noon)
}
