package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/storetest"
)

func open(ctx context.Context, dir string) (store.Store, error) { return Open(ctx, dir) }

func TestMain(m *testing.M) { storetest.Main(m, open) }

func TestStoreKeepsThePromisesOfTheContract(t *testing.T) {
	defer goleak.VerifyNone(t)
	storetest.Run(t, storetest.FromTemplate(open))
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	storetest.RunCrash(t, open)
}

func TestDirectoryAndFilesAreForTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	s := opened(t, dir)
	storetest.AppendStep(t, s, 0)
	for name, want := range map[string]os.FileMode{
		"":                    os.ModeDir | 0o700,
		databaseFile:          0o600,
		databaseFile + "-wal": 0o600,
		databaseFile + "-shm": 0o600,
		lockFile:              0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("mode of %q is %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestSecondHubOnADirectoryIsRefusedAndTold(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	_, err := Open(t.Context(), dir)
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("got error %v, want %v", err, ErrLocked)
	}
	want := "open " + filepath.Join(dir, databaseFile) + ": locked by another process (stop it, or give another --data)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	storetest.AppendStep(t, s, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, dir)
}

func TestPathsMayHoldAnyCharacter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é&_query_only=1")
	storetest.AppendStep(t, opened(t, dir), 0)
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err != nil {
		t.Error(err)
	}
}

func TestIdentityIsReadBesideARunningHub(t *testing.T) {
	dir := t.TempDir()
	before, err := Identity(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, dir)
	running, err := s.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beside, err := Identity(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []store.Identity{running, beside} {
		if string(id.Secret) != string(before.Secret) || id.StorageID != before.StorageID {
			t.Errorf("identities differ: %q and %q", id.StorageID, before.StorageID)
		}
	}
}

func TestFileOfANewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	change(t, s, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "newer wedsync") {
		t.Errorf("got error %v, want one that names a newer wedsync", err)
	}
}

func TestFileThatIsNoDatabaseIsCorrupt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, databaseFile), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got error %v, want %v", err, store.ErrCorrupt)
	}
}

func TestCommitsWaitForTheDiskAndProjectionsDoNot(t *testing.T) {
	s := opened(t, t.TempDir())
	for name, c := range map[string]struct {
		w    *writer
		want string
	}{"durable": {s.durable, "2"}, "lax": {s.lax, "1"}} {
		var synchronous, mode string
		err := c.w.do(t.Context(), func(ctx context.Context, tx *transaction) error {
			return errors.Join(
				tx.row(ctx, `PRAGMA synchronous`, nil, &synchronous),
				tx.row(ctx, `PRAGMA journal_mode`, nil, &mode))
		})
		if err != nil {
			t.Fatal(err)
		}
		if synchronous != c.want || mode != "wal" {
			t.Errorf("%s: synchronous %s, journal mode %s; want %s, wal", name, synchronous, mode, c.want)
		}
	}
}

// TestQueriesReadNoMoreThanTheyReturn looks for plans that scan or sort a table.
func TestQueriesReadNoMoreThanTheyReturn(t *testing.T) {
	s := opened(t, t.TempDir())
	// What a query itself holds: ids, words, kinds; and what has words, by its index.
	given := []string{
		"SCAN n", "SCAN CONSTANT ROW", "SCAN w VIRTUAL TABLE INDEX 1:", "SCAN json_each VIRTUAL TABLE INDEX 1:",
		"SCAN item_words VIRTUAL TABLE INDEX 0:M1",
	}
	conflicts := func(q store.ConflictQuery) string {
		query, _ := conflictsQuery("rose", q)
		return query
	}
	merged := func(q store.MergedQuery) string {
		query, _ := mergedQuery("rose", q)
		return query
	}
	inbox := func(q store.InboxQuery) string {
		query, _ := inboxQuery("rose", q)
		return query
	}
	deliveries := func(q store.DeliveryQuery) string {
		query, _ := deliveriesQuery("rose", q)
		return query
	}
	timeline := func(one stream, q store.TimelineQuery) string {
		query, _ := one.query(&q)
		return query
	}
	record, address := crdt.RecordID{1}, store.Contact{Kind: store.EMail, Value: "ada@x.test"}
	before := store.TimelinePosition{At: time.Unix(1, 0), ID: "x"}
	for name, query := range map[string]string{
		"contact's items":       timeline(contactStream("rose", record, address), store.TimelineQuery{Before: before, Kinds: []string{"sms"}, Account: "a"}),
		"linked items":          timeline(linkStream("rose", record), store.TimelineQuery{Before: before, Direction: store.Inbound}),
		"nobody's items":        timeline(unmatchedStream("rose"), store.TimelineQuery{Before: before, From: time.Unix(1, 0)}),
		"contact's words":       timeline(contactStream("rose", record, address), store.TimelineQuery{Text: "menu"}),
		"own contacts":          ownContactsQuery,
		"links":                 linksQuery,
		"untold":                untoldQuery,
		"forgotten contacts":    forgetContacts,
		"forgotten occurrences": forgetOccurrences,
		"contacts of an item":   `SELECT 1 FROM items i WHERE i.supplier = ? AND i.id = ? AND EXISTS (SELECT 1` + owning + `)`,
		"accounts":              accountsQuery,
		"all accounts":          allAccounts,
		"cursors":               cursorsQuery,
		"due cursors":           dueCursorsQuery,
		"kept items":            keptQuery,
		"occurrences":           copiesQuery,
		"account's occurrences": occurrencesQuery,
		"item":                  itemColumns + itemByID,
		"item of a key":         itemColumns + itemByHash,
		"item of an occurrence": itemColumns + itemByCopy,
		"inbox":                 inbox(store.InboxQuery{After: 9}),
		"inbox of a connection": inbox(store.InboxQuery{Connection: "crm", After: 9}),
		"dead events":           inbox(store.InboxQuery{State: store.EventDead, Oldest: true}),
		"unfinished":            unfinishedQuery,
		"due events":            dueEventsQuery,
		"connections":           connectionsQuery,
		"identified":            identifiedQuery,
		"deliveries":            deliveries(store.DeliveryQuery{Before: 9}),
		"endpoint's deliveries": deliveries(store.DeliveryQuery{Endpoint: "x", Before: 9}),
		"failed deliveries":     deliveries(store.DeliveryQuery{State: store.DeliveryFailed}),
		"record's deliveries":   deliveries(store.DeliveryQuery{Record: crdt.RecordID{1}}),
		"claim":                 claimQuery,
		"next due":              nextDueQuery,
		"open merged":           merged(store.MergedQuery{Status: "open"}),
		"all merged":            merged(store.MergedQuery{After: "x"}),
		"any merged":            merged(store.MergedQuery{Record: crdt.RecordID{1}, After: "x", Unlisted: true}),
		"record's merged":       merged(store.MergedQuery{Record: crdt.RecordID{1}}),
		"pending conflicts":     conflicts(store.ConflictQuery{Status: "pending"}),
		"all conflicts":         conflicts(store.ConflictQuery{}),
		"next page":             conflicts(store.ConflictQuery{After: store.ConflictPlace{ID: "x"}}),
		"newest first":          conflicts(store.ConflictQuery{Order: store.ByNewest, After: store.ConflictPlace{ID: "x"}}),
		"record's conflicts":    conflicts(store.ConflictQuery{Record: crdt.RecordID{1}}),
		"found by name":         conflicts(store.ConflictQuery{Status: "pending", Search: "ada"}),
		"reminders due":         conflicts(store.ConflictQuery{Status: "pending", QuietBefore: time.Unix(1, 0)}),
		"receipts":              receiptsQuery,
		"journal":               journalQuery,
		"history":               historyQuery,
		"suppliers":             suppliersQuery,
		"count":                 countQuery,
		"list":                  listQuery,
		"heads":                 headsQuery,
		"batches":               batchesQuery,
	} {
		var plan []string
		err := s.readers.rows(t.Context(), `EXPLAIN QUERY PLAN `+query, slices.Repeat([]any{0}, 16), func(rows *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := rows.Scan(&id, &parent, &unused, &detail)
			plan = append(plan, detail)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range plan {
			all := strings.HasSuffix(step, " (supplier=?)") && !strings.Contains(step, "_by_") && !strings.Contains(step, "receipts")
			if all || strings.Contains(step, "TEMP B-TREE") || strings.HasPrefix(step, "SCAN") && !slices.Contains(given, step) {
				t.Errorf("%s: %s, in the plan\n\t%s", name, step, strings.Join(plan, "\n\t"))
			}
		}
	}
}

// opened opens a store until the test ends.
func opened(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// change runs a statement that a sound hub never would.
func change(t testing.TB, s *Store, statement string, args ...any) {
	t.Helper()
	err := s.durable.do(t.Context(), func(ctx context.Context, tx *transaction) error {
		_, err := tx.exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
