package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wedsync/crdt"
	"wedsync/store"
)

// TestQueriesFindTheirRowsByKey looks for plans that scan a table.
func TestQueriesFindTheirRowsByKey(t *testing.T) {
	s := opened(t, database(t))
	plan := func(name, query string, args ...any) {
		rows, err := s.readers.Query(t.Context(), `EXPLAIN `+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, line := range lines {
			if strings.Contains(line, "Seq Scan") {
				t.Errorf("%s: %s, in the plan\n\t%s", name, strings.TrimSpace(line), strings.Join(lines, "\n\t"))
			}
		}
	}
	conflicts := func(name string, q store.ConflictQuery) {
		query, args := conflictsSelect("rose", q)
		plan(name, query, args...)
	}
	merged := func(name string, q store.MergedQuery) {
		query, args := mergedSelect("rose", q)
		plan(name, query, args...)
	}
	merged("open merged", store.MergedQuery{Status: "open"})
	merged("all merged", store.MergedQuery{After: "x"})
	merged("record's merged", store.MergedQuery{Record: crdt.RecordID{1}, After: "x", Unlisted: true})
	conflicts("pending conflicts", store.ConflictQuery{Status: "pending"})
	conflicts("next page", store.ConflictQuery{After: store.ConflictPlace{ID: "x"}})
	conflicts("newest first", store.ConflictQuery{Order: store.ByNewest, After: store.ConflictPlace{ID: "x"}})
	conflicts("record's conflicts", store.ConflictQuery{Record: crdt.RecordID{1}})
	conflicts("found by name", store.ConflictQuery{Status: "pending", Search: "ada"})
	conflicts("reminders due", store.ConflictQuery{Status: "pending", QuietBefore: time.Unix(1, 0)})
	plan("waiting", waitingQuery)
	plan("receipts", receiptsQuery, "rose", "ada", "", "phone", 9)
	plan("journal", journalQuery, "rose", int64(0), 9, 9)
	plan("history", historyQuery, "rose", int64(0), 9, 9, [16]byte{1})
	plan("moves", movesQuery, "rose", int64(0), 9)
	plan("ends", endsQuery, []string{"rose"})
	plan("suppliers", suppliersQuery, "", 9)
	plan("count", countQuery, "rose", [16]byte{}, 9)
	plan("list", listQuery, "rose", [16]byte{}, 9)
	plan("heads", headsQuery, [][16]byte{{1}})
	plan("load", loadQuery, [16]byte{1}, int64(0))
	plan("project", projectQuery, [][16]byte{{1}}, [][]byte{{}}, []string{`{}`}, []string{""}, []string{""}, []string{""})
	one := [][]byte{{}}
	plan("append", plainCommits, []int32{0}, []string{"rose"}, [][16]byte{{1}}, []int64{0}, []int16{2}, one, one, []string{""}, one)
	text := ""
	plan("append with answers", answeredCommits, []int32{0}, []string{"rose"}, [][16]byte{{1}}, []int64{0}, []int16{2}, one, one, []string{""}, one,
		[]*string{&text}, []*string{&text}, one, []int32{0}, one, []time.Time{{}})
}
