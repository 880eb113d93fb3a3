package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// A stubHub answers the requests of commands as a test says, and keeps them.
type stubHub struct {
	t        *testing.T
	url      string
	requests []string // "GET /api/…?…", and the body
	tokens   []string
	answers  map[string]string // by "METHOD /path"; the first line may be a status
}

func newStubHub(t *testing.T, answers map[string]string) *stubHub {
	t.Helper()
	s := &stubHub{t: t, answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	t.Setenv("WEDSYNC_URL", s.url)
	t.Setenv("WEDSYNC_TOKEN", "t0ken")
	return s
}

func (s *stubHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	answer, ok := s.answers[r.Method+" "+r.URL.RequestURI()]
	if !ok {
		answer, ok = s.answers[r.Method+" "+r.URL.Path]
	}
	if !ok {
		http.Error(w, "not stubbed", http.StatusTeapot)
		return
	}
	var problem struct {
		Status int `json:"status"`
	}
	// A list of conflicts has no status that is a number.
	if json.Unmarshal([]byte(answer), &problem) == nil && problem.Status >= 400 {
		w.WriteHeader(problem.Status)
	}
	fmt.Fprint(w, answer)
}

// wedsync runs a command line.
func wedsync(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out, log bytes.Buffer
	err = run(t.Context(), args, terminal{Out: &out, Err: &log})
	return out.String(), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := wedsync(t, args...)
	if err != nil {
		t.Fatalf("wedsync %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func wantParts(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}

func TestCommandsSendTheTokenAsAHeaderAlone(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/conflicts": `{"items":[],"next":null}`})
	wantParts(t, mustRun(t, "conflicts", "list"), "No conflicts.")
	if s.tokens[0] != "Bearer t0ken" || strings.Contains(s.requests[0], "t0ken") {
		t.Errorf("request %s, Authorization %s", s.requests[0], s.tokens[0])
	}
}

func TestHubThatCannotBeReachedIsNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := wedsync(t, "status", "--url", "http://127.0.0.1:1", "--token", "t0ken")
	if err == nil {
		t.Fatal("no error")
	}
	wantParts(t, err.Error(), "http://127.0.0.1:1", "is it running? --url says where")
}

func TestRefusalIsToldWithItsFaults(t *testing.T) {
	newStubHub(t, map[string]string{
		"GET /api/conflicts":   `{"type":"x","title":"The request cannot be read","status":400,"detail":"d","errors":[{"field":"client_id","rule":"must be a client id"}]}`,
		"GET /api/conflicts/x": `{"type":"x","title":"The token has expired","status":401,"detail":"Get a new one; wedsync token makes one."}`,
	})
	_, err := wedsync(t, "conflicts", "list", "--client", "x")
	wantParts(t, fmt.Sprint(err), "The request cannot be read; client_id must be a client id")
	_, err = wedsync(t, "conflicts", "show", "x")
	wantParts(t, fmt.Sprint(err), "The token has expired. Get a new one; wedsync token makes one.")
	_, err = wedsync(t, "status")
	wantParts(t, fmt.Sprint(err), "418")
}

func TestListsAreReadPageByPageUpToTheLimit(t *testing.T) {
	row := func(id string) string {
		return `{"id":"` + id + `","client_id":"c","field":"budget","status":"pending","version":1,"base":{"revision":1,"value":1},"current":{"revision":1,"value":1},"proposals":[]}`
	}
	s := newStubHub(t, map[string]string{
		"GET /api/conflicts?limit=3&status=pending":           `{"items":[` + row("k1") + `,` + row("k2") + `],"next":"k2"}`,
		"GET /api/conflicts?cursor=k2&limit=1&status=pending": `{"items":[` + row("k3") + `],"next":"k3"}`,
	})
	out := mustRun(t, "conflicts", "list", "--limit", "3")
	wantParts(t, out, "k1", "k2", "k3", "There are more")
	if len(s.requests) != 2 {
		t.Errorf("requests %q", s.requests)
	}
}

func TestStatusSaysWhatIsMissingWhere(t *testing.T) {
	answer := `{"totals":{"records":1,"device_behind":1,"in_sync":1,"pending":2,"proposals":3},"next":null,"items":[{"client_id":"c1","heads":["h"],"digest":"d","pending":2,"devices":[
		{"device":"phone","user":"ada","state":"device_behind","missing_on_device":4,"missing_on_hub":0,"last_contact":null,"explanation":"Is behind.","action":"Connect it."},
		{"device":"tab","user":"ben","state":"in_sync","connected":true,"explanation":"Same.","action":""}]},
		{"client_id":"c2","heads":[],"digest":"d","pending":0,"devices":[]},
		{"client_id":"c3","heads":[],"digest":"d","pending":0,"notice":{"state":"recovering","at":null,"explanation":"Was lost.","action":"Wait."},"devices":[
		{"device":"old","user":"eve","state":"refused","reason":"equivocation","explanation":"Twice.","action":"Discard it.","reenter":[{"field":"budget","value":"7\u001b[2J","edited_at":"2027-06-12T12:00:00Z"}]}]}]}`
	newStubHub(t, map[string]string{"GET /api/clients/sync-status": answer})
	out := mustRun(t, "status")
	wantParts(t, out, "c1", "device_behind", "4", "never", "Is behind. Connect it.", "connected", "no device yet", "ada/phone",
		"recovering", "Was lost. Wait.", "refused", "Twice. Discard it.", "enter again", "budget: 7")
	if want := "1 record · 2 pending conflicts · 3 open proposals · device_behind 1 · in_sync 1\n"; !strings.HasPrefix(out, want) {
		t.Errorf("begins with %.200q, want %q", out, want)
	}
	last := 0
	for _, state := range []string{"Was lost.", "Twice.", "Is behind.", "no device yet", "Same."} {
		at := strings.Index(out, state)
		if at < last {
			t.Errorf("%q stands before what is more urgent:\n%s", state, out)
		}
		last = at
	}
	var decoded struct {
		Items []struct {
			Digest  string `json:"digest"`
			Devices []struct {
				Missing int `json:"missing_on_device"`
			} `json:"devices"`
		} `json:"items"`
		Totals map[string]int `json:"totals"`
	}
	if err := json.Unmarshal([]byte(mustRun(t, "status", "--json")), &decoded); err != nil {
		t.Fatal(err)
	}
	if decoded.Totals["records"] != 1 || len(decoded.Items) != 3 || decoded.Items[0].Devices[0].Missing != 4 || decoded.Items[0].Digest != "d" {
		t.Errorf("%+v", decoded)
	}
}

func TestStatusIsFilteredByTheHub(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"GET /api/clients/sync-status?client_id=c1&device=mia%2Fphone&limit=200&state=trouble": `{"totals":{},"items":[],"next":"c5"}`,
		"GET /api/clients/sync-status?client_id=c1&cursor=c5&device=mia%2Fphone&limit=200&state=trouble": `{"totals":{"records":1,"refused":1},"next":null,"items":[
			{"client_id":"c7","heads":[],"digest":null,"stale":true,"devices":[{"device":"phone","user":"mia","state":"refused","explanation":"Twice.","action":"Discard it."}]}]}`,
	})
	out := mustRun(t, "status", "--client", "c1", "--device", "mia/phone", "--state", "trouble")
	wantParts(t, out, "1 record", "refused 1", "mia/phone")
	if len(s.requests) != 2 {
		t.Errorf("requests %q: a page without items is not the last one", s.requests)
	}
	for _, bad := range [][]string{{"--state", "broken"}, {"--watch", "1ms"}, {"--limit", "0"}} {
		if _, err := wedsync(t, append([]string{"status"}, bad...)...); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestStatusFitsTheTerminal(t *testing.T) {
	t.Parallel()
	record := recordStatus{Client: "01J9ZD8Q3V4M7R2W5X6Y8Z9ABC", Devices: []deviceStatus{{
		User: "mia", Device: "a-phone-with-a-name-that-is-too-long", State: "waiting_for_dependency", MissingOnDevice: 12345,
		Explanation: "A change of this device waits for an earlier one that the hub does not hold.", Action: "Connect the device that made the earlier change.",
	}}}
	for _, width := range []int{130, 160, 200} {
		for line := range strings.Lines(statusGrid([]recordStatus{record}, width).Render()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("a line of %d characters on a terminal of %d:\n%s", n, width, line)
			}
		}
	}
}

func TestWhatDevicesWroteCannotMoveTheCursor(t *testing.T) {
	hostile := "\x1b[2Jgone\u202e\u009b31m\r"
	raw, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	newStubHub(t, map[string]string{"GET /api/conflicts/k": strings.ReplaceAll(pendingConflict, `"Mill"`, string(raw))})
	out := mustRun(t, "conflicts", "show", "k")
	if strings.ContainsAny(out, "\x1b\u009b\u202e\r") {
		t.Errorf("%q", out)
	}
	wantParts(t, out, "gone")
}

func TestEachCommandExplainsItselfByExample(t *testing.T) {
	t.Parallel()
	for _, command := range []interface{ Help() string }{
		serveCommand{},
		demoCommand{},
		tokenCommand{},
		statusCommand{},
		versionCommand{},
		conflictsListCommand{},
		conflictsShowCommand{},
		conflictsResolveCommand{},
		conflictsExportCommand{},
		importCommand{},
		exportCommand{},
		devicesListCommand{},
		devicesRevokeCommand{},
		devicesReadmitCommand{},
		devicesNameCommand{},
		usersListCommand{},
		usersRoleCommand{},
	} {
		if !strings.Contains(command.Help(), "\n    wedsync ") {
			t.Errorf("%T has no example", command)
		}
	}
}

func TestVersionIsPrinted(t *testing.T) {
	t.Parallel()
	wantParts(t, mustRun(t, "version"), "wedsync", "go1.")
}
