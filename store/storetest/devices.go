package storetest

import (
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var deviceCases = []testcase{
	{"DevicesOfASupplierAreRememberedAsLastSeen", func(b *bench) {
		phone := store.Device{Supplier: "rose", Device: "phone", User: "ada", StorageID: "s1", At: noon}
		tablet := store.Device{Supplier: "rose", Device: "tablet", User: "ada", At: noon}
		foreign := store.Device{Supplier: "lily", Device: "phone", User: "zoe", At: noon}
		b.ok("seen", b.Seen(b.ctx, []store.Device{tablet, phone, foreign}))
		later := phone
		later.User, later.StorageID, later.At = "ben", "s2", noon.Add(time.Minute)
		earlier := tablet
		earlier.User, earlier.At = "eve", noon.Add(-time.Minute)
		b.ok("seen", b.Seen(b.ctx, []store.Device{later, earlier}))
		b.restart()
		got, err := b.DevicesOf(b.ctx, "rose")
		b.ok("devices", err)
		b.same("devices", got, []store.Device{later, tablet})
	}},
	{"NothingSeenIsNoDevice", func(b *bench) {
		b.ok("seen", b.Seen(b.ctx, nil))
		b.ok("announce", b.Announce(b.ctx, nil))
		got, err := b.DevicesOf(b.ctx, "rose")
		b.ok("devices", err)
		b.same("devices", len(got), 0)
	}},
	{"LastAnnouncedHeadsAreRememberedPerDeviceAndRecord", announcements},
}

func announcements(b *bench) {
	one, two, foreign := recordID(1), recordID(2), recordID(3)
	b.must(commit("rose", one, 0), commit("rose", two, 0), commit("lily", foreign, 0))
	b.ok("seen", b.Seen(b.ctx, []store.Device{
		{Supplier: "rose", Device: "phone", At: noon},
		{Supplier: "rose", Device: "tablet", At: noon},
		{Supplier: "lily", Device: "phone", At: noon},
	}))
	say := func(supplier, device string, id crdt.RecordID, at time.Time, heads ...crdt.Hash) store.DeviceHeads {
		return store.DeviceHeads{Supplier: supplier, Device: device, Record: id, Heads: heads, At: at}
	}
	phoneTwo := say("rose", "phone", two, noon, hash(2))
	tabletOne := say("rose", "tablet", one, noon, hash(3), hash(4))
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{
		say("rose", "phone", one, noon, hash(1)), phoneTwo, tabletOne,
		say("rose", "unseen", one, noon, hash(5)),            // no such device
		say("rose", "phone", recordID(9), noon, hash(6)),     // no such record
		say("rose", "phone", foreign, noon, hash(7)),         // another's record
		say("lily", "phone", one, noon, hash(8)),             // likewise
		say("lily", "phone", foreign, noon, hash(9)),         // another's device
		say("rose", "tablet", one, noon.Add(-1e9), hash(10)), // too old
	}))
	phoneOne := say("rose", "phone", one, noon.Add(time.Second))
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{phoneOne}))
	got, err := b.DeviceHeads(b.ctx, "rose", []crdt.RecordID{two, one, foreign, one, recordID(9)})
	b.ok("device heads", err)
	b.same("device heads", got, []store.DeviceHeads{phoneOne, tabletOne, phoneTwo})
	got, err = b.DeviceHeads(b.ctx, "rose", nil)
	b.ok("device heads", err)
	b.same("device heads of no records", len(got), 0)
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
}
