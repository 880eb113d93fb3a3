package main

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wedsync/crdt"
	"wedsync/store"
	"wedsync/store/sqlite"
)

// tamper runs SQL on a copy of a data directory and returns the copy.
func tamper(t *testing.T, data string, statements ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "wedsync.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		result, err := db.Exec(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s changed %d rows, %v", statement, n, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// decidedHub is a hub that has stopped, and a record of its with four decisions and
// one more record.
func decidedHub(t *testing.T) (h *hubProcess, record item) {
	t.Helper()
	h = startHub(t)
	return h, decide(h)
}

// decide fills a hub for decidedHub, and stops it.
func decide(h *hubProcess) (record item) {
	h.t.Helper()
	olga, mia := h.api(owner("olga")), h.api(member("mia"))
	record = olga.create(map[string]any{"name": "Ada & Ben", "budget": 12500, venue: "Barn"})
	olga.create(map[string]any{"name": "Cleo & Dan"})
	mia.must("PATCH", "/api/clients/"+record.ClientID, map[string]any{"fields": map[string]any{"budget": 13000}}, nil)
	olga.resolve(olga.conflicts("pending")[0], map[string]any{"action": "keep", "note": "they called"})
	olga.must("PATCH", "/api/clients/"+record.ClientID, map[string]any{"fields": map[string]any{"budget": 14000}}, nil)
	mia.must("PATCH", "/api/clients/"+record.ClientID, map[string]any{"fields": map[string]any{venue: "Castle"}}, nil)
	h.stop()
	return record
}

func TestDoctorNamesWhatWasChangedInTheFile(t *testing.T) {
	t.Parallel()
	h, record := decidedHub(t)
	out := mustRun(t, "doctor", "--data", h.data)
	wantParts(t, out, "checked 2 records of 1 suppliers, 6 journal entries: nothing is wrong")

	name := "record " + record.ClientID + " (document " + record.DocumentID + ") of barn"
	for what, c := range map[string]struct {
		sql  string
		want []string
	}{
		"the note of a decision in the log": {
			`UPDATE batches SET origins = replace(origins, 'they called', 'nobody called') WHERE instr(origins, 'they called')`,
			[]string{name, "decision 3 (decided budget, revision 2, ", "does not have the hash that decision 4 (", "what to do: somebody or something changed the file"},
		},
		"the note of a decision in the queue": {
			`UPDATE sync_conflicts SET body = replace(body, 'they called', 'nobody called') WHERE instr(body, 'they called')`,
			[]string{name, "of budget tells its decision otherwise than decision 3 ("},
		},
		"who made the last decision": {
			`UPDATE batches SET origins = replace(origins, '"number":4', '"number":4,"note":"x"') WHERE instr(origins, '"number":4')`,
			[]string{name, "decision 4 (", "does not have the hash that the ledger names"},
		},
		"the accepted value": {
			`UPDATE ledgers SET body = replace(body, '14000', '15000') WHERE instr(body, '14000')`,
			[]string{name, "budget", "revision 3"},
		},
		"a missing conflict": {
			`DELETE FROM sync_conflicts WHERE status = 'pending'`,
			[]string{name, "is pending, sync_conflicts does not say so"},
		},
		"a damaged change": {
			`UPDATE batches SET body = substr(body, 1, 60) || x'00' || substr(body, 62) WHERE entry & 0xff = 1`,
			[]string{name, "its changes cannot be read: batch 0"},
		},
		"a damaged entry": {
			`UPDATE batches SET origins = '[' WHERE entry & 0xff = 5`,
			[]string{"the journal of barn", name, "entry 5"},
		},
		"a missing entry": {
			`DELETE FROM batches WHERE entry & 0xff = 5`,
			[]string{"the journal of barn", "entries from 5 up to 5 are missing", name},
		},
		"a missing last entry": {
			`UPDATE suppliers SET number = number + 1`,
			[]string{"the journal of barn", "it ends with entry 6, 7 were written"},
		},
		"other heads": {
			`UPDATE records SET heads = zeroblob(32) WHERE key = 1`,
			[]string{name, "its changes lead to other heads"},
		},
		"a proposal of a decided conflict": {
			`UPDATE sync_conflicts SET body = replace(body, '13000', '13001') WHERE status = 'resolved'`,
			[]string{name, "conflict ", "is stored otherwise than the journal leads to", "what to do: wedsync doctor --repair brings it back"},
		},
		"a decided conflict that is gone": {
			`DELETE FROM sync_conflicts WHERE status = 'resolved'`,
			[]string{name, "conflict ", "is missing", "--repair"},
		},
		"the place of a conflict in the queue": {
			`UPDATE sync_conflicts SET status = 'withdrawn' WHERE status = 'pending'`,
			[]string{name, "conflict ", "is stored otherwise than the journal leads to", "--repair"},
		},
		"a conflict that cannot be read": {
			`UPDATE sync_conflicts SET body = '{' WHERE status = 'resolved'`,
			[]string{name, "conflict ", "--repair"},
		},
		"a receipt that is gone": {
			`DELETE FROM receipts`,
			[]string{name, "receipt ", "is missing", "--repair"},
		},
		"a projection": {
			`UPDATE projections SET fields = replace(fields, 'Ada & Ben', 'Ada & Bo') WHERE instr(fields, 'Ada & Ben')`,
			[]string{name, "its projection shows something else than its changes make", "--repair"},
		},
	} {
		out, err := wedsync(t, "doctor", "--data", tamper(t, h.data, c.sql))
		if err == nil || !strings.Contains(err.Error(), "wrong in 2 records of 1 suppliers") {
			t.Errorf("%s: error %v", what, err)
		}
		wantParts(t, out, c.want...)
	}
}

func TestDoctorRepairsWhatFollowsFromTheJournal(t *testing.T) {
	t.Parallel()
	h, _ := decidedHub(t)
	dir := tamper(t, h.data,
		`DELETE FROM sync_conflicts WHERE status = 'pending'`,
		`UPDATE sync_conflicts SET body = replace(body, 'they called', 'nobody called')`,
		`DELETE FROM receipts`,
		`UPDATE projections SET fields = '{}'`,
	)
	if _, err := wedsync(t, "doctor", "--data", dir); err == nil || !strings.Contains(err.Error(), "5 things are wrong") {
		t.Errorf("before: %v", err)
	}
	wantParts(t, mustRun(t, "doctor", "--data", dir, "--repair"), "MENDED", "5 findings were mended", "checked 2 records of 1 suppliers, 6 journal entries: nothing is wrong any more")
	wantParts(t, mustRun(t, "doctor", "--data", dir), "checked 2 records of 1 suppliers, 7 journal entries: nothing is wrong\n")
	wantParts(t, mustRun(t, "doctor", "--data", dir, "--repair"), "7 journal entries: nothing is wrong\n")

	dir = tamper(t, h.data, `UPDATE records SET heads = zeroblob(32) WHERE key = 1`, `DELETE FROM receipts`)
	out, err := wedsync(t, "doctor", "--data", dir, "--repair")
	if err == nil {
		t.Errorf("heads were repaired:\n%s", out)
	}
	wantParts(t, out, "MENDED", "WRONG", "its changes lead to other heads")
}

func TestDoctorRepairsADatabase(t *testing.T) {
	t.Parallel()
	server, address := startDatabase(t)
	h := startHubOn(t, address)
	decide(h)
	wantParts(t, mustRun(t, "doctor", "--store", address), "6 journal entries: nothing is wrong\n")
	for _, statement := range []string{
		`DELETE FROM sync_conflicts WHERE status = 'pending'`,
		`UPDATE sync_conflicts SET body = replace(body, 'they called', 'nobody called') WHERE status = 'resolved'`,
		`DELETE FROM wedsync.receipts`,
		`UPDATE wedsync.projections SET fields = '{}'`,
	} {
		if err := server.Run(t.Context(), "hub", statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if out, err := wedsync(t, "doctor", "--store", address); err == nil || !strings.Contains(err.Error(), "5 things are wrong") {
		t.Errorf("before: %v\n%s", err, out)
	}
	wantParts(t, mustRun(t, "doctor", "--store", address, "--repair"), "MENDED", "5 findings were mended", "6 journal entries: nothing is wrong any more")
	wantParts(t, mustRun(t, "doctor", "--store", address), "7 journal entries: nothing is wrong\n")
	h.start()
	if pending := h.api(owner("olga")).conflicts("pending"); len(pending) != 1 {
		t.Errorf("%d conflicts wait, want 1", len(pending))
	}
}

func TestDoctorExitsWithOneIfAnythingIsWrong(t *testing.T) {
	t.Parallel()
	h, _ := decidedHub(t)
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "doctor", "--data", h.data).CombinedOutput(); err != nil {
		t.Errorf("a sound directory: %v\n%s", err, out)
	}
	dir := tamper(t, h.data, `DELETE FROM sync_conflicts WHERE status = 'pending'`)
	out, err := exec.Command(path, "doctor", "--data", dir).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("a directory with something wrong: %v\n%s", err, out)
	}
}

func TestDoctorLeavesARunningHubAlone(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	_, err := wedsync(t, "doctor", "--data", h.data)
	if err == nil || !strings.Contains(err.Error(), "locked by another process") || !strings.Contains(err.Error(), "can only be examined while no hub does") {
		t.Errorf("got error %v", err)
	}
}

func TestDoctorMakesNoDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nothing")
	_, err := wedsync(t, "doctor", "--data", dir)
	if err == nil || !strings.Contains(err.Error(), "holds no hub's data") {
		t.Errorf("got error %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestDoctorFindsNothingWrongWithAnErasedRecord(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga, mia := h.api(owner("olga")), h.api(member("mia"))
	record := olga.create(map[string]any{"name": "Ada & Ben", "budget": 12500})
	mia.must("PATCH", "/api/clients/"+record.ClientID, map[string]any{"fields": map[string]any{"budget": 13000}}, nil)
	olga.must("POST", "/api/clients/"+record.ClientID+"/erase", nil, nil)
	h.stop()
	wantParts(t, mustRun(t, "doctor", "--data", h.data), "checked 1 records", "nothing is wrong")
	_, err := wedsync(t, "doctor", "--data", h.data, "--release", record.DocumentID)
	if err == nil || !strings.Contains(err.Error(), "erased") {
		t.Errorf("the id is free: %v", err)
	}
}

func TestDoctorFreesAnEmptyIDAndNoOther(t *testing.T) {
	t.Parallel()
	h, record := decidedHub(t)
	_, err := wedsync(t, "doctor", "--data", h.data, "--release", record.DocumentID)
	if err == nil || !strings.Contains(err.Error(), "holds changes") {
		t.Errorf("a record with changes: %v", err)
	}
	_, err = wedsync(t, "doctor", "--data", h.data, "--release", nobodys)
	if err == nil || !strings.Contains(err.Error(), "is bound to nobody here") {
		t.Errorf("an unknown id: %v", err)
	}
	_, err = wedsync(t, "doctor", "--data", h.data, "--release", "x")
	if err == nil || !strings.Contains(err.Error(), "--release") {
		t.Errorf("no id: %v", err)
	}
	id, err := crdt.ParseDocumentID(nobodys)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), h.data)
	if err != nil {
		t.Fatal(err)
	}
	empty := store.Commit{Supplier: "mill", Record: id, State: store.Introducing, Ledger: []byte(`{"version":2,"listed":false}`)}
	if stale, err := s.Append(t.Context(), []store.Commit{empty}); err != nil || len(stale) > 0 {
		t.Fatalf("append: %v, stale %v", err, stale)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantParts(t, mustRun(t, "doctor", "--data", h.data, "--release", nobodys), "document "+nobodys+" is free")
	wantParts(t, mustRun(t, "doctor", "--data", h.data), "checked 3 records of 2 suppliers, 7 journal entries: nothing is wrong")
}
