package storetest

import (
	"context"
	"errors"
	"math"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var appendCases = []testcase{
	{"CommitIsReadBackWhole", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.Heads = []crdt.Hash{hash("a"), hash("b")}
		c.Batches = []store.Batch{
			{Chunks: [][]byte{chunk("x"), {}, chunk("y")}, Origin: origin("rose")},
			{Chunks: [][]byte{chunk("hub")}, Hub: true, Origin: origin("rose")},
			{Origin: origin("rose")},
		}
		c.Ledger = []byte(`{"accepted":{}}`)
		b.must(c)
		b.restart()
		for i := range c.Batches {
			c.Batches[i].Origin = store.Origin{}
		}
		b.same("record", b.load(id), &store.Stored{
			Heads:   store.Heads{Supplier: "rose", Version: 1, State: store.Listed, Heads: c.Heads},
			Ledger:  c.Ledger,
			Batches: c.Batches,
		})
	}},
	{"BatchesComeInTheOrderOfTheirCommits", func(b *bench) {
		id, other := recordID(1), recordID(2)
		var want [][]byte
		for v := range uint64(20) {
			b.must(commit("rose", other, v), commit("rose", id, v))
			want = append(want, chunk(id, v))
		}
		st := b.load(id)
		var got [][]byte
		for _, batch := range st.Batches {
			got = append(got, batch.Chunks...)
		}
		b.same("chunks", got, want)
		b.same("heads", st.Heads.Heads, []crdt.Hash{hash(id, uint64(19))})
		b.same("version", st.Version, uint64(20))
	}},
	{"CommitWithoutBatchesIsAStepToo", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.Batches = nil
		b.must(c, commit("rose", recordID(2), 0))
		b.same("version", b.version(id), uint64(1))
		b.same("batches", b.load(id).Batches, []store.Batch(nil))
		b.same("entries", len(b.journal("rose", 0, 9)), 2)
	}},
	{"NilLedgerKeepsTheStoredOne", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.Ledger = []byte(`{"a":1}`)
		b.must(c)
		b.must(commit("rose", id, 1))
		b.same("ledger", string(b.load(id).Ledger), `{"a":1}`)
		c = commit("rose", id, 2)
		c.Ledger = []byte(`{"a":2}`)
		b.must(c)
		b.same("ledger", string(b.load(id).Ledger), `{"a":2}`)
	}},
	{"StaleCommitsAreLeftOutAndTheOthersStored", func(b *bench) {
		moved, fresh, absent := recordID(1), recordID(2), recordID(3)
		b.must(commit("rose", moved, 0))
		b.must(commit("rose", moved, 1))
		old := with(commit("rose", moved, 1), conflict(1, moved, "budget"))
		old.Ledger = []byte(`{"stale":true}`)
		b.expectStale([]crdt.RecordID{moved, absent}, old, commit("rose", fresh, 0), commit("rose", absent, 4))
		b.same("version of the stale record", b.version(moved), uint64(2))
		b.same("version of the new record", b.version(fresh), uint64(1))
		b.same("version of the absent record", b.version(absent), uint64(0))
		b.same("ledger", b.load(moved).Ledger, []byte(nil))
		b.same("conflicts", len(b.queue("rose", store.ConflictQuery{Limit: 9})), 0)
		b.same("entries", len(b.journal("rose", 0, 9)), 3)
	}},
	{"NewRecordThatExistsIsStale", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.expectStale([]crdt.RecordID{id}, commit("rose", id, 0))
		b.same("batches", len(b.load(id).Batches), 1)
	}},
	{"RecordStaysBoundToItsFirstSupplierThroughDeletion", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.expectStale([]crdt.RecordID{id}, commit("lily", id, 0))
		b.expectStale([]crdt.RecordID{id}, commit("lily", id, 1))
		gone := commit("rose", id, 1)
		gone.State = store.Deleted
		b.must(gone)
		b.expectStale([]crdt.RecordID{id}, commit("lily", id, 0))
		b.expectStale([]crdt.RecordID{id}, commit("lily", id, 2))
		b.same("supplier", b.load(id).Supplier, "rose")
		b.same("entries of the other", len(b.journal("lily", 0, 9)), 0)
	}},
	{"RefusedCommitStoresNothingOfItsBatch", refusals},
	{"EmptyBatchIsNothing", func(b *bench) {
		b.must()
	}},
	{"EndedContextStoresNothing", func(b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		if _, err := b.Append(ctx, []store.Commit{commit("rose", recordID(1), 0)}); !errors.Is(err, context.Canceled) {
			b.Errorf("got error %v, want %v", err, context.Canceled)
		}
		b.same("version", b.version(recordID(1)), uint64(0))
	}},
	{"WhatTheCallerGaveStaysTheCallers", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		want := chunk(id, uint64(0))
		b.must(c)
		clear(c.Batches[0].Chunks[0])
		clear(c.Heads)
		st := b.load(id)
		b.same("chunk", st.Batches[0].Chunks[0], want)
		clear(st.Batches[0].Chunks[0])
		b.same("chunk read again", b.load(id).Batches[0].Chunks[0], want)
	}},
	{"LargeCommitIsStored", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		large := make([]byte, 4<<20)
		copy(large, chunk("large"))
		c.Batches[0].Chunks = [][]byte{large, chunk("small"), large}
		b.must(c)
		b.same("same bytes", string(b.load(id).Batches[0].Chunks[2]) == string(large), true)
	}},
}

// refusals are the commits that never can be stored.
func refusals(b *bench) {
	id, other := recordID(1), recordID(2)
	b.must(with(commit("rose", id, 0), conflict(1, id, "budget")), with(commit("rose", other, 0), conflict(2, other, "budget")))
	edit := func(change func(*store.Commit)) []store.Commit {
		c := commit("rose", id, 1)
		change(&c)
		return []store.Commit{c}
	}
	for name, commits := range map[string][]store.Commit{
		"zero id":               edit(func(c *store.Commit) { c.Record = crdt.RecordID{} }),
		"no supplier":           edit(func(c *store.Commit) { c.Supplier = "" }),
		"unknown state":         edit(func(c *store.Commit) { c.State = 9 }),
		"no state":              edit(func(c *store.Commit) { c.State = 0 }),
		"version too high":      edit(func(c *store.Commit) { c.Version = math.MaxUint64 }),
		"too large":             edit(func(c *store.Commit) { c.Batches[0].Chunks = tooLarge() }),
		"two of one record":     {commit("rose", id, 1), commit("rose", id, 2)},
		"second pending":        {with(commit("rose", id, 1), conflict(3, id, "budget"))},
		"two pending at once":   {with(commit("rose", id, 1), conflict(3, id, "venue"), conflict(4, id, "venue"))},
		"conflict twice":        {with(commit("rose", id, 1), conflict(1, id, "budget"), conflict(1, id, "budget"))},
		"conflict without id":   {with(commit("rose", id, 1), conflicts.Conflict{Record: id, Status: conflicts.Pending})},
		"conflict of another":   {with(commit("rose", id, 1), conflict(2, other, "budget"))},
		"conflict id of other":  {with(commit("rose", id, 1), resolved(conflict(2, id, "budget")))},
		"conflict moves fields": {with(commit("rose", id, 1), resolved(conflict(1, id, "venue")))},
	} {
		b.Run(name, func(t *testing.T) {
			bystander := commit("rose", recordID(7), 0)
			batch := append([]store.Commit{bystander}, commits...)
			_, err := b.Append(b.ctx, batch)
			var refused *store.CommitError
			if !errors.As(err, &refused) {
				t.Fatalf("got error %v, want a CommitError", err)
			}
			same(t, "refused record", refused.Record, commits[0].Record)
			if v := b.version(bystander.Record); v != 0 {
				t.Errorf("the other commit of the batch was stored")
			}
			if v := b.version(id); v != 1 {
				t.Errorf("version is %d, want 1", v)
			}
		})
	}
	b.must(commit("rose", id, 1))
	b.same("entries", len(b.journal("rose", 0, 9)), 3)
}

// tooLarge is more than a commit may hold, in chunks that share their bytes.
func tooLarge() (chunks [][]byte) {
	one := make([]byte, 1<<20)
	for range store.MaxCommit/len(one) + 1 {
		chunks = append(chunks, one)
	}
	return chunks
}
