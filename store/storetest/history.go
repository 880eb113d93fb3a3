package storetest

import (
	"errors"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var historyCases = []testcase{
	{"RecordsEntriesAreThoseOfTheJournal", func(b *bench) {
		id := recordID(1)
		for v := range uint64(3) {
			b.must(commit("rose", id, v), commit("rose", recordID(2), v), commit("lily", recordID(3), v))
		}
		b.restart()
		var want []store.Entry
		for _, e := range b.journal("rose", 0, 99) {
			if e.Record == id {
				want = append(want, e)
			}
		}
		b.same("entries of the journal", len(want), 3)
		b.same("history", b.history("rose", id, 0, 99), want)
	}},
	{"WhatAnEntryTellsIsKeptWhole", func(b *bench) {
		c := commit("rose", recordID(1), 0)
		c.Batches[0].Origin.Verdicts = []conflicts.Verdict{{
			Field: "budget", Outcome: "accepted", Rule: 12, Base: 3, Value: crdt.Value{Kind: crdt.Int, Int: 7},
		}}
		c.Batches[0].Origin.Log = []conflicts.LogEntry{{
			Number: 4, Previous: hash("before"), Act: conflicts.ActDecided, At: noon, By: conflicts.Author{User: "ben", Role: conflicts.Owner},
			Field: "budget", Revision: 4, Value: crdt.Value{Kind: crdt.Text, Str: "<a> \u2028 &"}, Cause: conflicts.CauseResolution,
			Change: hash("hub"), Action: conflicts.Custom, Note: "said \"so\"", Conflict: "c", Proposal: "p",
		}}
		c.Batches[0].Origin.Carried = []conflicts.Carriage{{Change: 1, By: conflicts.Principal{Supplier: "rose", User: "ada", Device: "tablet"}}}
		c.Batches[0].Origin.Chosen = "notes"
		b.must(c)
		got := b.history("rose", recordID(1), 0, 9)
		b.same("entries", len(got), 1)
		b.same("batches", got[0].Batches, c.Batches)
		kept, told := c.Batches[0].Origin.Log[0], got[0].Batches[0].Origin.Log[0]
		b.same("hash", told.Hash(recordID(1)), kept.Hash(recordID(1)))
	}},
	{"PagesBeginAfterTheCursor", func(b *bench) {
		id := recordID(1)
		for v := range uint64(5) {
			b.must(commit("rose", recordID(2), v), commit("rose", id, v))
		}
		page := b.history("rose", id, 4, 2)
		b.same("entries", len(page), 2)
		b.same("first number", page[0].Number, uint64(6))
		b.same("last version", page[1].Version, uint64(4))
		b.same("entries after the end", len(b.history("rose", id, 10, 9)), 0)
		b.same("entries after all numbers", len(b.history("rose", id, 1<<40, 9)), 0)
		b.same("entries of limit 0", len(b.history("rose", id, 0, 0)), 0)
	}},
	{"LargePageEndsEarlyButIsNeverEmpty", func(b *bench) {
		id := recordID(1)
		const n = 3
		for v := range uint64(n) {
			c := commit("rose", id, v)
			c.Batches[0].Chunks = append(c.Batches[0].Chunks, make([]byte, store.MaxPage*2/3))
			b.must(c)
		}
		read := 0
		for after := uint64(0); read < n; {
			page := b.history("rose", id, after, 99)
			if len(page) == 0 || len(page) > 2 {
				b.Fatalf("page after %d has %d entries, want 1 or 2", after, len(page))
			}
			after, read = page[len(page)-1].Number, read+len(page)
		}
	}},
	{"HistoryOfAnothersRecordIsEmptyAndThatOfADeletedOneIsNot", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.State = store.Deleted
		b.must(c)
		b.same("entries", len(b.history("rose", id, 0, 9)), 1)
		b.same("entries for another", len(b.history("lily", id, 0, 9)), 0)
		b.same("entries of nothing", len(b.history("rose", recordID(2), 0, 9)), 0)
	}},
}

var censusCases = []testcase{
	{"EverySupplierIsThereWithItsLastNumber", func(b *bench) {
		b.must(commit("rose", recordID(1), 0), commit("lily", recordID(2), 0), commit("iris", recordID(3), 0))
		b.must(commit("lily", recordID(2), 1))
		first, err := b.Suppliers(b.ctx, "", 2)
		b.ok("suppliers", err)
		b.same("first page", first, []store.Supplier{{Name: "iris", Entries: 1}, {Name: "lily", Entries: 2}})
		rest, err := b.Suppliers(b.ctx, "lily", 2)
		b.ok("suppliers", err)
		b.same("last page", rest, []store.Supplier{{Name: "rose", Entries: 1}})
		none, err := b.Suppliers(b.ctx, "rose", 2)
		b.ok("suppliers", err)
		b.same("after the last", len(none), 0)
	}},
	{"RecordsOfAnyStateAreCountedInOrderOfID", func(b *bench) {
		var commits []store.Commit
		for n, state := range []store.RecordState{store.Deleted, store.Introducing, store.Listed} {
			c := commit("rose", recordID(9-n), 0)
			c.State = state
			commits = append(commits, c)
		}
		b.must(append(commits, commit("lily", recordID(1), 0))...)
		var got []store.Counted
		for after := (crdt.RecordID{}); ; {
			page, err := b.Count(b.ctx, "rose", after, 2)
			b.ok("count", err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1].Record
		}
		var want []store.Counted
		for _, n := range []int{2, 1, 0} {
			c := commits[n]
			want = append(want, store.Counted{
				Record: c.Record, Heads: store.Heads{Supplier: "rose", Version: 1, State: c.State, Heads: c.Heads},
			})
		}
		b.same("records", got, want)
		none, err := b.Count(b.ctx, "nobody", crdt.RecordID{}, 9)
		b.ok("count", err)
		b.same("records of nobody", len(none), 0)
	}},
	{"ReleasedIDIsFreeForAnother", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.State, c.Heads, c.Ledger = store.Introducing, nil, []byte(`{"x":1}`)
		c.Batches = []store.Batch{{Origin: origin("rose")}}
		b.must(c)
		b.ok("release", b.Release(b.ctx, id))
		b.restart()
		b.same("version", b.version(id), uint64(0))
		_, err := b.Load(b.ctx, id)
		b.notFound("load", err)
		b.notFound("release again", b.Release(b.ctx, id))
		b.must(commit("lily", id, 0))
		b.same("supplier", b.load(id).Supplier, "lily")
		b.same("ledger", len(b.load(id).Ledger), 0)
		left := b.journal("rose", 0, 9)
		b.same("entries that are left", len(left), 1)
		b.same("their record is the id", left[0].Record == id, false)
		counted, err := b.Count(b.ctx, "rose", crdt.RecordID{}, 9)
		b.ok("count", err)
		b.same("counted", counted, []store.Counted{{
			Record: left[0].Record, Heads: store.Heads{Supplier: "rose", Version: 1, State: store.Deleted},
		}})
	}},
	{"IDThatHoldsChangesIsNotReleased", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		if err := b.Release(b.ctx, id); !errors.Is(err, store.ErrNotEmpty) {
			b.Errorf("got error %v, want %v", err, store.ErrNotEmpty)
		}
		b.same("version", b.version(id), uint64(1))
		b.notFound("release of an unknown id", b.Release(b.ctx, recordID(2)))
	}},
}
