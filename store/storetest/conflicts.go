package storetest

import (
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var conflictCases = []testcase{
	{"ConflictIsReadBackWhole", func(b *bench) {
		id := recordID(1)
		want := conflict(1, id, "wedding_date")
		b.must(with(commit("rose", id, 0), want))
		got, err := b.Conflict(b.ctx, "rose", want.ID)
		b.ok("conflict", err)
		b.same("conflict", got, want)
		want = resolved(want)
		want.Decision = &conflicts.Decision{Action: conflicts.Keep, At: noon, Revision: 3}
		b.must(with(commit("rose", id, 1), want))
		b.same("queue", b.queue("rose", store.ConflictQuery{Limit: 9}), []conflicts.Conflict{want})
	}},
	{"AnothersConflictIsNotFound", func(b *bench) {
		id := recordID(1)
		b.must(with(commit("rose", id, 0), conflict(1, id, "budget")), commit("lily", recordID(2), 0))
		_, err := b.Conflict(b.ctx, "lily", conflict(1, id, "budget").ID)
		b.notFound("conflict", err)
		b.same("queue", len(b.queue("lily", store.ConflictQuery{Limit: 9})), 0)
		_, err = b.Conflict(b.ctx, "rose", "none")
		b.notFound("unknown conflict", err)
	}},
	{"OneCommitMayCloseAConflictAndOpenTheNextInAnyOrder", func(b *bench) {
		id := recordID(1)
		first, second, third := conflict(1, id, "budget"), conflict(2, id, "budget"), conflict(3, id, "budget")
		b.must(with(commit("rose", id, 0), first))
		b.must(with(commit("rose", id, 1), second, resolved(first)))
		b.must(with(commit("rose", id, 2), resolved(second), third))
		b.same("pending", b.queue("rose", store.ConflictQuery{Status: conflicts.Pending, Limit: 9}), []conflicts.Conflict{third})
		b.same("all", len(b.queue("rose", store.ConflictQuery{Limit: 9})), 3)
	}},
	{"QueriesSelectAndPageInOrderOfID", queries},
	{"QueriesSelectByAuthorSourceAndAge", queriesOfPeople},
}

func queriesOfPeople(b *bench) {
	id := recordID(1)
	first, second, third := conflict(1, id, "budget"), resolved(conflict(2, id, "budget")), conflict(3, id, "venue")
	first.Proposals[0].Source = conflicts.FromDevice
	second.OpenedAt = noon.Add(time.Hour)
	second.Proposals[0].Source = conflicts.FromWebhook
	second.Proposals[0].Authors = append(second.Proposals[0].Authors, conflicts.Author{User: "o'neil"})
	third.OpenedAt = noon.Add(2 * time.Hour)
	third.Proposals[0].Authors[0].User = "user"
	b.must(with(commit("rose", id, 0), first, second, third), with(commit("lily", recordID(2), 0), conflict(4, recordID(2), "budget")))
	for _, q := range []struct {
		query  store.ConflictQuery
		want   []conflicts.Conflict
		counts map[crdt.Path]int
	}{
		{store.ConflictQuery{}, []conflicts.Conflict{first, second, third}, map[crdt.Path]int{"budget": 2, "venue": 1}},
		{store.ConflictQuery{Order: store.ByNewest}, []conflicts.Conflict{third, second, first}, map[crdt.Path]int{"budget": 2, "venue": 1}},
		{store.ConflictQuery{Order: store.ByNewest, After: store.ConflictPlace{ID: third.ID}}, []conflicts.Conflict{second, first}, map[crdt.Path]int{"budget": 2, "venue": 1}},
		{store.ConflictQuery{Author: "ben"}, []conflicts.Conflict{first, second}, map[crdt.Path]int{"budget": 2}},
		{store.ConflictQuery{Author: "o'neil"}, []conflicts.Conflict{second}, map[crdt.Path]int{"budget": 1}},
		{store.ConflictQuery{Author: "nobody"}, nil, nil},
		{store.ConflictQuery{Source: conflicts.FromDevice}, []conflicts.Conflict{first}, map[crdt.Path]int{"budget": 1}},
		{store.ConflictQuery{Source: conflicts.FromAPI}, nil, nil},
		{store.ConflictQuery{OpenedBefore: noon.Add(time.Hour)}, []conflicts.Conflict{first}, map[crdt.Path]int{"budget": 1}},
		{store.ConflictQuery{Author: "ben", Status: conflicts.Resolved}, []conflicts.Conflict{second}, map[crdt.Path]int{"budget": 1}},
	} {
		q.query.Limit = 9
		b.same(fmt.Sprintf("%+v", q.query), b.queue("rose", q.query), q.want)
		counts, err := b.ConflictCounts(b.ctx, "rose", q.query)
		b.ok("counts", err)
		b.same(fmt.Sprintf("counts of %+v", q.query), counts, q.counts)
	}
}

func queries(b *bench) {
	one, two := recordID(1), recordID(2)
	all := []conflicts.Conflict{
		resolved(conflict(1, one, "budget")),
		conflict(2, two, "budget"),
		conflict(3, one, "venue"),
		resolved(conflict(4, two, "venue")),
		conflict(5, one, "budget"),
	}
	b.must(
		with(commit("rose", one, 0), all[4], all[2], all[0]),
		with(commit("rose", two, 0), all[3], all[1]),
		with(commit("lily", recordID(3), 0), conflict(6, recordID(3), "budget")))
	for _, q := range []struct {
		query store.ConflictQuery
		want  []int
	}{
		{store.ConflictQuery{Limit: 9}, []int{1, 2, 3, 4, 5}},
		{store.ConflictQuery{Limit: 2}, []int{1, 2}},
		{store.ConflictQuery{Limit: 2, After: store.ConflictPlace{ID: all[1].ID}}, []int{3, 4}},
		{store.ConflictQuery{Limit: 9, After: store.ConflictPlace{ID: all[4].ID}}, nil},
		{store.ConflictQuery{Limit: 0}, nil},
		{store.ConflictQuery{Limit: -1}, nil},
		{store.ConflictQuery{Limit: 9, Status: conflicts.Pending}, []int{2, 3, 5}},
		{store.ConflictQuery{Limit: 1, Status: conflicts.Pending, After: store.ConflictPlace{ID: all[1].ID}}, []int{3}},
		{store.ConflictQuery{Limit: 9, Field: "venue"}, []int{3, 4}},
		{store.ConflictQuery{Limit: 9, Record: one}, []int{1, 3, 5}},
		{store.ConflictQuery{Limit: 9, Record: one, Field: "budget", Status: conflicts.Resolved}, []int{1}},
		{store.ConflictQuery{Limit: 9, Record: recordID(3)}, nil},
		{store.ConflictQuery{Limit: 9, Record: crdt.RecordID{1}}, nil},
		{store.ConflictQuery{Limit: 9, Status: conflicts.Erased}, nil},
	} {
		var want []conflicts.Conflict
		for _, n := range q.want {
			want = append(want, all[n-1])
		}
		b.Logf("query %+v", q.query)
		b.same("rows", b.queue("rose", q.query), want)
	}
}
