package storetest

import (
	"errors"
	"fmt"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// everything stores records of "rose" in every state, with all that records can
// have, and one of "lily". It returns the ids of those of "rose", ascending.
func (b *bench) everything() (ids []crdt.RecordID) {
	b.Helper()
	for n := range 6 {
		ids = append(ids, recordID(n+1))
	}
	b.full("rose", ids[0], 1)
	b.full("rose", ids[1], 3)
	b.full("rose", ids[2], 5)
	introducing := commit("rose", ids[3], 0)
	introducing.State, introducing.Batches = store.Introducing, nil
	directory := commit("rose", ids[5], 0)
	directory.State = store.Directory
	b.must(introducing, commit("rose", ids[4], 0), directory, commit("lily", recordID(9), 0))
	deleted := commit("rose", ids[1], 2)
	deleted.State = store.Deleted
	b.must(deleted)
	b.ok("erase", b.Erase(b.ctx, erasure("rose", ids[2], 2)))
	b.ok("acknowledge", b.Acknowledge(b.ctx, "rose", "ada", "tablet", receipt(1, ids[0], "ada").ID))
	b.ok("acknowledge", b.Acknowledge(b.ctx, "rose", "ada", "phone", receipt(1, ids[0], "ada").ID))
	return ids
}

// Fill stores something of everything in an empty store: records of "rose" in
// every state, with all that records can have, one of "lily", policies, who may do
// what, webhooks, and communications.
func Fill(t *testing.T, s store.Store) {
	t.Helper()
	b := &bench{T: t, ctx: t.Context(), Store: s}
	b.everything()
	b.setPolicies()
	b.setAccess()
	b.ok("name", s.NameDevice(b.ctx, "rose", store.DeviceID{User: b.devices("rose")[0].User, Device: b.devices("rose")[0].Device}, "Work"))
	b.setHooks(recordID(1))
	b.setTalks(recordID(1))
}

// setPolicies sets two policies of "rose", one after the other.
func (b *bench) setPolicies() (set []*conflicts.Policy) {
	b.Helper()
	for _, version := range []uint64{3, 7} {
		p := &conflicts.Policy{Version: version, Zone: "Asia/Tokyo"}
		b.ok("set policy", b.SetPolicy(b.ctx, "rose", p))
		set = append(set, p)
	}
	return set
}

func (b *bench) wholes(supplier string, after crdt.RecordID, limit int) []store.Whole {
	b.Helper()
	found, err := b.Wholes(b.ctx, supplier, after, limit)
	b.ok("wholes", err)
	return found
}

// receiving is a fresh store that receives from b.
func (b *bench) receiving() *bench {
	b.Helper()
	to := newBench(b.T, b.open)
	b.ok("receive", to.Receive(b.ctx, b.identity()))
	return to
}

func (b *bench) identity() store.Identity {
	b.Helper()
	id, err := b.Identity(b.ctx)
	b.ok("identity", err)
	return id
}

// copyTo moves what b holds of a supplier.
func (b *bench) copyTo(to *bench, supplier string) {
	b.Helper()
	devices, err := b.DevicesOf(b.ctx, supplier)
	b.ok("devices", err)
	b.ok("seen", to.Seen(b.ctx, devices))
	b.ok("restore access", to.RestoreAccess(b.ctx, supplier, b.access(supplier)))
	b.ok("restore", to.Restore(b.ctx, b.wholes(supplier, crdt.RecordID{}, 99)))
	b.ok("enter", to.Enter(b.ctx, supplier, b.journal(supplier, 0, 99)))
}

func (b *bench) notEmpty(what string, err error) {
	b.Helper()
	if !errors.Is(err, store.ErrNotEmpty) {
		b.Errorf("%s: got error %v, want %v", what, err, store.ErrNotEmpty)
	}
}

var copyingCases = []testcase{
	{"WholeRecordsHaveAllButTheirEntries", func(b *bench) {
		ids := b.everything()
		b.restart()
		found := b.wholes("rose", crdt.RecordID{}, 9)
		b.same("records", len(found), len(ids))
		for i, state := range []store.RecordState{store.Listed, store.Deleted, store.Erased, store.Introducing, store.Listed, store.Directory} {
			b.same("record", found[i].Record, ids[i])
			st := b.load(ids[i])
			b.same("heads", found[i].Heads, st.Heads)
			b.same("state", st.State, state)
			b.same("ledger", string(found[i].Ledger), string(st.Ledger))
			b.same("conflicts", found[i].Conflicts, b.queue("rose", store.ConflictQuery{Record: ids[i], Limit: 9}))
			b.same("merged entries", found[i].Merged, b.merged("rose", store.MergedQuery{Record: ids[i], Unlisted: true, Limit: 9}))
			heads, err := b.DeviceHeads(b.ctx, "rose", ids[i:i+1])
			b.ok("device heads", err)
			b.same("devices", found[i].Devices, heads)
		}
		first := found[0]
		b.same("projection", string(first.Projection), `{"name":"Zoe"}`)
		b.same("projected heads", first.ProjectedHeads, []crdt.Hash{hash(ids[0], 1)})
		b.same("receipts", first.Receipts, []store.Told{{Receipt: receipt(1, ids[0], "ada"), Devices: []string{"phone", "tablet"}}})
		answer, err := b.Answer(b.ctx, "rose", "k1")
		b.ok("answer", err)
		b.same("answers", first.Answers, []store.Answer{answer})
		b.same("receipts nobody has read", found[1].Receipts, []store.Told{{Receipt: receipt(3, ids[1], "ada")}})
		b.same("receipts of an erased record", len(found[2].Receipts), 0)
		b.same("conflicts of an erased record", len(found[2].Conflicts), 2)
	}},
	{"PoliciesAreReadInOrderOfVersion", func(b *bench) {
		want := b.setPolicies()
		b.ok("set policy of another", b.SetPolicy(b.ctx, "lily", &conflicts.Policy{Version: 2}))
		b.restart()
		got, err := b.PolicyVersions(b.ctx, "rose")
		b.ok("policy versions", err)
		b.same("policies", len(got), len(want))
		for i, p := range got {
			b.same("version", p.Version, want[i].Version)
			b.same("zone", p.Zone, want[i].Zone)
		}
		got, err = b.PolicyVersions(b.ctx, "mill")
		b.ok("policy versions", err)
		b.same("policies of an unknown supplier", len(got), 0)
	}},
	{"WholeRecordsAreReadInPages", func(b *bench) {
		ids := b.everything()
		all := b.wholes("rose", crdt.RecordID{}, 9)
		b.same("first page", b.wholes("rose", crdt.RecordID{}, 2), all[:2])
		b.same("next page", b.wholes("rose", ids[1], 2), all[2:4])
		b.same("last page", b.wholes("rose", ids[3], 2), all[4:])
		b.same("after the last", len(b.wholes("rose", ids[5], 2)), 0)
		b.same("no page", len(b.wholes("rose", crdt.RecordID{}, 0)), 0)
		b.same("an unknown supplier's", len(b.wholes("mill", crdt.RecordID{}, 9)), 0)
		b.same("another supplier's", len(b.wholes("lily", crdt.RecordID{}, 9)), 1)
	}},
	{"PageOfWholeRecordsIsBounded", func(b *bench) {
		for n := range 3 {
			c := commit("rose", recordID(n+1), 0)
			c.Ledger = make([]byte, store.MaxPage*2/3)
			for i := range c.Ledger {
				c.Ledger[i] = ' '
			}
			b.must(c)
		}
		b.same("records on the first page", len(b.wholes("rose", crdt.RecordID{}, 9)), 2)
		b.same("on the next", len(b.wholes("rose", recordID(2), 9)), 1)
	}},
	{"RestoredStoreHoldsTheSame", func(b *bench) {
		ids := b.everything()
		access := b.setAccess()
		b.ok("name", b.NameDevice(b.ctx, "rose", store.DeviceID{User: "ada", Device: "phone"}, "Ada's"))
		to := b.receiving()
		to.setPolicies()
		b.copyTo(to, "rose")
		b.copyTo(to, "lily")
		b.ok("received", to.Received(b.ctx))
		to.restart()
		b.same("identity", to.identity(), b.identity())
		for _, supplier := range []string{"lily", "rose"} {
			b.same("records", to.wholes(supplier, crdt.RecordID{}, 9), b.wholes(supplier, crdt.RecordID{}, 9))
			b.same("journal", to.journal(supplier, 0, 99), b.journal(supplier, 0, 99))
			b.same("devices", to.devices(supplier), b.devices(supplier))
			b.same("access", to.access(supplier), b.access(supplier))
		}
		for _, id := range ids {
			b.same("record", to.load(id), b.load(id))
			b.same("history", to.history("rose", id, 0, 99), b.history("rose", id, 0, 99))
		}
		suppliers, err := to.Suppliers(b.ctx, "", 9)
		b.ok("suppliers", err)
		want, err := b.Suppliers(b.ctx, "", 9)
		b.ok("suppliers", err)
		b.same("suppliers", suppliers, want)
		byName := store.ConflictQuery{Search: "zoe", Order: store.ByClient, Limit: 9}
		b.same("found by the client's name", to.queued("rose", byName), b.queued("rose", byName))
		sum, err := to.Summary(b.ctx, "rose", ids[0])
		b.ok("summary", err)
		b.same("projection", string(sum.Projection), `{"name":"Zoe"}`)
		b.same("receipts that a device has read", len(to.unread("rose", "ada", "phone", "", 9)), 1) // of record 2
		b.same("receipts that another has not", len(to.unread("rose", "ada", "watch", "", 9)), 2)
		ends, err := to.Ends(b.ctx, []string{"rose"})
		b.ok("ends", err)
		b.same("end", ends["rose"], store.End{Number: uint64(len(b.journal("rose", 0, 99))), Policy: 7, Access: access.Version})
	}},
	{"RestoredStoreGoesOn", func(b *bench) {
		ids := b.everything()
		to := b.receiving()
		b.copyTo(to, "rose")
		b.ok("received", to.Received(b.ctx))
		last := uint64(len(b.journal("rose", 0, 99)))
		to.expectStale([]crdt.RecordID{ids[0]}, commit("rose", ids[0], 1))
		to.expectStale([]crdt.RecordID{ids[2]}, commit("rose", ids[2], 3)) // erased
		to.expectStale([]crdt.RecordID{ids[1]}, commit("lily", ids[1], 0)) // bound
		to.expectStale([]crdt.RecordID{ids[4]}, answered(commit("rose", ids[4], 1), "rose", "k1"))
		to.must(commit("rose", ids[0], 2), commit("rose", recordID(8), 0))
		b.same("new entries", to.journal("rose", last, 9)[1].Number, last+2)
		b.same("versions", to.journal("rose", last, 9)[0].Version, uint64(3))
		var broken *store.CommitError
		if _, err := to.Append(b.ctx, []store.Commit{with(commit("rose", ids[0], 3), conflict(50, ids[0], "budget"))}); !errors.As(err, &broken) {
			b.Errorf("a second pending conflict: %v", err)
		}
		b.ok("erase", to.Erase(b.ctx, erasure("rose", ids[0], 3)))
		_, err := to.Answer(b.ctx, "rose", "k1")
		b.notFound("answer about an erased record", err)
	}},
	{"RestoreOfWhatIsThereChangesNothing", func(b *bench) {
		b.everything()
		to := b.receiving()
		all := b.wholes("rose", crdt.RecordID{}, 9)
		b.ok("restore", to.Restore(b.ctx, all[1:2]))
		b.notEmpty("restore again", to.Restore(b.ctx, all))
		b.same("records", len(to.wholes("rose", crdt.RecordID{}, 9)), 1)
		foreign := all[1]
		foreign.Supplier = "mill"
		b.notEmpty("restore for another supplier", to.Restore(b.ctx, []store.Whole{foreign}))
		b.same("records of the other", len(to.wholes("mill", crdt.RecordID{}, 9)), 0)
	}},
	{"EntriesGoOnWhereTheJournalEnds", func(b *bench) {
		b.everything()
		to := b.receiving()
		entries := b.journal("rose", 0, 99)
		b.notFound("enter for records that are not there", to.Enter(b.ctx, "rose", entries))
		b.ok("restore", to.Restore(b.ctx, b.wholes("rose", crdt.RecordID{}, 9)))
		b.ok("enter nothing", to.Enter(b.ctx, "rose", nil))
		b.ok("enter", to.Enter(b.ctx, "rose", entries[:3]))
		for what, part := range map[string][]store.Entry{
			"again": entries[:3], "overlapping": entries[2:5], "with a gap": entries[4:5],
			"with a gap within": {entries[3], entries[5]},
		} {
			if err := to.Enter(b.ctx, "rose", part); !errors.Is(err, store.ErrStale) {
				b.Errorf("enter %s: got error %v, want %v", what, err, store.ErrStale)
			}
		}
		b.notFound("enter for another supplier", to.Enter(b.ctx, "lily", []store.Entry{entries[0]}))
		to.restart()
		b.same("journal", to.journal("rose", 0, 99), entries[:3])
		b.ok("enter the rest", to.Enter(b.ctx, "rose", entries[3:]))
		b.same("journal", to.journal("rose", 0, 99), entries)
	}},
	{"ReceivingStoreHasNoIdentityUntilItReceived", func(b *bench) {
		to := b.receiving()
		for range 2 {
			if _, err := to.Identity(b.ctx); !errors.Is(err, store.ErrUnfinished) {
				b.Errorf("identity: got error %v, want %v", err, store.ErrUnfinished)
			}
			to.restart()
		}
		b.ok("received", to.Received(b.ctx))
		b.ok("received again", to.Received(b.ctx))
		to.restart()
		b.same("identity", to.identity(), b.identity())
	}},
	{"StoreOfAnotherHubReceivesNothing", func(b *bench) {
		to := newBench(b.T, b.open)
		own := to.identity()
		to.must(commit("rose", recordID(1), 0))
		b.notEmpty("receive", to.Receive(b.ctx, b.identity()))
		b.same("identity", to.identity(), own)
		b.ok("receive the own identity", to.Receive(b.ctx, own))
		b.ok("received", to.Received(b.ctx))
		b.same("identity", to.identity(), own)

		nameless := newBench(b.T, b.open)
		b.ok("seen", nameless.Seen(b.ctx, []store.Device{{Supplier: "rose", User: "ada", Device: "phone", At: noon}}))
		b.notEmpty("receive without an identity", nameless.Receive(b.ctx, own))
	}},
	{"EmptyStoreTakesAnotherIdentity", func(b *bench) {
		to := newBench(b.T, b.open)
		if fmt.Sprint(to.identity()) == fmt.Sprint(b.identity()) {
			b.Fatal("two hubs are the same")
		}
		for range 2 {
			b.ok("receive", to.Receive(b.ctx, b.identity()))
		}
		b.ok("received", to.Received(b.ctx))
		b.same("identity", to.identity(), b.identity())
	}},
}
