package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// selected is what GET /api/conflicts?status=pending answers to.
func selected(n int) string {
	var rows []string
	for i := range n {
		row := strings.Replace(pendingConflict, `"id":"k"`, fmt.Sprintf(`"id":"k%d"`, i), 1)
		rows = append(rows, strings.Replace(row, `"state":"superseded"`, `"state":"open"`, 1))
	}
	return `{"items":[` + strings.Join(rows, ",") + `],"next":null}`
}

func resolving(t *testing.T, answer string, flags ...string) (stdout, asked string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	err = run(t.Context(), append([]string{"conflicts", "resolve", "--all"}, flags...),
		terminal{In: strings.NewReader(answer), Out: &out, Err: &log})
	return out.String(), log.String(), err
}

func TestSelectedConflictsAreDecidedOnceTheCountIsConfirmed(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"GET /api/conflicts":          selected(2),
		"POST /api/conflicts/resolve": `{"results":[{"conflict_id":"k0","status":200,"conflict":` + decided("olga") + `},{"conflict_id":"k1","status":200,"conflict":` + decided("olga") + `}]}`,
	})
	for _, answer := range []string{"", "n\n", "no\n", "\n", "k\n"} {
		_, asked, err := resolving(t, answer, "--field", "venue_name", "--keep")
		wantParts(t, asked, "2 conflicts (venue_name 2): keep the current value of each? [y/N]")
		wantParts(t, fmt.Sprint(err), "nothing was changed")
	}
	for _, request := range s.requests {
		if strings.HasPrefix(request, "POST") {
			t.Fatalf("%s without a yes", request)
		}
	}
	if want := "GET /api/conflicts?field=venue_name&limit=200&status=pending"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	out, _, err := resolving(t, "y\n", "--field", "venue_name", "--keep", "--note", "booked")
	if err != nil || strings.Count(out, "is Mill now") != 2 {
		t.Errorf("%s, %v", out, err)
	}
	want := `POST /api/conflicts/resolve {"decisions":[{"conflict_id":"k0","version":3,"action":"keep","note":"booked"},{"conflict_id":"k1","version":3,"action":"keep","note":"booked"}]}`
	if got := s.requests[len(s.requests)-1]; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestNewestOpenProposalIsAcceptedOfEachWithoutAskingIfToldSo(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"GET /api/conflicts":          selected(1),
		"POST /api/conflicts/resolve": `{"results":[]}`,
	})
	_, asked, err := resolving(t, "", "--accept-newest", "--yes", "--search", "ada ben")
	if err != nil || asked != "" {
		t.Fatalf("asked %q, %v", asked, err)
	}
	if want := "GET /api/conflicts?limit=200&search=ada+ben&status=pending"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	if got := s.requests[1]; !strings.Contains(got, `"action":"accept","proposal_id":"p1"`) {
		t.Errorf("sent %s", got)
	}
}

func TestManyConflictsAreDecidedInParts(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/conflicts": selected(150), "POST /api/conflicts/resolve": `{"results":[]}`})
	if _, _, err := resolving(t, "", "--keep", "--yes"); err != nil || len(s.requests) != 3 {
		t.Fatalf("%d requests, %v", len(s.requests), err)
	}
	if a, b := strings.Count(s.requests[1], "conflict_id"), strings.Count(s.requests[2], "conflict_id"); a != 100 || b != 50 {
		t.Errorf("parts of %d and %d", a, b)
	}
}

func TestConflictsAreNamedOrSelectedButNotBoth(t *testing.T) {
	s := newStubHub(t, nil)
	for _, line := range [][]string{
		{"--keep"},
		{"--all", "k", "--keep"},
		{"k", "--keep", "--field", "budget"},
		{"k", "--keep", "--yes"},
		{"--all", "--accept", "p"},
		{"--all"},
		{"--all", "--keep", "--accept-newest"},
		{"--all", "--keep", "--version", "2"},
	} {
		if out, err := wedsync(t, append([]string{"conflicts", "resolve"}, line...)...); err == nil {
			t.Errorf("%v: %s", line, out)
		}
	}
	if len(s.requests) > 0 {
		t.Errorf("sent %q", s.requests)
	}
}

func TestConflictIsShownWithItsDifferencesMarkedAndWhatSurroundsIt(t *testing.T) {
	row := strings.Replace(pendingConflict, `"client_id":"c"`, `"client_id":"c","client_name":"Ada & Ben"`, 1)
	row = strings.Replace(row, `"value":"Mill"`, `"value":"Old Barns","surrounding":[{"field":"wedding_date","before":"2027-06-12","after":"2027-06-19"}]`, 1)
	newStubHub(t, map[string]string{"GET /api/conflicts/k": row})
	wantParts(t, mustRun(t, "conflicts", "show", "k"), "Ada & Ben (client c)", "Old Barn{+s+}",
		"In the same minutes as p1, ada on phone also edited", "wedding_date: 2027-06-1[-2-]{+9+}")
}

func TestExportIsWrittenWholeOrNotAtAll(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/conflicts/export": "a,b\n"})
	if out := mustRun(t, "conflicts", "export", "--field", "budget", "--sort", "client"); out != "a,b\n" {
		t.Errorf("%q", out)
	}
	if want := "GET /api/conflicts/export?field=budget&sort=client"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	file := filepath.Join(t.TempDir(), "out.csv")
	mustRun(t, "conflicts", "export", "-o", file)
	if b, err := os.ReadFile(file); err != nil || string(b) != "a,b\n" {
		t.Errorf("%q, %v", b, err)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "a,")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer broken.Close()
	_, err := wedsync(t, "conflicts", "export", "--url", broken.URL, "-o", file)
	wantParts(t, fmt.Sprint(err), "the export broke off")
	if b, err := os.ReadFile(file); err != nil || string(b) != "a,b\n" {
		t.Errorf("the former export is now %q, %v", b, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left behind %v, %v", left, err)
	}
}
