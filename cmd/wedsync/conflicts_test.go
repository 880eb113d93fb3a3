package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const pendingConflict = `{"id":"k","client_id":"c","field":"venue_name","status":"pending","version":3,"reason":"needs_review",
	"base":{"revision":1,"value":"Orchard Barn"},"current":{"revision":2,"value":"Old Barn"},"opened_at":"2027-01-01T00:00:00Z",
	"proposals":[{"id":"p1","value":"Mill","state":"open","reason":"needs_review","author":{"user":"ada","device":"phone","role":"member"},"co_authors":[{"user":"ben"}],"edited_at":"2027-01-01T00:00:00Z","received_at":"2027-01-01T00:00:00Z"},
	{"id":"p0","value":"Older","state":"superseded","reason":"needs_review","author":{"user":"ada"},"co_authors":[],"edited_at":null,"received_at":null}]}`

// decided is pendingConflict as somebody decided it.
func decided(by string) string {
	return strings.Replace(strings.Replace(pendingConflict, `"pending"`, `"resolved"`, 1), `"opened_at"`,
		`"decision":{"action":"accept","by":{"user":"`+by+`"},"at":"2027-01-02T00:00:00Z","revision":3,"value":"Mill"},"opened_at"`, 1)
}

func TestConflictsAreListedInThreeColumns(t *testing.T) {
	newStubHub(t, map[string]string{"GET /api/conflicts": `{"items":[` + pendingConflict + `],"next":null}`})
	out := mustRun(t, "conflicts", "list")
	wantParts(t, out, "base", "current", "incoming", "Orchard Barn", "Old Barn", "Mill", "by ada on phone", "venue_name")
	if strings.Contains(out, "Older") {
		t.Errorf("a superseded proposal is shown as incoming:\n%s", out)
	}
}

func TestConflictsAreFilteredByTheHub(t *testing.T) {
	s := newStubHub(t, map[string]string{"GET /api/conflicts": `{"items":[],"next":null}`})
	mustRun(t, "conflicts", "list", "--status", "all", "--field", "budget", "--client", "c")
	if want := "GET /api/conflicts?client_id=c&field=budget&limit=200"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	mustRun(t, "conflicts", "list", "--author", "ada", "--source", "device", "--older-than", "72h", "--sort", "newest")
	if want := "GET /api/conflicts?author=ada&limit=200&older_than=72h&sort=newest&source=device&status=pending"; s.requests[1] != want {
		t.Errorf("asked %s, want %s", s.requests[1], want)
	}
}

func TestConflictIsShownWithAllProposalsAndHowToDecide(t *testing.T) {
	newStubHub(t, map[string]string{"GET /api/conflicts/k": pendingConflict})
	wantParts(t, mustRun(t, "conflicts", "show", "k"), "version 3", "p1", "p0", "superseded", "and ben", "conflicts resolve k --keep")
	var got remoteConflict
	if err := json.Unmarshal([]byte(mustRun(t, "conflicts", "show", "k", "--json")), &got); err != nil || got.Version != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestResolveSendsTheDecisionForTheVersionThatStands(t *testing.T) {
	for _, c := range []struct {
		flags []string
		body  string
	}{
		{[]string{"--accept", "p1"}, `{"version":3,"action":"accept","proposal_id":"p1"}`},
		{[]string{"--keep", "--note", "booked"}, `{"version":3,"action":"keep","note":"booked"}`},
		{[]string{"--value", `"Mill"`}, `{"version":3,"action":"custom","value":"Mill"}`},
		{[]string{"--value", "12500.50"}, `{"version":3,"action":"custom","value":12500.50}`},
		{[]string{"--value", "null", "--version", "2"}, `{"version":2,"action":"custom","value":null}`},
	} {
		s := newStubHub(t, map[string]string{"GET /api/conflicts/k": pendingConflict, "POST /api/conflicts/k/resolve": decided("olga")})
		out := mustRun(t, append([]string{"conflicts", "resolve", "k"}, c.flags...)...)
		wantParts(t, out, "venue_name of client c is Mill now (revision 3).")
		if got := s.requests[len(s.requests)-1]; got != "POST /api/conflicts/k/resolve "+c.body {
			t.Errorf("%v sends %s, want %s", c.flags, got, c.body)
		}
	}
}

func TestResolveNeedsExactlyOneDecision(t *testing.T) {
	s := newStubHub(t, nil)
	for _, flags := range [][]string{
		{}, {"--keep", "--accept", "p1"}, {"--keep", "--value", "1"}, {"--value", "not JSON"}, {"--value", ""},
	} {
		if out, err := wedsync(t, append([]string{"conflicts", "resolve", "k"}, flags...)...); err == nil {
			t.Errorf("%v: %s", flags, out)
		}
	}
	if len(s.requests) > 0 {
		t.Errorf("the hub was asked %q", s.requests)
	}
}

func TestConflictThatMovedOnIsExplained(t *testing.T) {
	problem := `{"type":"x","title":"The conflict has moved on","status":409,"conflict":%s}`
	for _, c := range []struct{ conflict, want string }{
		{pendingConflict, "moved on to version 3, where the value is Old Barn and proposed is Mill; look at it with wedsync conflicts show k"},
		{decided("otto"), "somebody was faster, and nothing was changed: otto decided"},
		{strings.Replace(pendingConflict, `"pending"`, `"withdrawn"`, 1), "nothing was changed: the conflict is withdrawn already"},
	} {
		newStubHub(t, map[string]string{"POST /api/conflicts/k/resolve": fmt.Sprintf(problem, c.conflict)})
		_, err := wedsync(t, "conflicts", "resolve", "k", "--keep", "--version", "2")
		wantParts(t, fmt.Sprint(err), c.want)
	}
}

func TestSeveralConflictsAreDecidedAlikeAndEachIsReported(t *testing.T) {
	s := newStubHub(t, map[string]string{
		"GET /api/conflicts/k": pendingConflict, "GET /api/conflicts/m": pendingConflict,
		"POST /api/conflicts/resolve": `{"results":[{"conflict_id":"k","status":200,"conflict":` + decided("olga") + `},
			{"conflict_id":"m","status":409,"problem":{"type":"x","title":"The conflict has moved on","status":409,"conflict":` + decided("otto") + `}}]}`,
	})
	out, err := wedsync(t, "conflicts", "resolve", "k", "m", "--keep", "--note", "booked")
	wantParts(t, out, "venue_name of client c is Mill now (revision 3).", "conflict m: somebody was faster, and nothing was changed: otto decided")
	wantParts(t, fmt.Sprint(err), "1 of 2 conflicts were not decided")
	want := `POST /api/conflicts/resolve {"decisions":[{"conflict_id":"k","version":3,"action":"keep","note":"booked"},{"conflict_id":"m","version":3,"action":"keep","note":"booked"}]}`
	if got := s.requests[len(s.requests)-1]; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	for _, flags := range [][]string{{"--accept", "p1"}, {"--keep", "--version", "2"}} {
		if out, err := wedsync(t, append([]string{"conflicts", "resolve", "k", "m"}, flags...)...); err == nil {
			t.Errorf("%v: %s", flags, out)
		}
	}
}
