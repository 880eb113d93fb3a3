package storetest

import (
	"errors"
	"fmt"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// mergedEntry makes an open merged entry. Ids ascend with n.
func mergedEntry(n int, id crdt.RecordID, field crdt.Path) conflicts.Merged {
	return conflicts.Merged{
		ID: fmt.Sprintf("%026d", n), Record: id, Field: field, Status: conflicts.MergedOpen, Version: 1, OpenedAt: noon,
		Values: []conflicts.MergedValue{
			{
				Value: crdt.Value{Kind: crdt.Text, Str: "<a> \u2028 &"}, Cut: true, Change: hash(n, 1), Source: conflicts.FromDevice,
				Author: conflicts.Author{User: "ben", Device: "phone", Role: conflicts.Member}, EditedAt: noon,
			},
			{Change: hash(n, 2), Source: conflicts.FromAPI, Author: conflicts.Author{User: "ada"}, EditedAt: noon, ReceivedAt: noon},
		},
	}
}

func dismissed(m conflicts.Merged) conflicts.Merged {
	m.Status, m.ClosedAt, m.ClosedBy = conflicts.MergedDismissed, noon, &conflicts.Author{User: "olga", Role: conflicts.Owner}
	m.Version++
	return m
}

func merging(c store.Commit, entries ...conflicts.Merged) store.Commit {
	c.Merged = entries
	return c
}

func (b *bench) merged(supplier string, q store.MergedQuery) []conflicts.Merged {
	b.Helper()
	found, err := b.MergedEntries(b.ctx, supplier, q)
	b.ok("merged entries", err)
	return found
}

var mergedCases = []testcase{
	{"EntryIsReadBackWholeAndMoved", func(b *bench) {
		id := recordID(1)
		want := mergedEntry(1, id, "notes")
		b.must(merging(commit("rose", id, 0), want))
		b.restart()
		got, err := b.MergedEntry(b.ctx, "rose", want.ID)
		b.ok("entry", err)
		b.same("entry", got, want)
		want = dismissed(want)
		b.must(merging(commit("rose", id, 1), want))
		b.same("entries", b.merged("rose", store.MergedQuery{Limit: 9}), []conflicts.Merged{want})
	}},
	{"EntriesAreSelectedAndPagedInOrderOfID", func(b *bench) {
		one, two := recordID(1), recordID(2)
		all := []conflicts.Merged{
			dismissed(mergedEntry(1, one, "notes")), mergedEntry(2, two, "notes"), mergedEntry(3, one, "notes"), mergedEntry(4, one, "phone"),
		}
		b.must(merging(commit("rose", one, 0), all[3], all[2], all[0]), merging(commit("rose", two, 0), all[1]),
			merging(commit("lily", recordID(3), 0), mergedEntry(5, recordID(3), "notes")))
		for _, q := range []struct {
			query store.MergedQuery
			want  []int
		}{
			{store.MergedQuery{Limit: 9}, []int{1, 2, 3, 4}},
			{store.MergedQuery{Limit: 2}, []int{1, 2}},
			{store.MergedQuery{Limit: 9, After: all[1].ID}, []int{3, 4}},
			{store.MergedQuery{Limit: 0}, nil},
			{store.MergedQuery{Limit: -1}, nil},
			{store.MergedQuery{Limit: 9, Status: conflicts.MergedOpen}, []int{2, 3, 4}},
			{store.MergedQuery{Limit: 9, Record: one}, []int{1, 3, 4}},
			{store.MergedQuery{Limit: 9, Record: one, Status: conflicts.MergedDismissed}, []int{1}},
			{store.MergedQuery{Limit: 9, Record: recordID(3)}, nil},
			{store.MergedQuery{Limit: 9, Status: conflicts.MergedUsed}, nil},
		} {
			var want []conflicts.Merged
			for _, n := range q.want {
				want = append(want, all[n-1])
			}
			b.same(fmt.Sprintf("%+v", q.query), b.merged("rose", q.query), want)
		}
	}},
	{"EntryOfAnotherSupplierOrOfADeletedRecordIsNotFound", func(b *bench) {
		id := recordID(1)
		m := mergedEntry(1, id, "notes")
		b.must(merging(commit("rose", id, 0), m), commit("lily", recordID(2), 0))
		_, err := b.MergedEntry(b.ctx, "lily", m.ID)
		b.notFound("another's", err)
		_, err = b.MergedEntry(b.ctx, "rose", "none")
		b.notFound("unknown", err)
		gone := commit("rose", id, 1)
		gone.State = store.Deleted
		b.must(gone)
		_, err = b.MergedEntry(b.ctx, "rose", m.ID)
		b.notFound("of a deleted record", err)
		b.same("entries", len(b.merged("rose", store.MergedQuery{Limit: 9})), 0)
		b.same("entries of any record", b.merged("rose", store.MergedQuery{Unlisted: true, Limit: 9}), []conflicts.Merged{m})
		b.same("entries of any record of another", len(b.merged("lily", store.MergedQuery{Unlisted: true, Limit: 9})), 0)
		b.must(commit("rose", id, 2))
		b.same("entries of a restored record", b.merged("rose", store.MergedQuery{Limit: 9}), []conflicts.Merged{m})
	}},
	{"StaleCommitOpensNoEntry", func(b *bench) {
		id := recordID(1)
		b.expectStale([]crdt.RecordID{id}, merging(commit("rose", id, 3), mergedEntry(1, id, "notes")))
		b.must(commit("rose", id, 0))
		b.same("entries", len(b.merged("rose", store.MergedQuery{Limit: 9})), 0)
	}},
	{"EntriesThatBreakRulesAreRefused", func(b *bench) {
		id, other := recordID(1), recordID(2)
		b.must(merging(commit("rose", id, 0), mergedEntry(1, id, "notes")), commit("rose", other, 0))
		noID, elsewhere := mergedEntry(2, id, "phone"), mergedEntry(1, id, "phone")
		noID.ID = ""
		for name, c := range map[string]store.Commit{
			"without an id":                  merging(commit("rose", id, 1), noID),
			"of another record":              merging(commit("rose", id, 1), mergedEntry(2, other, "notes")),
			"there twice":                    merging(commit("rose", id, 1), dismissed(mergedEntry(2, id, "phone")), dismissed(mergedEntry(2, id, "phone"))),
			"second of one commit":           merging(commit("rose", id, 1), mergedEntry(2, id, "phone"), mergedEntry(3, id, "phone")),
			"second open one of its field":   merging(commit("rose", id, 1), mergedEntry(2, id, "notes")),
			"moved to another field":         merging(commit("rose", id, 1), elsewhere),
			"taken over from another record": merging(commit("rose", other, 1), mergedEntry(1, other, "notes")),
		} {
			_, err := b.Append(b.ctx, []store.Commit{c})
			var broken *store.CommitError
			if !errors.As(err, &broken) || broken.Record != c.Record {
				b.Errorf("%s: got %v", name, err)
			}
		}
		b.must(merging(commit("rose", id, 1), mergedEntry(2, id, "notes"), dismissed(mergedEntry(1, id, "notes"))))
		b.same("open", len(b.merged("rose", store.MergedQuery{Status: conflicts.MergedOpen, Limit: 9})), 1)
	}},
}
