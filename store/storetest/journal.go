package storetest

import (
	"math"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var journalCases = []testcase{
	{"EntryTellsItsCommitWhole", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.Batches[0].Origin.Verdicts = []conflicts.Verdict{{Field: "budget", Outcome: "accepted", Rule: 3}}
		hub := store.Batch{Chunks: [][]byte{chunk("a"), chunk("hub")}, Hub: true, Origin: origin("rose")}
		hub.Origin.Kind = "api"
		c.Batches = append(c.Batches, hub)
		b.must(c)
		b.same("entries", b.journal("rose", 0, 9), []store.Entry{{Number: 1, Record: id, Version: 1, Batches: c.Batches}})
	}},
	{"NumbersOfEachSupplierHaveNoGap", func(b *bench) {
		for v := range uint64(5) {
			b.must(commit("rose", recordID(1), v), commit("lily", recordID(2), v), commit("rose", recordID(3), v))
			b.expectStale([]crdt.RecordID{recordID(3), recordID(2)},
				commit("rose", recordID(3), v), commit("lily", recordID(2), v))
		}
		b.restart()
		b.must(commit("rose", recordID(1), 5))
		for supplier, n := range map[string]int{"rose": 11, "lily": 5} {
			entries := b.journal(supplier, 0, 99)
			b.same("entries of "+supplier, len(entries), n)
			for i, e := range entries {
				b.same("number", e.Number, uint64(i+1))
			}
		}
	}},
	{"PagesBeginAfterTheCursor", func(b *bench) {
		for v := range uint64(5) {
			b.must(commit("rose", recordID(1), v))
		}
		page := b.journal("rose", 2, 2)
		b.same("entries", len(page), 2)
		b.same("first number", page[0].Number, uint64(3))
		b.same("last version", page[1].Version, uint64(4))
		for _, after := range []uint64{5, 6, 1 << 40, math.MaxUint64} {
			b.same("entries after the end", len(b.journal("rose", after, 9)), 0)
		}
		b.same("entries of limit 0", len(b.journal("rose", 0, 0)), 0)
		b.same("entries of limit -1", len(b.journal("rose", 0, -1)), 0)
		b.same("entries of nobody", len(b.journal("nobody", 0, 9)), 0)
	}},
	{"LargePageEndsEarlyButIsNeverEmpty", func(b *bench) {
		const n = 3
		for v := range uint64(n) {
			c := commit("rose", recordID(1), v)
			c.Batches[0].Chunks = append(c.Batches[0].Chunks, make([]byte, store.MaxPage*2/3))
			b.must(c)
		}
		after, pages := uint64(0), 0
		for after < n && pages < n {
			page := b.journal("rose", after, 99)
			if len(page) == 0 || len(page) > 2 {
				b.Fatalf("page after %d has %d entries, want 1 or 2", after, len(page))
			}
			after, pages = page[len(page)-1].Number, pages+1
		}
		b.same("last number", after, uint64(n))
	}},
}
