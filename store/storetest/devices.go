package storetest

import (
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var deviceCases = []testcase{
	{"DevicesOfASupplierAreRememberedAsLastSeen", func(b *bench) {
		phone := store.Device{Supplier: "rose", User: "ada", Device: "phone", StorageID: "s1", At: noon}
		same := store.Device{Supplier: "rose", User: "ben", Device: "phone", At: noon} // another's
		tablet := store.Device{Supplier: "rose", User: "ada", Device: "tablet", StorageID: "s3", At: noon}
		same.Since, tablet.Since = noon, noon
		foreign := store.Device{Supplier: "lily", User: "ada", Device: "phone", At: noon}
		b.ok("seen", b.Seen(b.ctx, []store.Device{same, tablet, phone, foreign}))
		later := phone
		later.StorageID, later.Since, later.At = "s2", noon, noon.Add(time.Minute)
		earlier := tablet
		earlier.StorageID, earlier.At = "s4", noon.Add(-time.Minute)
		b.ok("seen", b.Seen(b.ctx, []store.Device{later, earlier}))
		b.restart()
		got, err := b.DevicesOf(b.ctx, "rose")
		b.ok("devices", err)
		b.same("devices", got, []store.Device{later, tablet, same})
	}},
	{"NothingSeenIsNoDevice", func(b *bench) {
		b.ok("seen", b.Seen(b.ctx, nil))
		b.ok("announce", b.Announce(b.ctx, nil))
		got, err := b.DevicesOf(b.ctx, "rose")
		b.ok("devices", err)
		b.same("devices", len(got), 0)
	}},
	{"LastAnnouncedHeadsAreRememberedPerDeviceAndRecord", announcements},
	{"DevicesSeenLongestAgoAreForgottenBeyondTheLimit", forgottenDevices},
}

func announcements(b *bench) {
	one, two, foreign := recordID(1), recordID(2), recordID(3)
	b.must(commit("rose", one, 0), commit("rose", two, 0), commit("lily", foreign, 0))
	b.ok("seen", b.Seen(b.ctx, []store.Device{
		{Supplier: "rose", User: "ada", Device: "phone", At: noon},
		{Supplier: "rose", User: "ben", Device: "phone", At: noon},
		{Supplier: "lily", User: "ada", Device: "phone", At: noon},
	}))
	say := func(supplier, user string, id crdt.RecordID, at time.Time, heads ...crdt.Hash) store.DeviceHeads {
		return store.DeviceHeads{Supplier: supplier, User: user, Device: "phone", Record: id, Heads: heads, At: at}
	}
	unseen := say("rose", "ada", one, noon, hash(5))
	unseen.Device = "unseen"
	adaTwo := say("rose", "ada", two, noon, hash(2))
	benOne := say("rose", "ben", one, noon, hash(3), hash(4))
	benOne.Refused = "equivocation"
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{
		say("rose", "ada", one, noon, hash(1)), adaTwo, benOne,
		unseen,                                 // no such device
		say("rose", "eve", one, noon, hash(5)), // no such user
		say("rose", "ada", recordID(9), noon, hash(6)),    // no such record
		say("rose", "ada", foreign, noon, hash(7)),        // another's record
		say("lily", "ada", one, noon, hash(8)),            // likewise
		say("lily", "ada", foreign, noon, hash(9)),        // another's device
		say("rose", "ben", one, noon.Add(-1e9), hash(10)), // too old
	}))
	adaOne := say("rose", "ada", one, noon.Add(time.Second))
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{adaOne}))
	got, err := b.DeviceHeads(b.ctx, "rose", []crdt.RecordID{two, one, foreign, one, recordID(9)})
	b.ok("device heads", err)
	b.same("device heads", got, []store.DeviceHeads{adaOne, benOne, adaTwo})
	got, err = b.DeviceHeads(b.ctx, "rose", nil)
	b.ok("device heads", err)
	b.same("device heads of no records", len(got), 0)
}

func forgottenDevices(b *bench) {
	one := recordID(1)
	b.must(commit("rose", one, 0))
	phone := func(n int) store.Device {
		at := noon.Add(time.Duration(n) * time.Second)
		return store.Device{Supplier: "rose", User: "ada", Device: fmt.Sprintf("%04d", n), Since: at, At: at}
	}
	foreign := store.Device{Supplier: "lily", User: "zoe", Device: "phone", Since: noon.Add(-time.Hour), At: noon.Add(-time.Hour)}
	b.ok("seen", b.Seen(b.ctx, []store.Device{phone(0), phone(1), phone(2), foreign}))
	var said []store.DeviceHeads
	for n := range 3 {
		said = append(said, store.DeviceHeads{
			Supplier: "rose", User: "ada", Device: phone(n).Device, Record: one, Heads: []crdt.Hash{hash(n)}, At: noon,
		})
	}
	b.ok("announce", b.Announce(b.ctx, said))
	again := phone(0)
	again.At = noon.Add(time.Hour)
	devices := []store.Device{again}
	for n := 3; n <= store.MaxDevices; n++ {
		devices = append(devices, phone(n))
	}
	b.ok("seen", b.Seen(b.ctx, devices))
	got, err := b.DevicesOf(b.ctx, "rose")
	b.ok("devices", err)
	b.same("devices", len(got), store.MaxDevices)
	b.same("first devices", got[:2], []store.Device{again, phone(2)})
	heads, err := b.DeviceHeads(b.ctx, "rose", []crdt.RecordID{one})
	b.ok("device heads", err)
	b.same("device heads", heads, []store.DeviceHeads{said[0], said[2]})
	got, err = b.DevicesOf(b.ctx, "lily")
	b.ok("devices", err)
	b.same("another's devices", got, []store.Device{foreign})
}

var policyCases = []testcase{
	{"PolicyIsNotFoundUntilSet", func(b *bench) {
		b.must(commit("rose", recordID(1), 0))
		_, err := b.Policy(b.ctx, "rose")
		b.notFound("policy of a known supplier", err)
		_, err = b.Policy(b.ctx, "nobody")
		b.notFound("policy of an unknown supplier", err)
	}},
	{"PolicyIsReplacedByOneOfAHigherVersionOnly", func(b *bench) {
		p := conflicts.DefaultPolicy()
		b.stalePolicy("rose", p) // version 1 is in force without being set
		p.Version, p.Zone = 2, "Europe/Berlin"
		b.ok("set policy", b.SetPolicy(b.ctx, "rose", p))
		newer := &conflicts.Policy{Version: 3, Fields: []conflicts.FieldPolicy{
			{Path: "budget", Kind: conflicts.Money, Review: conflicts.Locked},
		}}
		b.ok("set policy", b.SetPolicy(b.ctx, "rose", newer))
		b.stalePolicy("rose", p)
		b.stalePolicy("rose", newer)
		b.restart()
		got, err := b.Policy(b.ctx, "rose")
		b.ok("policy", err)
		b.same("version", got.Version, uint64(3))
		b.same("fields", got.Fields, newer.Fields)
		b.same("zone", got.Zone, "")
		_, err = b.Policy(b.ctx, "lily")
		b.notFound("policy of another", err)
		b.must(commit("rose", recordID(1), 0))
		_, err = b.Policy(b.ctx, "rose")
		b.ok("policy after a commit", err)
	}},
	{"EveryPolicyThatWasInForceIsKept", func(b *bench) {
		p := conflicts.DefaultPolicy()
		var set []conflicts.Policy
		for _, zone := range []string{"Europe/Berlin", "Asia/Tokyo"} {
			p.Version, p.Zone = p.Version+2, zone
			p.Fields = p.Fields[1:]
			b.ok("set policy", b.SetPolicy(b.ctx, "rose", p))
			set = append(set, *p)
		}
		stale := *p
		stale.Version, stale.Zone = set[0].Version, "UTC"
		b.stalePolicy("rose", &stale)
		b.ok("set policy of another", b.SetPolicy(b.ctx, "lily", &conflicts.Policy{Version: 2}))
		b.restart()
		for _, want := range set {
			got, err := b.PolicyOf(b.ctx, "rose", want.Version)
			b.ok("policy of a version", err)
			b.same("version", got.Version, want.Version)
			b.same("zone", got.Zone, want.Zone)
			b.same("fields", got.Fields, want.Fields)
		}
		for _, version := range []uint64{0, 1, 2, 4, 6} {
			_, err := b.PolicyOf(b.ctx, "rose", version)
			b.notFound("policy of a version that was never set", err)
		}
		_, err := b.PolicyOf(b.ctx, "nobody", 2)
		b.notFound("policy of an unknown supplier", err)
	}},
}
