package storetest

import (
	"encoding/json"
	"math"
	"slices"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// posted makes a commit that only tells what an app posted.
func posted(supplier string, id crdt.RecordID, version uint64) store.Commit {
	c := commit(supplier, id, version)
	c.Batches[0].Chunks = nil
	c.Batches[0].Origin.Kind = "activity"
	c.Batches[0].Origin.Activity = &conflicts.Activity{Kind: "call", Text: "Called <b>Zoe</b> \u2028", Data: json.RawMessage(`{"minutes":12}`)}
	return c
}

func (b *bench) happenings(supplier string, after uint64, limit int) []store.Entry {
	b.Helper()
	entries, err := b.Happenings(b.ctx, supplier, after, limit)
	b.ok("happenings", err)
	return entries
}

func (b *bench) happeningsOf(supplier string, id crdt.RecordID, before uint64, limit int) []store.Entry {
	b.Helper()
	entries, err := b.HappeningsOf(b.ctx, supplier, id, before, limit)
	b.ok("happenings of a record", err)
	return entries
}

// bare are entries without what happenings leave out.
func bare(entries []store.Entry) []store.Entry {
	for i := range entries {
		for n := range entries[i].Batches {
			batch := &entries[i].Batches[n]
			batch.Chunks, batch.Hub = nil, false
		}
	}
	return entries
}

var happeningCases = []testcase{
	{"HappeningsAreTheJournalWithoutChanges", func(b *bench) {
		id := recordID(1)
		c := commit("rose", id, 0)
		c.Batches[0].Origin.Changed = []string{"notes", "phone", conflicts.ChangedMore}
		c.Batches[0].Origin.Steps = &conflicts.Steps{
			Phase: conflicts.Created,
			Conflicts: []conflicts.ConflictStep{{
				ID: "c", Field: "budget", Status: conflicts.Resolved, Was: conflicts.Pending, Version: 3, Reason: "stale", Action: conflicts.Keep,
				Proposals: []conflicts.ProposalStep{{ID: "p", State: conflicts.Rejected, Was: conflicts.Open, Author: conflicts.Author{User: "ben"}}},
			}},
			Merged: []conflicts.MergedStep{{ID: "m", Field: "notes", Status: conflicts.MergedOpen, Version: 1}},
		}
		c.Batches = append(c.Batches, store.Batch{Chunks: [][]byte{chunk("a")}, Hub: true, Origin: origin("rose")})
		b.must(c, commit("lily", recordID(9), 0))
		b.must(posted("rose", id, 1))
		b.restart()
		got := b.happenings("rose", 0, 9)
		b.same("happenings", got, bare(b.journal("rose", 0, 9)))
		b.same("what a batch tells", got[0].Batches[0].Origin, c.Batches[0].Origin)
		b.same("what an app posted", got[1].Batches[0].Origin.Activity, posted("rose", id, 1).Batches[0].Origin.Activity)
	}},
	{"PagesOfHappeningsBeginAfterTheCursor", func(b *bench) {
		for v := range uint64(5) {
			b.must(commit("rose", recordID(1), v))
		}
		b.same("page", b.happenings("rose", 2, 2), bare(b.journal("rose", 2, 2)))
		for _, after := range []uint64{5, 6, 1 << 40, math.MaxUint64} {
			b.same("after the end", len(b.happenings("rose", after, 9)), 0)
		}
		b.same("of limit 0", len(b.happenings("rose", 0, 0)), 0)
		b.same("of nobody", len(b.happenings("nobody", 0, 9)), 0)
	}},
	{"PageOfLargeHappeningsEndsEarlyButIsNeverEmpty", func(b *bench) {
		const n = 3
		id := recordID(1)
		for v := range uint64(n) {
			c := commit("rose", id, v)
			c.Batches[0].Origin.From.User = string(slices.Repeat([]byte("u"), store.MaxPage*2/3))
			if v == 0 { // what is no part of a happening does not count
				c.Batches[0].Chunks = append(c.Batches[0].Chunks, make([]byte, store.MaxPage))
			}
			b.must(c)
		}
		after, pages := uint64(0), 0
		for after < n && pages < n {
			page := b.happenings("rose", after, 99)
			if len(page) == 0 || len(page) > 2 {
				b.Fatalf("page after %d has %d entries, want 1 or 2", after, len(page))
			}
			after, pages = page[len(page)-1].Number, pages+1
		}
		b.same("last number", after, uint64(n))
		b.same("entries of the last page", len(b.happeningsOf("rose", id, 0, 99)), 2)
	}},
	{"HappeningsOfARecordComeNewestFirst", func(b *bench) {
		id := recordID(1)
		for v := range uint64(3) {
			b.must(commit("rose", recordID(2), v), commit("rose", id, v))
		}
		want := bare(b.history("rose", id, 0, 9))
		slices.Reverse(want)
		b.same("all", b.happeningsOf("rose", id, 0, 9), want)
		b.same("from far above", b.happeningsOf("rose", id, math.MaxUint64, 9), want)
		b.same("below the newest", b.happeningsOf("rose", id, want[0].Number, 1), want[1:2])
		b.same("below the oldest", len(b.happeningsOf("rose", id, want[2].Number, 9)), 0)
		b.same("another supplier's", len(b.happeningsOf("lily", id, 0, 9)), 0)
	}},
	{"ErasureTakesWhatWasPostedAway", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.must(posted("rose", id, 1))
		e := erasure("rose", id, 2)
		b.ok("erase", b.Erase(b.ctx, e))
		b.restart()
		got := b.happenings("rose", 0, 9)
		b.same("entries", len(got), 3)
		b.same("batches of those before", len(got[0].Batches)+len(got[1].Batches), 0)
		b.same("the erasure", got[2].Batches, []store.Batch{{Origin: e.Origin}})
		b.same("of the record", b.happeningsOf("rose", id, 0, 9)[0], got[2])
	}},
}
