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
	inbox := func(name string, q store.InboxQuery) {
		query, args := inboxSelect("rose", q)
		plan(name, query, args...)
	}
	inbox("inbox", store.InboxQuery{After: 9})
	inbox("inbox of a connection", store.InboxQuery{Connection: "crm", After: 9})
	inbox("dead events", store.InboxQuery{State: store.EventDead, Oldest: true})
	inbox("record's events", store.InboxQuery{Record: crdt.RecordID{1}})
	plan("unfinished", unfinishedQuery, "rose", "crm", "7", int64(9), 9)
	plan("due events", dueEventsQuery, time.Unix(1, 0), 9)
	plan("inbox counts", inboxCountsQuery, "rose")
	plan("room", roomQuery, []string{"rose"}, 9)
	plan("connections", connectionsQuery+` WHERE supplier = $1`, "rose")
	plan("identified", identifiedQuery, "rose", "crm", "7")
	plan("objects", objectsQuery, "rose", "crm", "7", 9)
	plan("objects of", objectsOfQuery, "rose", [16]byte{1}, 9)
	plan("by contact", byContactQuery, "rose", []string{"email"}, []string{"x"}, 9)
	deliveries := func(name string, q store.DeliveryQuery) {
		query, args := deliveriesSelect("rose", q)
		plan(name, query, args...)
	}
	deliveries("deliveries", store.DeliveryQuery{Before: 9})
	deliveries("endpoint's deliveries", store.DeliveryQuery{Endpoint: "x", Before: 9})
	deliveries("failed deliveries", store.DeliveryQuery{State: store.DeliveryFailed})
	deliveries("record's deliveries", store.DeliveryQuery{Record: crdt.RecordID{1}})
	plan("claim", claimQuery, "rose", "x", time.Unix(1, 0), time.Unix(1, 0), 9)
	plan("next due", nextDueQuery, "rose", "x")
	plan("delivery counts", deliveryCountsQuery, "rose")
	plan("mark", markQuery, "rose", "x", [][16]byte{{1}})
	plan("unmark", unmarkQuery, "rose", "x", [][16]byte{{1}})
	stream := func(name string, one stream, q store.TimelineQuery) {
		query, args := one.query(&q)
		plan(name, query, args...)
	}
	record, address := crdt.RecordID{1}, store.Contact{Kind: store.EMail, Value: "ada@x.test"}
	before := store.TimelinePosition{At: time.Unix(1, 0), ID: "x"}
	stream("contact's items", contactStream("rose", record, address), store.TimelineQuery{Before: before, Kinds: []string{"sms"}, Account: "a"})
	stream("linked items", linkStream("rose", record), store.TimelineQuery{Before: before, Direction: store.Inbound})
	stream("nobody's items", unmatchedStream("rose"), store.TimelineQuery{Before: before, From: time.Unix(1, 0)})
	stream("contact's words", contactStream("rose", record, address), store.TimelineQuery{Text: "menu"})
	plan("own contacts", ownContactsQuery, "rose", [16]byte{1})
	plan("contacts of an erasure", erasedContacts, "rose", [16]byte{1}, []string{"email"}, []string{"x"})
	plan("owners", itemOwners, "rose", []string{"x"})
	plan("thread owners", threadOwnersQuery, "rose", [][]byte{{1}}, 9)
	plan("links", linksQuery, "rose", "x")
	plan("untold", untoldQuery, "x", 9)
	plan("accounts", accountsQuery, "rose")
	plan("all accounts", allAccounts, "x", 9)
	plan("cursors", cursorsQuery, "rose", "x")
	plan("due cursors", dueCursorsQuery, time.Unix(1, 0), 9)
	plan("kept items", keptQuery, "rose", "x", 9)
	plan("kept links", keptLinksQuery, "rose", []string{"x"})
	plan("items", itemsByID, "rose", []string{"x"})
	plan("occurrences", copiesOf, "rose", []string{"x"})
	plan("pulled items", pulledItems, "rose", [][]byte{{1}}, "x", []string{"x"})
	plan("heads", headsQuery, [][16]byte{{1}})
	plan("load", loadQuery, [16]byte{1}, int64(0))
	plan("project", projectQuery, [][16]byte{{1}}, [][]byte{{}}, []string{`{}`}, []string{""}, []string{""}, []string{""})
	one := [][]byte{{}}
	plan("append", plainCommits, []int32{0}, []string{"rose"}, [][16]byte{{1}}, []int64{0}, []int16{2}, one, one, []string{""}, one)
	text := ""
	plan("append with answers", answeredCommits, []int32{0}, []string{"rose"}, [][16]byte{{1}}, []int64{0}, []int16{2}, one, one, []string{""}, one,
		[]*string{&text}, []*string{&text}, one, []int32{0}, one, []time.Time{{}})
}
