package storetest

import (
	"fmt"
	"time"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

var queueCases = []testcase{
	{"ConflictsAreFoundByTheNamesOfTheirClients", searches},
	{"RowsSayWhatTheirClientsAreCalled", func(b *bench) {
		id := recordID(1)
		b.must(with(commit("rose", id, 0), conflict(1, id, "budget")))
		b.same("before it is projected", b.queued("rose", store.ConflictQuery{Limit: 9})[0].Client, "")
		for _, name := range []string{"Ada & Ben", "Ada & Cem"} {
			b.project(id, `{"name":"`+name+`"}`)
			b.same("client", b.queued("rose", store.ConflictQuery{Limit: 9})[0].Client, name)
		}
	}},
	{"EveryOrderIsPagedWithoutGapOrRepetition", orders},
	{"PagesGoOnWhereTheyStoodThoughTheRowMoved", func(b *bench) {
		for n, name := range []string{"Ada", "Ben", "Cem"} {
			id := recordID(n)
			b.must(with(commit("rose", id, 0), conflict(n, id, "budget")))
			b.project(id, `{"name":"`+name+`"}`)
		}
		first := b.queued("rose", store.ConflictQuery{Order: store.ByClient, Limit: 2})
		b.project(recordID(1), `{"name":"Zoe"}`)
		rest := b.queue("rose", store.ConflictQuery{Order: store.ByClient, Limit: 9, After: first[1].Place})
		b.same("rest", rest, []conflicts.Conflict{conflict(2, recordID(2), "budget"), conflict(1, recordID(1), "budget")})
	}},
	{"ConflictsAreCountedByDevice", devicesCounted},
	{"WaitingSuppliersAreTold", waiting},
}

func (b *bench) project(id crdt.RecordID, fields string) {
	b.Helper()
	b.ok("project", b.Project(b.ctx, store.Projection{Record: id, Heads: []crdt.Hash{hash(fields)}, Fields: []byte(fields)}))
}

func searches(b *bench) {
	for n, fields := range []string{
		`{"name":"Ada & Ben Müller"}`,
		`{"partner_a_name":"Çelik","partner_b_name":"ÅSA","venue_name":"Old Barn","notes":"Müller"}`,
		`{"venue":{"name":"Mill"},"couple":{"names":["Ann","Bo"]},"sync_conflicts":{"venue_name":"Mueller"}}`,
		`{"name":7}`,
	} {
		id := recordID(n)
		b.must(with(commit("rose", id, 0), conflict(n, id, "budget"), conflict(10+n, id, "venue")))
		b.project(id, fields)
	}
	other := recordID(9)
	b.must(with(commit("lily", other, 0), conflict(99, other, "budget")))
	b.project(other, `{"name":"Ada"}`)
	for search, want := range map[string][]int{
		"ada": {0}, "ADA ben": {0}, "ben ada": {0}, "muller": {0}, "MÜLL": {0}, "ada mill": nil, "%": nil, "_": nil, "'": nil,
		"celik": {1}, "åsa": {1}, "asa old": {1}, "bo ann": {2}, "mill": {2}, "mueller": nil, "7": nil,
		" ": {0, 1, 2, 3}, "\x00": {0, 1, 2, 3}, "\\": nil, `"`: nil,
	} {
		var rows []conflicts.Conflict
		for _, n := range want {
			rows = append(rows, conflict(n, recordID(n), "budget"))
		}
		q := store.ConflictQuery{Search: search, Field: "budget", Limit: 9}
		b.same(fmt.Sprintf("search %q", search), b.queue("rose", q), rows)
		counts, err := b.ConflictCounts(b.ctx, "rose", q)
		b.ok("counts", err)
		b.same(fmt.Sprintf("count of search %q", search), counts["budget"], len(rows))
	}
}

func orders(b *bench) {
	names := []string{"Zoe", "ada", "", "Åsa", "Ada"}
	var rows []conflicts.Conflict
	for n, name := range names {
		id := recordID(n)
		rows = append(rows, conflict(10*n, id, "venue"), conflict(10*n+1, id, "budget"))
		b.must(with(commit("rose", id, 0), rows[2*n:]...))
		if name != "" {
			b.project(id, `{"name":"`+name+`"}`)
		}
	}
	for order, want := range map[store.ConflictOrder][]int{
		store.ByOldest: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		store.ByNewest: {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
		store.ByClient: {4, 5, 2, 3, 8, 9, 6, 7, 0, 1},
		store.ByField:  {1, 3, 5, 7, 9, 0, 2, 4, 6, 8},
	} {
		var all []conflicts.Conflict
		for _, n := range want {
			all = append(all, rows[n])
		}
		for limit := 1; limit <= len(all)+1; limit++ {
			var got []conflicts.Conflict
			q := store.ConflictQuery{Status: conflicts.Pending, Order: order, Limit: limit}
			for {
				page := b.queued("rose", q)
				if len(page) == 0 {
					break
				}
				for _, row := range page {
					got = append(got, row.Conflict)
				}
				q.After = page[len(page)-1].Place
			}
			b.same(fmt.Sprintf("order %q in pages of %d", order, limit), got, all)
		}
	}
}

func devicesCounted(b *bench) {
	id := recordID(1)
	first, second, third := conflict(1, id, "budget"), conflict(2, id, "venue"), resolved(conflict(3, id, "budget"))
	phone, tablet := conflicts.Author{User: "ben", Device: "phone"}, conflicts.Author{User: "ada", Device: "tablet"}
	first.Proposals[0].Authors = []conflicts.Author{phone, tablet}
	first.Proposals = append(first.Proposals, first.Proposals[0]) // counted once
	second.Proposals[0].Authors = []conflicts.Author{phone, {User: "crm"}}
	third.Proposals[0].Authors = []conflicts.Author{tablet}
	b.must(with(commit("rose", id, 0), first, second, third))
	for _, c := range []struct {
		query store.ConflictQuery
		limit int
		want  []store.DeviceCount
	}{
		{store.ConflictQuery{}, 9, []store.DeviceCount{device("ada", "tablet", 2), device("ben", "phone", 2)}},
		{store.ConflictQuery{Status: conflicts.Pending}, 9, []store.DeviceCount{device("ben", "phone", 2), device("ada", "tablet", 1)}},
		{store.ConflictQuery{Status: conflicts.Pending}, 1, []store.DeviceCount{device("ben", "phone", 2)}},
		{store.ConflictQuery{Field: "venue"}, 9, []store.DeviceCount{device("ben", "phone", 1)}},
		{store.ConflictQuery{Search: "nobody"}, 9, nil},
		{store.ConflictQuery{}, 0, nil},
	} {
		got, err := b.ConflictDevices(b.ctx, "rose", c.query, c.limit)
		b.ok("devices", err)
		b.same(fmt.Sprintf("devices of %+v", c.query), got, c.want)
	}
	b.same("by device", len(b.queue("rose", store.ConflictQuery{Device: "tablet", Limit: 9})), 2)
	b.same("by no device", len(b.queue("rose", store.ConflictQuery{Device: "crm", Limit: 9})), 0)
}

func waiting(b *bench) {
	one, two := recordID(1), recordID(2)
	old, young, closed := conflict(1, one, "budget"), conflict(2, one, "venue"), resolved(conflict(3, one, "name"))
	closed.OpenedAt = noon.Add(-time.Hour)
	young.OpenedAt = noon.Add(time.Hour)
	b.must(with(commit("rose", one, 0), old, young, closed), commit("none", recordID(3), 0))
	b.must(with(commit("lily", two, 0), conflict(4, two, "budget")))
	told := func(want ...store.Waiting) {
		b.Helper()
		got, err := b.Waiting(b.ctx)
		b.ok("waiting", err)
		b.same("waiting", got, want)
	}
	lily := store.Waiting{Supplier: "lily", Pending: 1, Oldest: noon, Quiet: noon}
	told(lily, store.Waiting{Supplier: "rose", Pending: 2, Oldest: noon, Quiet: noon})
	old.RemindedAt, old.Reminders = noon.Add(2*time.Hour), 1
	b.must(with(commit("rose", one, 1), old))
	told(lily, store.Waiting{Supplier: "rose", Pending: 2, Oldest: noon, Quiet: noon.Add(time.Hour)})
	quiet := store.ConflictQuery{Status: conflicts.Pending, QuietBefore: noon.Add(90 * time.Minute), Limit: 9}
	b.same("quiet", b.queue("rose", quiet), []conflicts.Conflict{young})
	b.must(with(commit("rose", one, 2), resolved(old), resolved(young)))
	told(lily)
}

func device(user, name string, conflicts int) store.DeviceCount {
	return store.DeviceCount{User: user, Device: name, Conflicts: conflicts}
}
