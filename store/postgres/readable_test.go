package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

// stocked stores what a supplier reads: two clients, of which one is deleted,
// a conflict, and a directory.
func stocked(t *testing.T, s *Store, supplier string, first byte) {
	t.Helper()
	for n := range byte(2) {
		id := crdt.RecordID{first, n}
		c := store.Commit{
			Supplier: supplier, Record: id, State: store.Listed,
			Batches: []store.Batch{{Chunks: [][]byte{{1}}, Origin: store.Origin{
				Kind: "sync", From: conflicts.Principal{Supplier: supplier, User: "ada\x00", Device: "phone", Role: conflicts.Owner},
				Changed: []string{"notes"}, Activity: &conflicts.Activity{Kind: "call", Text: "Called"},
			}}},
			Conflicts: []conflicts.Conflict{{
				ID: fmt.Sprintf("%s-%d", supplier, n), Record: id, Field: "budget", Status: conflicts.Pending, Version: 1,
				Current: conflicts.Revisioned{Revision: 1, Value: crdt.Value{Kind: crdt.Int, Int: 12500}},
				Proposals: []conflicts.Proposal{{
					State: conflicts.Open, Value: crdt.Value{Kind: crdt.Text, Str: "13\x00000"},
					Authors: []conflicts.Author{{User: "ben"}},
				}},
			}},
		}
		if stale, err := s.Append(t.Context(), []store.Commit{c}); err != nil || len(stale) > 0 {
			t.Fatal(stale, err)
		}
		fields := `{"name":"Ada & Ben","email":"ada@example.org","wedding_date":"2027-06-12","budget":12500,"venue_name":"Old\u0000Barn","guests":7}`
		if err := s.Project(t.Context(), store.Projection{Record: id, Fields: []byte(fields)}); err != nil {
			t.Fatal(err)
		}
	}
	directory := store.Commit{
		Supplier: supplier, Record: crdt.RecordID{first, 2}, State: store.Directory,
		Batches: []store.Batch{{Chunks: [][]byte{{1}}, Origin: store.Origin{Kind: conflicts.KindDirectory}}},
	}
	if stale, err := s.Append(t.Context(), []store.Commit{directory}); err != nil || len(stale) > 0 {
		t.Fatal(stale, err)
	}
	gone := store.Commit{Supplier: supplier, Record: crdt.RecordID{first, 1}, Version: 1, State: store.Deleted}
	if stale, err := s.Append(t.Context(), []store.Commit{gone}); err != nil || len(stale) > 0 {
		t.Fatal(stale, err)
	}
}

// asked runs a query as a role with the claims of a token, and returns its rows
// as psql -At would print them.
func asked(t *testing.T, address, role, claims, query string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `SET ROLE `+role); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT set_config('request.jwt.claims', $1, false)`, claims); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `SELECT coalesce(string_agg(concat_ws('|', VARIADIC ARRAY(SELECT value FROM json_each_text(row_to_json(q)))), E'\n'), '') FROM (`+query+`) q`)
	if err != nil {
		return "", err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
}

func TestSupplierReadsItsOwnRowsAsColumns(t *testing.T) {
	address := database(t)
	s := opened(t, address)
	stocked(t, s, "rose", 1)
	stocked(t, s, "lily", 2)
	client := crdt.RecordID{1, 0}.ClientID()
	for query, want := range map[string]string{
		`SELECT client_id, name, email, wedding_date, venue_name, budget, fields ->> 'guests' FROM clients`:                               client + `|Ada & Ben|ada@example.org|2027-06-12|Old\0Barn|12500|7`,
		`SELECT client_id, field, status, current_value, proposed_value FROM sync_conflicts WHERE status = 'pending' ORDER BY id LIMIT 1`: client + "|budget|pending|12500|13\ufffd000",
		`SELECT number, client_id, version, kind, user_id, device, role FROM client_activities ORDER BY number LIMIT 1`:                   "1|" + client + "|1|sync|ada\ufffd|phone|owner",
		`SELECT changed, steps, activity ->> 'text' FROM client_activities ORDER BY number LIMIT 1`:                                       `["notes"]|Called`,
		`SELECT DISTINCT supplier_id FROM clients`:                "rose",
		`SELECT DISTINCT supplier_id FROM sync_conflicts`:         "rose",
		`SELECT DISTINCT supplier_id FROM client_activities`:      "rose",
		`SELECT DISTINCT kind FROM client_activities`:             "sync",
		`SELECT count(*) FROM clients`:                            "1",
		`SELECT count(*) FROM clients WHERE supplier_id = 'lily'`: "0",
	} {
		for _, claims := range []string{`{"supplier_id":"rose"}`, `{"app_metadata":{"supplier_id":"rose"},"user_metadata":{"supplier_id":"lily"}}`} {
			if got, err := asked(t, address, "wedsync_reader", claims, query); err != nil || got != want {
				t.Errorf("%s\ngot  %q, %v\nwant %q", query, got, err, want)
			}
		}
	}
}

func TestNobodyReadsWithoutAClaimAndNobodyWrites(t *testing.T) {
	address := database(t)
	s := opened(t, address)
	stocked(t, s, "rose", 1)
	for _, table := range []string{"clients", "sync_conflicts", "client_activities"} {
		for _, claims := range []string{``, `{}`, `{"supplier_id":null}`, `{"user_metadata":{"supplier_id":"rose"}}`, `{"supplier_id":["rose"]}`} {
			if got, err := asked(t, address, "wedsync_reader", claims, `SELECT count(*) FROM `+table); err != nil || got != "0" {
				t.Errorf("%s with claims %s: %q, %v; want nothing", table, claims, got, err)
			}
		}
	}
	if err := s.PutJobs(t.Context(), store.Job{Kind: "inbound"}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{
		"wedsync.suppliers", "wedsync.bindings", "wedsync.records", "wedsync.ledgers", "wedsync.projections", "wedsync.merged", "wedsync.receipts",
		"wedsync.answers", "wedsync.devices", "wedsync.roles", "wedsync.revoked", "wedsync.tickets", "wedsync.meta", "wedsync.connections",
		"wedsync.inbox", "wedsync.objects", "wedsync.contacts", "wedsync.endpoints", "wedsync.deliveries", "river.river_job",
	} {
		if _, err := asked(t, address, "wedsync_reader", `{"supplier_id":"rose"}`, `SELECT * FROM `+table); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: got error %v, want that permission is denied", table, err)
		}
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `SET ROLE wedsync_reader`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`DELETE FROM clients`, `UPDATE sync_conflicts SET status = 'resolved'`, `UPDATE wedsync.batches SET number = 9`,
		`SELECT body FROM wedsync.batches`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: got error %v, want that permission is denied", statement, err)
		}
	}
}

func TestPublicationHoldsWhatPeopleRead(t *testing.T) {
	s := opened(t, database(t))
	var tables string
	const query = `SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = 'wedsync'`
	if err := s.readers.QueryRow(t.Context(), query).Scan(&tables); err != nil || tables != "clients sync_conflicts" {
		t.Errorf("published are %q, %v", tables, err)
	}
}

func TestClientIDsOfTheDatabaseAreThoseOfTheHub(t *testing.T) {
	s := opened(t, database(t))
	for _, id := range []crdt.RecordID{{}, {1}, {0xff, 0xfe, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}} {
		var got string
		if err := s.readers.QueryRow(t.Context(), `SELECT wedsync.client_id($1)`, [16]byte(id)).Scan(&got); err != nil || got != id.ClientID() {
			t.Errorf("got %s, %v; want %s", got, err, id.ClientID())
		}
	}
}

func TestErasedRecordIsInNoReadableTable(t *testing.T) {
	s := opened(t, database(t))
	stocked(t, s, "rose", 1)
	if err := s.Erase(t.Context(), store.Erasure{Supplier: "rose", Record: crdt.RecordID{1}, Version: 1}); err != nil {
		t.Fatal(err)
	}
	var clients, values int
	err := s.readers.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM clients),
		(SELECT count(*) FROM sync_conflicts WHERE record = $1 AND (current_value <> 'null' OR proposed_value <> 'null'))`, [16]byte{1}).Scan(&clients, &values)
	if err != nil || clients != 0 || values != 0 {
		t.Errorf("%d clients, %d conflicts with values, %v", clients, values, err)
	}
}

// TestTablesOfTheHubHaveRowLevelSecurity holds that also who was given all tables
// by other software reads nothing.
func TestTablesOfTheHubHaveRowLevelSecurity(t *testing.T) {
	s := opened(t, database(t))
	var open string
	const query = `SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class
		WHERE relnamespace = 'wedsync'::regnamespace AND relkind = 'r' AND NOT relrowsecurity AND relname <> 'goose_db_version'`
	if err := s.readers.QueryRow(t.Context(), query).Scan(&open); err != nil || open != "" {
		t.Errorf("without are %q, %v", open, err)
	}
}
