package storetest

import (
	"wedsync/crdt"
	"wedsync/store"
)

var recordCases = []testcase{
	{"HeadsAnswerForThousandsOfRecordsWhoeverTheyBelongTo", func(b *bench) {
		const n = 1000
		want := map[crdt.RecordID]store.Heads{}
		var ids []crdt.RecordID
		var commits []store.Commit
		for i := range n {
			supplier := []string{"rose", "lily"}[i%2]
			c := commit(supplier, recordID(i), 0)
			if i%3 == 0 {
				c.State = store.Deleted
			}
			commits = append(commits, c)
			ids = append(ids, c.Record, recordID(i+n)) // the second is unknown
			want[c.Record] = store.Heads{Supplier: supplier, Version: 1, State: c.State, Heads: c.Heads}
		}
		b.must(commits...)
		got, err := b.Heads(b.ctx, append(ids, ids[0]))
		b.ok("heads", err)
		b.same("heads", got, want)
	}},
	{"HeadsOfNoRecordsAreNone", func(b *bench) {
		b.must(commit("rose", recordID(1), 0))
		got, err := b.Heads(b.ctx, nil)
		b.ok("heads", err)
		b.same("heads", len(got), 0)
	}},
	{"RecordWithoutHeadsIsKnown", func(b *bench) {
		c := commit("rose", recordID(1), 0)
		c.Heads = nil
		b.must(c)
		b.same("version", b.version(recordID(1)), uint64(1))
	}},
	{"UnknownRecordIsNotFound", func(b *bench) {
		_, err := b.Load(b.ctx, recordID(1))
		b.notFound("load", err)
		_, err = b.Summary(b.ctx, "rose", recordID(1))
		b.notFound("summary", err)
	}},
	{"DeletedRecordIsLoadedButNotShown", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		gone := commit("rose", id, 1)
		gone.State = store.Deleted
		b.must(gone)
		b.same("state", b.load(id).State, store.Deleted)
		_, err := b.Summary(b.ctx, "rose", id)
		b.notFound("summary", err)
		back := commit("rose", id, 2)
		b.must(back)
		_, err = b.Summary(b.ctx, "rose", id)
		b.ok("summary of a restored record", err)
	}},
	{"SummaryOfAnothersRecordIsNotFound", func(b *bench) {
		b.must(commit("rose", recordID(1), 0), commit("lily", recordID(2), 0))
		_, err := b.Summary(b.ctx, "lily", recordID(1))
		b.notFound("summary", err)
	}},
	{"ListHoldsTheListedRecordsOfASupplierInOrderOfID", func(b *bench) {
		var commits []store.Commit
		for _, n := range []int{30, 10, 20, 50, 40, 60, 70} {
			commits = append(commits, commit("rose", recordID(n), 0))
		}
		commits[3].State = store.Deleted
		commits[4].State = store.Introducing
		commits[0].Ledger = []byte(`{"x":1}`)
		b.must(append(commits, commit("lily", recordID(15), 0))...)
		var got []crdt.RecordID
		var after crdt.RecordID
		for range 3 {
			page, err := b.List(b.ctx, "rose", after, 2)
			b.ok("list", err)
			for _, s := range page {
				got = append(got, s.Record)
				one, err := b.Summary(b.ctx, "rose", s.Record)
				b.ok("summary", err)
				b.same("summary beside its place in the list", one, s)
				after = s.Record
			}
		}
		b.same("ids", got, []crdt.RecordID{recordID(10), recordID(20), recordID(30), recordID(60), recordID(70)})
		s, err := b.Summary(b.ctx, "rose", recordID(30))
		b.ok("summary", err)
		b.same("summary", s, store.Summary{
			Record: recordID(30),
			Heads:  store.Heads{Supplier: "rose", Version: 1, State: store.Listed, Heads: commits[0].Heads},
			Ledger: commits[0].Ledger,
		})
	}},
	{"DirectoryIsStoredLikeARecordAndListedNowhere", func(b *bench) {
		id := recordID(2)
		for v := range uint64(2) {
			c := commit("rose", id, v)
			c.State = store.Directory
			b.must(c)
		}
		b.must(commit("rose", recordID(1), 0), commit("rose", recordID(3), 0))
		page, err := b.List(b.ctx, "rose", crdt.RecordID{}, 9)
		b.ok("list", err)
		b.same("listed", []crdt.RecordID{page[0].Record, page[len(page)-1].Record}, []crdt.RecordID{recordID(1), recordID(3)})
		b.same("records", len(page), 2)
		_, err = b.Summary(b.ctx, "rose", id)
		b.notFound("summary", err)
		heads, err := b.Heads(b.ctx, []crdt.RecordID{id})
		b.ok("heads", err)
		b.same("state", heads[id].State, store.Directory)
		b.same("batches", len(b.load(id).Batches), 2)
		counted, err := b.Count(b.ctx, "rose", crdt.RecordID{}, 9)
		b.ok("count", err)
		b.same("counted", counted[1], store.Counted{Record: id, Heads: heads[id]})
		b.same("entries", len(b.journal("rose", 0, 9)), 4)
	}},
	{"ListOfNothingIsEmpty", func(b *bench) {
		b.must(commit("rose", recordID(1), 0))
		for _, limit := range []int{0, -1} {
			page, err := b.List(b.ctx, "rose", crdt.RecordID{}, limit)
			b.ok("list", err)
			b.same("page", len(page), 0)
		}
		page, err := b.List(b.ctx, "nobody", crdt.RecordID{}, 9)
		b.ok("list", err)
		b.same("page of an unknown supplier", len(page), 0)
	}},
}

var projectionCases = []testcase{
	{"ProjectionIsShownWithItsHeadsAndReplaced", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		for _, fields := range []string{`{"name":"A & B"}`, `{"name":"C & D"}`} {
			heads := []crdt.Hash{hash(fields), hash(fields, 2)}
			b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Heads: heads, Fields: []byte(fields)}))
			s, err := b.Summary(b.ctx, "rose", id)
			b.ok("summary", err)
			b.same("projection", string(s.Projection), fields)
			b.same("projected heads", s.ProjectedHeads, heads)
		}
		b.same("version", b.version(id), uint64(1))
		b.same("entries", len(b.journal("rose", 0, 9)), 1)
	}},
	{"ProjectionsAreStoredTogether", func(b *bench) {
		b.must(commit("rose", recordID(1), 0), commit("rose", recordID(3), 0))
		b.ok("project", b.Project(b.ctx,
			store.Projection{Record: recordID(1), Fields: []byte(`{"n":1}`)},
			store.Projection{Record: recordID(2), Fields: []byte(`{"n":2}`)},
			store.Projection{Record: recordID(3), Fields: []byte(`{"n":3}`)}))
		page, err := b.List(b.ctx, "rose", crdt.RecordID{}, 9)
		b.ok("list", err)
		b.same("records", len(page), 2)
		b.same("first", string(page[0].Projection), `{"n":1}`)
		b.same("second", string(page[1].Projection), `{"n":3}`)
		b.ok("project nothing", b.Project(b.ctx))
	}},
	{"ProjectionOfAnUnknownRecordIsIgnored", func(b *bench) {
		b.ok("project", b.Project(b.ctx, store.Projection{Record: recordID(1), Fields: []byte(`{}`)}))
		b.must(commit("rose", recordID(1), 0))
		s, err := b.Summary(b.ctx, "rose", recordID(1))
		b.ok("summary", err)
		b.same("projection", s.Projection == nil, true)
	}},
	{"ProjectionOutlivesCommits", func(b *bench) {
		id := recordID(1)
		b.must(commit("rose", id, 0))
		b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Heads: []crdt.Hash{hash(1)}, Fields: []byte(`{}`)}))
		b.must(commit("rose", id, 1))
		s, err := b.Summary(b.ctx, "rose", id)
		b.ok("summary", err)
		b.same("projected heads", s.ProjectedHeads, []crdt.Hash{hash(1)})
	}},
}
