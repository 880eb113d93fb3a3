package sqlite

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/store"
)

func TestConflictsOfAnOlderFileKeepTheirAgeAndAreFoundByName(t *testing.T) {
	dir := t.TempDir()
	opened := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	older(t, dir, 2, `INSERT INTO suppliers (key, name) VALUES (1, 'rose')`,
		`INSERT INTO records (key, id, supplier, version, state, heads) VALUES (1, x'01000000000000000000000000000000', 1, 1, 2, x'')`,
		`INSERT INTO projections (record, heads, fields) VALUES (1, x'', '{"name":"Ada & Ben","venue_name":"Barn","notes":"Cem"}')`,
		`INSERT INTO sync_conflicts (id, supplier, record, field, status, version, opened_at, body)
			VALUES ('k', 1, 1, 'budget', 'pending', 1, `+micros(opened)+`, '{"id":"k"}')`)
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for search, want := range map[string]int{"ada": 1, "barn": 1, "cem": 0} {
		rows, err := s.Conflicts(t.Context(), "rose", store.ConflictQuery{Search: search, Order: store.ByClient, Limit: 9})
		if err != nil || len(rows) != want || want == 1 && rows[0].Client != "Ada & Ben" {
			t.Errorf("search %q finds %+v, %v", search, rows, err)
		}
	}
	waits, err := s.Waiting(t.Context())
	if err != nil || len(waits) != 1 || !waits[0].Quiet.Equal(opened) {
		t.Errorf("waiting %+v, %v", waits, err)
	}
	q := store.ConflictQuery{Status: conflicts.Pending, QuietBefore: opened.Add(time.Second), Limit: 9}
	if rows, err := s.Conflicts(t.Context(), "rose", q); err != nil || len(rows) != 1 {
		t.Errorf("quiet %+v, %v", rows, err)
	}
}

func TestPolicyOfAnOlderFileIsKeptAsAVersion(t *testing.T) {
	dir := t.TempDir()
	older(t, dir, 6, `INSERT INTO suppliers (key, name, policy_version, policy) VALUES (1, 'rose', 4, '{"version":4,"zone":"Asia/Tokyo"}')`,
		`INSERT INTO suppliers (key, name) VALUES (2, 'lily')`)
	s := opened(t, dir)
	if err := s.SetPolicy(t.Context(), "rose", &conflicts.Policy{Version: 5}); err != nil {
		t.Fatal(err)
	}
	if p, err := s.PolicyOf(t.Context(), "rose", 4); err != nil || p.Version != 4 || p.Zone != "Asia/Tokyo" {
		t.Errorf("policy %+v, %v", p, err)
	}
	if p, err := s.PolicyOf(t.Context(), "lily", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("policy %+v, %v", p, err)
	}
}

func TestStoreOfBeforeEpochsIsGivenOneAndStaysTheSameHub(t *testing.T) {
	dir := t.TempDir()
	older(t, dir, 7, `INSERT INTO meta (name, value) VALUES ('secret', zeroblob(32)), ('storage_id', '1bb2e4a2-6a9c-4b86-9e39-5c4b4b1b8f10')`)
	s := opened(t, dir)
	id, err := s.Identity(t.Context())
	if err != nil || id.StorageID != "1bb2e4a2-6a9c-4b86-9e39-5c4b4b1b8f10" || id.Epoch == "" {
		t.Fatalf("identity %+v, %v", id, err)
	}
	if again, err := s.Identity(t.Context()); err != nil || again.Epoch != id.Epoch {
		t.Errorf("epoch %q, %v; it was %q", again.Epoch, err, id.Epoch)
	}
}

func micros(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// older makes the file of a former version.
func older(t *testing.T, dir string, version int64, statements ...string) {
	t.Helper()
	db, err := openDatabase(filepath.Join(dir, databaseFile), "full", 1, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeviceOfAnOlderFileWasFirstSeenWhenItWasLastSeen(t *testing.T) {
	dir := t.TempDir()
	seen := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	older(t, dir, 7, `INSERT INTO suppliers (key, name) VALUES (1, 'rose')`,
		`INSERT INTO devices (supplier, user, name, storage_id, at) VALUES (1, 'ada', 'phone', '', `+micros(seen)+`)`)
	s := opened(t, dir)
	devices, err := s.DevicesOf(t.Context(), "rose")
	if err != nil || len(devices) != 1 || !devices[0].Since.Equal(seen) || devices[0].Name != "" {
		t.Errorf("devices %+v, %v", devices, err)
	}
	if a, err := s.AccessOf(t.Context(), "rose"); err != nil || a.Version != 0 {
		t.Errorf("access %+v, %v", a, err)
	}
}

func TestEventThatWaitsInAnOlderFileIsWorkedOnAgain(t *testing.T) {
	dir := t.TempDir()
	const insert = `INSERT INTO inbox (supplier, connection, id, external, subject, type, received, state, version, attempts, due, outcome, error, kept)
		VALUES (1, 'crm', ?1, ?1, '', '', 0, ?2, 3, 4, 0, x'00', '', 0)`
	older(t, dir, 10, `INSERT INTO suppliers (key, name) VALUES (1, 'rose')`,
		strings.NewReplacer("?1", "'1'", "?2", "'waiting'").Replace(insert), strings.NewReplacer("?1", "'2'", "?2", "'dead'").Replace(insert))
	s := opened(t, dir)
	for id, want := range map[string]store.InboxEvent{
		"1": {State: store.EventReceived, Version: 4}, "2": {State: store.EventDead, Version: 3, Attempts: 4, Outcome: []byte{0}},
	} {
		e, err := s.InboxEvent(t.Context(), "rose", id)
		if err != nil || e.State != want.State || e.Version != want.Version || e.Attempts != want.Attempts || len(e.Outcome) != len(want.Outcome) {
			t.Errorf("event %+v, %v; want %+v", e, err, want)
		}
	}
}

func TestProjectionsOfAnOlderFileAreMadeAgainForTheirContacts(t *testing.T) {
	dir := t.TempDir()
	older(t, dir, 8, `INSERT INTO suppliers (key, name) VALUES (1, 'rose')`,
		`INSERT INTO records (key, id, supplier, version, state, heads) VALUES (1, x'01000000000000000000000000000000', 1, 1, 2, zeroblob(32))`,
		`INSERT INTO projections (record, heads, fields) VALUES (1, zeroblob(32), '{"email":"ada@example.com"}')`)
	s := opened(t, dir)
	rows, err := s.List(t.Context(), "rose", crdt.RecordID{}, 9)
	if err != nil || len(rows) != 1 || len(rows[0].ProjectedHeads) != 0 {
		t.Fatalf("%+v, %v; want a projection that is behind", rows, err)
	}
	if err := s.Project(t.Context(), store.Projection{Record: rows[0].Record, Heads: rows[0].Heads.Heads, Fields: rows[0].Projection}); err != nil {
		t.Fatal(err)
	}
	found, err := s.ByContact(t.Context(), "rose", []store.Contact{{Kind: store.EMail, Value: "ada@example.com"}}, 9)
	if err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
}
