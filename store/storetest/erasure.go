package storetest

import (
	"errors"
	"fmt"
	"strings"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

func erasure(supplier string, id crdt.RecordID, version uint64) store.Erasure {
	o := origin(supplier)
	o.Kind = "erase"
	return store.Erasure{Supplier: supplier, Record: id, Version: version, Origin: o}
}

// full stores a record that has everything: two conflicts of which one is
// decided, a receipt, an answer, a projection, two merged entries of which one
// is closed, and a device that spoke of it.
func (b *bench) full(supplier string, id crdt.RecordID, n int) {
	b.Helper()
	c := with(commit(supplier, id, 0), conflict(n, id, "budget"), conflict(n+1, id, "venue_name"))
	c.Ledger = []byte(`{"version":1}`)
	b.must(merging(c, mergedEntry(n, id, "notes"), dismissed(mergedEntry(n+1, id, "phone"))))
	done := resolved(conflict(n+1, id, "venue_name"))
	done.Decision = &conflicts.Decision{Action: conflicts.Custom, Value: crdt.Value{Kind: crdt.Int, Int: 7}, Revision: 3, Note: "seven"}
	b.must(telling(answered(with(commit(supplier, id, 1), done), supplier, fmt.Sprint("k", n)), receipt(n, id, "ada")))
	b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Heads: []crdt.Hash{hash(id, 1)}, Fields: []byte(`{"name":"Zoe"}`)}))
	b.ok("seen", b.Seen(b.ctx, []store.Device{{Supplier: supplier, Device: "phone", User: "ada", At: noon}}))
	b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{{Supplier: supplier, User: "ada", Device: "phone", Record: id, Heads: []crdt.Hash{hash(1)}, At: noon}}))
}

// staleErasure erases what must be refused as stale.
func (b *bench) staleErasure(e store.Erasure) {
	b.Helper()
	if err := b.Erase(b.ctx, e); !errors.Is(err, store.ErrStale) {
		b.Errorf("erase at version %d: got error %v, want %v", e.Version, err, store.ErrStale)
	}
}

var erasureCases = []testcase{
	{"ErasureLeavesNothingOfARecordAndAllOfOthers", func(b *bench) {
		id, other := recordID(1), recordID(2)
		b.full("rose", id, 1)
		b.full("rose", other, 5)
		before := b.load(other)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 2)))
		b.restart()
		st := b.load(id)
		b.same("heads", st.Heads, store.Heads{Supplier: "rose", Version: 3, State: store.Erased})
		b.same("ledger", len(st.Ledger), 0)
		for _, batch := range st.Batches {
			b.same("chunks", len(batch.Chunks), 0)
		}
		_, err := b.Summary(b.ctx, "rose", id)
		b.notFound("summary", err)
		b.same("merged entries", b.merged("rose", store.MergedQuery{Unlisted: true, Limit: 9}),
			[]conflicts.Merged{mergedEntry(5, other, "notes"), dismissed(mergedEntry(6, other, "phone"))})
		b.same("receipts", b.unread("rose", "ada", "phone", "", 9), []conflicts.Receipt{receipt(5, other, "ada")})
		_, err = b.Answer(b.ctx, "rose", "k1")
		b.notFound("answer", err)
		_, err = b.Answer(b.ctx, "rose", "k5")
		b.ok("answer about the other record", err)
		heads, err := b.DeviceHeads(b.ctx, "rose", []crdt.RecordID{id, other})
		b.ok("device heads", err)
		b.same("records that devices hold", len(heads), 1)
		b.same("the other record", b.load(other), before)
		sum, err := b.Summary(b.ctx, "rose", other)
		b.ok("summary of the other record", err)
		b.same("its projection", string(sum.Projection), `{"name":"Zoe"}`)
	}},
	{"ConflictsStayAsErasedWithoutValues", func(b *bench) {
		id := recordID(1)
		b.full("rose", id, 1)
		b.same("found by the name before", len(b.queue("rose", store.ConflictQuery{Search: "zoe", Limit: 9})), 2)
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 2)))
		b.same("found by the name", len(b.queue("rose", store.ConflictQuery{Search: "zoe", Limit: 9})), 0)
		rows := b.queue("rose", store.ConflictQuery{Status: conflicts.Erased, Limit: 9})
		b.same("rows", len(rows), 2)
		for i, version := range []uint64{2, 3} {
			c := rows[i]
			b.same("version", c.Version, version)
			b.same("values", []crdt.Value{c.Base.Value, c.Current.Value, c.Proposals[0].Value}, make([]crdt.Value, 3))
			b.same("author", c.Proposals[0].Authors, conflict(1, id, "budget").Proposals[0].Authors)
			b.same("is closed", c.ClosedAt.IsZero(), false)
		}
		b.same("decision", *rows[1].Decision, conflicts.Decision{Action: conflicts.Custom, Revision: 3})
		b.same("pending", len(b.queue("rose", store.ConflictQuery{Status: conflicts.Pending, Limit: 9})), 0)
	}},
	{"JournalKeepsItsNumbersAndTellsOfTheErasure", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.must(commit("rose", recordID(2), 0))
		b.must(commit("rose", id, 1))
		e := erasure("rose", id, 2)
		b.ok("erase", b.Erase(b.ctx, e))
		b.must(commit("rose", recordID(2), 1))
		for i, entry := range b.journal("rose", 0, 9) {
			b.same("number", entry.Number, uint64(i+1))
			b.same("record", entry.Record, []crdt.RecordID{id, recordID(2), id, id, recordID(2)}[i])
			switch {
			case i == 3:
				b.same("erasure", entry.Batches, []store.Batch{{Origin: e.Origin}})
			case entry.Record == id:
				b.same("batches of an erased record", len(entry.Batches), 0)
			default:
				b.same("batches", len(entry.Batches), 1)
			}
		}
		b.same("entries", len(b.journal("rose", 0, 9)), 5)
	}},
	{"ErasedRecordNeverComesBack", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.ok("erase", b.Erase(b.ctx, erasure("rose", id, 1)))
		for _, version := range []uint64{0, 1, 2} {
			b.expectStale([]crdt.RecordID{id}, commit("rose", id, version))
			b.expectStale([]crdt.RecordID{id}, commit("lily", id, version))
		}
		b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Heads: []crdt.Hash{hash(1)}, Fields: []byte(`{"notes":"x"}`)}))
		b.ok("seen", b.Seen(b.ctx, []store.Device{{Supplier: "rose", Device: "phone", User: "ada", At: noon}}))
		b.ok("announce", b.Announce(b.ctx, []store.DeviceHeads{{Supplier: "rose", User: "ada", Device: "phone", Record: id, Heads: []crdt.Hash{hash(1)}, At: noon}}))
		b.restart()
		st := b.load(id)
		b.same("state", st.State, store.Erased)
		b.same("version", st.Version, uint64(2))
		heads, err := b.DeviceHeads(b.ctx, "rose", []crdt.RecordID{id})
		b.ok("device heads", err)
		b.same("what devices hold", len(heads), 0)
		if err := b.Release(b.ctx, id); !errors.Is(err, store.ErrNotEmpty) {
			b.Errorf("release: got error %v, want %v", err, store.ErrNotEmpty)
		}
		b.notFound("erase again", b.Erase(b.ctx, erasure("rose", id, 2)))
	}},
	{"ErasureOfWhatMovedOnChangesNothing", func(b *bench) {
		id := recordID(1)
		b.full("rose", id, 1)
		before := b.load(id)
		b.staleErasure(erasure("rose", id, 1))
		b.staleErasure(erasure("rose", id, 3))
		b.notFound("another supplier's", b.Erase(b.ctx, erasure("lily", id, 2)))
		b.notFound("unknown", b.Erase(b.ctx, erasure("rose", recordID(9), 0)))
		b.same("record", b.load(id), before)
		b.same("entries", len(b.journal("rose", 0, 9)), 2)
		b.same("conflicts", b.queue("rose", store.ConflictQuery{Status: conflicts.Pending, Limit: 9}), []conflicts.Conflict{conflict(1, id, "budget")})
	}},
	{"CommitCannotErase", func(b *bench) {
		c := commit("rose", recordID(1), 0)
		c.State = store.Erased
		_, err := b.Append(b.ctx, []store.Commit{c})
		var broken *store.CommitError
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), "state 4") {
			b.Errorf("got %v", err)
		}
	}},
}
