package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// importing runs wedsync import with a file on its standard input.
func importing(t *testing.T, file string, flags ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	err = run(t.Context(), append([]string{"import", "-"}, flags...), terminal{In: strings.NewReader(file), Out: &out, Err: &log})
	return out.String(), log.String(), err
}

func TestExportedClientsAreImportedIntoAnotherHub(t *testing.T) {
	_, address := startDatabase(t)
	one, two := startHub(t).api(owner("olga")), startHubOn(t, address).api(owner("olga"))
	as := func(a *api) {
		t.Setenv("WEDSYNC_URL", a.base)
		t.Setenv("WEDSYNC_TOKEN", a.token)
	}
	one.create(map[string]any{"name": "=Ada & Ben", "guests": 120, "wedding_date": "2027-06-12", "long": "\x00" + strings.Repeat("é\r\n", 20_000)})
	as(one)
	file := filepath.Join(t.TempDir(), "clients.csv")
	mustRun(t, "export", file)
	wantParts(t, mustRun(t, "export", "--fields", "name,guests"), "client_id,guests:number,name\n", ",120,'=Ada & Ben\n")
	as(two)
	wantParts(t, mustRun(t, "import", file, "--dry-run"), "dry run, nothing was written: of 1 rows 1 would be created")
	wantParts(t, mustRun(t, "import", file), "1 of 1 rows: 1 created, 0 updated, 0 unchanged, 0 left out, 0 failed")
	wantParts(t, mustRun(t, "import", file), "0 updated, 1 unchanged")
	first, err := os.ReadFile(file)
	if second := mustRun(t, "export"); err != nil || second != string(first) {
		t.Errorf("%v; exported first\n%.300s\nand then\n%.300s", err, first, second)
	}
	out, _, err := importing(t, "name,wedding_date,budget\nZoe,12/06/2027,\"12,500\"\nKim,2027-06-19,1\n")
	if err == nil || err.Error() != "nothing was written: 2 bad cells (--skip-bad-rows leaves their rows out)" {
		t.Errorf("bad cells: %v", err)
	}
	wantParts(t, out, "wedding_date", "12/06/2027", "is no date as YYYY-MM-DD", "2027-06-12 if the day comes first", "12,500", "0 of 2 rows")
	out, _, err = importing(t, "name,wedding_date\nZoe,12/06/2027\nKim,2027-06-19\n", "--skip-bad-rows")
	if err != nil {
		t.Error(err)
	}
	wantParts(t, out, "2 of 2 rows: 1 created, 0 updated, 0 unchanged, 1 left out")
	if _, _, err = importing(t, "name,wedding_date\nZoe,12/06/2027\n", "--dry-run"); err == nil || err.Error() != "1 bad cells" {
		t.Errorf("a dry run with bad cells: %v", err)
	}
}

func TestImportShowsProgressAndWhatWaitsForADecision(t *testing.T) {
	newStubHub(t, map[string]string{"POST /api/clients/import?dry_run=false&skip_bad_rows=true": `{"phase":"checking","done":500,"total":1000}
{"phase":"writing","done":10,"total":1000}
{"report":{"rows":1000,"done":1000,"created":1,"updated":998,"failed":1,"errors":[{"row":7,"line":9,"wrong":"was refused: The edit is larger","right":"less"}],
"diverted":1200,"queue":[{"row":3,"client_id":"c1","field":"budget","outcome":"diverted","reason":"needs_review","conflict_id":"k1"}]}}`})
	out, progress, err := importing(t, "name\nx\n", "--skip-bad-rows")
	if err == nil || err.Error() != "1 rows could not be written" {
		t.Error(err)
	}
	wantParts(t, progress, "checking [##########..........]  50%, rows 500/1000", "writing [....................]   1%, rows 10/1000")
	wantParts(t, out, "the whole row", "The edit is larger", "c1", "budget", "needs_review", "k1", "1200 values of critical fields do not count yet", "998 updated")
}

func TestImportThatBreaksOffSaysHowToGoOn(t *testing.T) {
	for _, answer := range []string{
		`{"phase":"writing","done":10,"total":1000}`,
		`{"phase":"writing","done":10,"total":1000} {"problem":{"title":"The hub cannot do this now","status":503,"import":{"rows":1000,"done":10,"created":10}}}`,
	} {
		newStubHub(t, map[string]string{"POST /api/clients/import": answer})
		_, _, err := importing(t, "name\nx\n")
		if err == nil {
			t.Fatal("no error")
		}
		key := regexp.MustCompile(`wedsync import - --key ([A-Z2-7]{26}) goes on where it stopped`).FindStringSubmatch(err.Error())
		if key == nil {
			t.Errorf("%v", err)
		}
	}
	s := newStubHub(t, map[string]string{"POST /api/clients/import": `{"report":{"rows":1,"done":1,"created":1}}`})
	if out, _, err := importing(t, "name\nx\n", "--key", "K", "--json"); err != nil || !strings.Contains(out, `"created": 1`) {
		t.Errorf("%s, %v", out, err)
	}
	if s.requests[0] != "POST /api/clients/import?dry_run=false&skip_bad_rows=false name\nx" {
		t.Errorf("sent %q", s.requests[0])
	}
}

func TestFileThatIsTooLargeIsNotSent(t *testing.T) {
	s := newStubHub(t, nil)
	_, _, err := importing(t, strings.Repeat("x", maxImportFile+1))
	if err == nil || !strings.Contains(err.Error(), "split it") || len(s.requests) > 0 {
		t.Errorf("%v, %d requests", err, len(s.requests))
	}
	if _, err := wedsync(t, "import", filepath.Join(t.TempDir(), "none.csv")); err == nil || !strings.Contains(err.Error(), "none.csv") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestImportTellsItsRateAndHowLongItTakes(t *testing.T) {
	t.Parallel()
	if line := importLine("writing", 10, 20, time.Second); line != "writing [##########..........]  50%, rows 10/20, 10 rows/s, 1s left" {
		t.Errorf("%s", line)
	}
}
