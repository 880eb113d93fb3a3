package postgres

import (
	"encoding/hex"
	"testing"

	"github.com/jackc/pgx/v5"

	"wedsync/store"
	"wedsync/store/storetest"
)

func TestErasedClientsWordsAreInNoTable(t *testing.T) {
	s := opened(t, database(t))
	version := storetest.Talk(t, s)
	for _, what := range storetest.Secrets {
		if heldIn(t, s, what) == "" {
			t.Fatalf("%q was never there: the test shows nothing", what)
		}
	}
	if err := s.Erase(t.Context(), store.Erasure{Supplier: "rose", Record: storetest.One, Version: version, Contacts: storetest.Former}); err != nil {
		t.Fatal(err)
	}
	storetest.TalkAgain(t, s)
	for _, what := range storetest.Secrets {
		if table := heldIn(t, s, what); table != "" {
			t.Errorf("%s still holds %q", table, what)
		}
	}
}

// heldIn is a table that holds some text, or bytes that are it; empty if none does.
func heldIn(t *testing.T, s *Store, what string) string {
	t.Helper()
	rows, err := s.readers.Query(t.Context(), `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var held bool
		query := `SELECT EXISTS (SELECT 1 FROM ` + table + ` AS t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0)`
		if err := s.readers.QueryRow(t.Context(), query, what, hex.EncodeToString([]byte(what))).Scan(&held); err != nil {
			t.Fatal(err)
		}
		if held {
			return table
		}
	}
	return ""
}
