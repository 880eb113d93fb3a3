package hub_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wedsync/conflicts"
	"wedsync/crdt"
	"wedsync/server/hub"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// A damaged store is one whose file somebody changes while a hub has it open.
type damaged struct {
	*sqlite.Store
	t  *testing.T
	db *sql.DB
}

func openDamaged(t *testing.T) *damaged {
	t.Helper()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "wedsync.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return &damaged{s, t, db}
}

// damage runs SQL that must change something.
func (d *damaged) damage(statement string) {
	d.t.Helper()
	result, err := d.db.Exec(statement)
	if err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		d.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

// all is what the store holds of the queue, of merged entries, receipts and fields.
func (d *damaged) all() string {
	d.t.Helper()
	var b strings.Builder
	for _, query := range []string{
		`SELECT id || status || quiet_since || body FROM sync_conflicts ORDER BY id`,
		`SELECT body FROM merged ORDER BY id`,
		`SELECT body FROM receipts ORDER BY id`,
		`SELECT fields FROM projections ORDER BY record`,
	} {
		rows, err := d.db.Query(query)
		if err != nil {
			d.t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				d.t.Fatal(err)
			}
			b.WriteString(text + "\n")
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			d.t.Fatal(err)
		}
	}
	return b.String()
}

// contested makes a record with a decided conflict, a pending one, a merged entry
// and a projection.
func contested(t *testing.T, h *hub.Hub, s store.Store) (anna, ben *replica) {
	t.Helper()
	anna, ben = newReplica(t, "anna", newID(1)), newReplica(t, "ben", newID(1))
	anna.connect(h, principal("anna", conflicts.Member))
	ben.connect(h, principal("ben", conflicts.Member))
	anna.set("budget", "100")
	anna.set("wedding_date", "2027-06-12")
	anna.set("notes", "peonies")
	anna.syncUntil(anna.acked)
	ben.syncUntil(func() bool { return ben.value("notes") == "peonies" && ben.acked() })
	ben.set("budget", "200")
	ben.syncUntil(func() bool { return ben.acked() && ben.value("budget") == "100" })
	pending, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Limit: 10})
	if err != nil || len(pending) != 1 {
		t.Fatalf("%d conflicts, %v", len(pending), err)
	}
	_, err = h.Resolve(t.Context(), anna.id, conflicts.Resolution{
		By: olga, Conflict: pending[0].ID, Version: pending[0].Version, Action: conflicts.Keep, Note: "they called",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ben.syncUntil(ben.acked)
	ben.set("wedding_date", "2027-07-03")
	ben.set("notes", "ivy")
	anna.set("notes", "lilac") // neither knew of the other
	ben.syncUntil(func() bool { return ben.acked() && ben.value("wedding_date") == "2027-06-12" })
	anna.syncUntil(func() bool { return anna.acked() && holdsAll(anna.graph, ben.graph) })
	ben.syncUntil(func() bool { return ben.acked() && holdsAll(ben.graph, anna.graph) })
	if _, err := h.Fresh(t.Context(), "studio", anna.id); err != nil {
		t.Fatal(err)
	}
	return anna, ben
}

// holdsAll reports whether one replica holds all that another does.
func holdsAll(g, other *crdt.Graph) bool {
	return !slices.ContainsFunc(other.Heads(), func(h crdt.Hash) bool { return !g.Has(h) })
}

func TestRepairBringsBackWhatWasDamagedInTheFile(t *testing.T) {
	s := openDamaged(t)
	h := startHub(t, s)
	anna, _ := contested(t, h, s)
	before := s.all()
	if n := strings.Count(before, "\n"); n != 5 { // two conflicts, a merged entry, a receipt, a projection
		t.Fatalf("%d rows to damage:\n%s", n, before)
	}
	for what, sql := range map[string]string{
		"a pending conflict is gone":               `DELETE FROM sync_conflicts WHERE status = 'pending'`,
		"a decided conflict is gone":               `DELETE FROM sync_conflicts WHERE status = 'resolved'`,
		"a proposal has another value":             `UPDATE sync_conflicts SET body = replace(body, '2027-07-03', '2027-07-04') WHERE status = 'pending'`,
		"a decided conflict has another note":      `UPDATE sync_conflicts SET body = replace(body, 'they called', 'nobody called') WHERE status = 'resolved'`,
		"a decided conflict has another proposal":  `UPDATE sync_conflicts SET body = replace(body, '"200"', '"201"') WHERE status = 'resolved'`,
		"a pending conflict counts as resolved":    `UPDATE sync_conflicts SET status = 'resolved' WHERE status = 'pending'`,
		"a conflict cannot be read":                `UPDATE sync_conflicts SET body = '{' WHERE status = 'resolved'`,
		"a merged entry is gone":                   `DELETE FROM merged`,
		"a merged entry has another value":         `UPDATE merged SET body = replace(body, 'lilac', 'roses')`,
		"a receipt is gone":                        `DELETE FROM receipts`,
		"a projection has another value":           `UPDATE projections SET fields = replace(fields, '"100"', '"101"')`,
		"a projection cannot be read":              `UPDATE projections SET fields = '{'`,
		"a projection is older than it says it is": `UPDATE projections SET fields = '{}'`,
		"a projection is gone":                     `DELETE FROM projections`,
	} {
		s.damage(sql)
		repair, err := h.Repair(t.Context(), anna.id, olga, "", "")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := s.all(); got != before {
			t.Fatalf("%s: repaired to\n%s\nwas\n%s", what, got, before)
		}
		if len(repair.Done) == 0 || len(repair.Found) == 0 && what != "a projection is gone" {
			t.Errorf("%s: found %+v, done %q", what, repair.Found, repair.Done)
		}
		for _, f := range repair.Found {
			if !f.Mends {
				t.Errorf("%s: not mended: %+v", what, f)
			}
		}
		again, err := h.Repair(t.Context(), anna.id, olga, "", "")
		if err != nil || len(again.Found) > 0 || len(again.Done) > 0 {
			t.Errorf("%s, repaired again: %+v, %v", what, again, err)
		}
	}
}

func TestRepairFindsWhatItCannotMend(t *testing.T) {
	s := openDamaged(t)
	h := startHub(t, s)
	anna, ben := contested(t, h, s)
	s.damage(`UPDATE batches SET origins = replace(origins, 'they called', 'nobody called') WHERE instr(origins, 'they called')`)
	repair, err := h.Repair(t.Context(), anna.id, olga, "", "")
	if err != nil || len(repair.Found) == 0 || repair.Found[0].Mends || repair.Found[0].Advice == "" {
		t.Errorf("a decision that was changed: %+v, %v", repair, err)
	}
	s.damage(`DELETE FROM sync_conflicts WHERE status = 'pending'`)
	if _, err = h.Repair(t.Context(), anna.id, olga, "", ""); err != nil {
		t.Fatal(err)
	}
	if pending, err := s.Conflicts(t.Context(), "studio", store.ConflictQuery{Status: conflicts.Pending, Limit: 10}); err != nil || len(pending) != 1 {
		t.Errorf("what waits was not brought back from the ledger: %d, %v", len(pending), err)
	}
	s.damage(`UPDATE records SET heads = zeroblob(32)`)
	if repair, err = h.Repair(t.Context(), anna.id, olga, "", ""); err != nil || len(repair.Found) == 0 {
		t.Errorf("other heads: %+v, %v", repair, err)
	}
	if st := stateOf(t, h, "ben"); st.State != hub.HubBehind || !strings.Contains(st.Action, "doctor") {
		t.Errorf("a record that cannot be read: %+v", st)
	}
	_ = ben
}

func TestRepairIsForOwnersOfTheRecord(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna, _ := contested(t, h, s)
	if _, err := h.Repair(t.Context(), anna.id, principal("anna", conflicts.Member), "", ""); !errors.Is(err, hub.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
	stranger := olga
	stranger.Supplier = "other"
	for name, c := range map[string]struct {
		id crdt.RecordID
		by conflicts.Principal
	}{"another supplier": {anna.id, stranger}, "an unknown record": {newID(9), olga}} {
		if _, err := h.Repair(t.Context(), c.id, c.by, "", ""); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !hub.Opened(h, anna.id) {
		t.Error("another supplier closed the record")
	}
}

func TestDeviceThatIsBelievedToHoldWhatItLacksConvergesAfterARepair(t *testing.T) {
	s := openStore(t)
	h := startHub(t, s)
	anna, _ := contested(t, h, s)
	carl := newReplica(t, "carl", newID(1))
	carl.connect(h, principal("carl", conflicts.Member))
	if err := hub.Mistake(t.Context(), h, carl.id, carl.device); err != nil {
		t.Fatal(err)
	}
	if st := stateOf(t, h, "carl"); st.State != hub.InSync {
		t.Fatalf("the mistake was not made: %+v", st)
	}
	repair, err := h.Repair(t.Context(), carl.id, olga, "carl", "carl-phone")
	if err != nil || repair.Reset != 1 {
		t.Fatalf("got %+v, %v", repair, err)
	}
	<-carl.device.Done()
	if code := carl.device.Code(); code != hub.TryAgain {
		t.Errorf("close code %d, want %d", code, hub.TryAgain)
	}
	carl.device.Leave()
	carl.connect(h, principal("carl", conflicts.Member))
	carl.syncUntil(func() bool { return carl.graph.Len() > 0 && carl.acked() })
	anna.syncUntil(anna.acked)
	if carl.value("notes") != anna.value("notes") || carl.value("budget") != "100" {
		t.Errorf("carl shows notes %q, budget %q", carl.value("notes"), carl.value("budget"))
	}
	if st := stateOf(t, h, "carl"); st.State != hub.InSync {
		t.Errorf("afterwards: %+v", st)
	}
	if repair, err = h.Repair(t.Context(), carl.id, olga, "carl", "no such device"); err != nil || repair.Reset != 0 {
		t.Errorf("a device that is not connected: %+v, %v", repair, err)
	}
}
