package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	shownAccount = `{"id":"01AC","provider":"google","name":"The barn","address":"anna@barn.example","version":3,"state":"connected","level":"subject","region":"","since":null,
		"own":["anna@barn.example"],"connected_by":"olga","created_at":"2027-01-01T00:00:00Z","changed_at":"2027-01-01T00:00:00Z"}`
	gmailSource = `{"source":"gmail","account":"anna@barn.example","account_id":"01AC","state":"up_to_date","last_success":"2027-01-01T00:00:00Z","error":null,"left":0,"next_retry":null,"pushed":false,"no_push":"no topic\u001b","poll_seconds":300}`
	smsSource   = `{"source":"twilio_sms","account":"AC1","account_id":"02AC","state":"failing","last_success":null,"error":"the provider does not answer\u001b","left":-1,"next_retry":"2027-01-01T00:01:00Z"}`
	shownMail   = `{"id":"01IT","kind":"email","direction":"inbound","occurred_at":"2027-01-01T00:00:00Z","subject":"Peonies","snippet":"We like\u001b peonies","source":"gmail",
		"participants":[{"role":"from","name":"Ada","address":"ada@example.com","own":false},{"role":"to","name":"","address":"anna@barn.example","own":true}],"occurrences":[]`

	sourcesURL  = "GET /api/integrations/communication/sources"
	accountsURL = "GET " + accountsPath
)

func TestAccountsAreListedWithTheirSourcesAndChanged(t *testing.T) {
	s := newStubHub(t, map[string]string{
		accountsURL: `{"items":[` + shownAccount + `],"next":null}`, sourcesURL: `{"items":[` + gmailSource + `,` + smsSource + `],"next":null}`,
		"PATCH " + accountsPath + "/01AC": shownAccount, "GET " + accountsPath + "/01AC": shownAccount, "DELETE " + accountsPath + "/01AC": "",
	})
	out := mustRun(t, "communications", "accounts")
	wantParts(t, out, "01AC", "The barn", "anna@barn.example", "subject", "gmail: up to date", "no push, read every 5 min: no")
	if strings.Contains(out, "twilio") {
		t.Errorf("%s", out)
	}
	wantParts(t, mustRun(t, "communications", "accounts", "set", "01AC", "--pause", "--level", "subject"), "anna@barn.example is connected, and shows subject.")
	if want, got := `PATCH `+accountsPath+`/01AC {"level":"subject","paused":true}`, s.requests[2]; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	for _, args := range [][]string{{"accounts", "set", "01AC"}, {"accounts", "set", "01AC", "--pause", "--resume"}, {"disconnect", "01AC"}} {
		if out, err := wedsync(t, append([]string{"communications"}, args...)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
	wantParts(t, mustRun(t, "communications", "disconnect", "01AC", "--yes"), "anna@barn.example is disconnected.")
	s.answers[accountsURL] = `{"items":[],"next":null}`
	wantParts(t, mustRun(t, "communications", "accounts"), "wedsync communications connect --provider google")
}

func TestTwilioIsConnectedWithATokenThatNoFlagHas(t *testing.T) {
	connected := strings.Replace(shownAccount, "anna@barn.example", "AC1", 1)
	s := newStubHub(t, map[string]string{"POST " + accountsPath: connected})
	const want = "POST " + accountsPath + ` {"level":"metadata","numbers":["+442079460018"],"sid":"AC1","token":"s3cret"}`
	args := []string{"communications", "connect", "--provider", "twilio", "--sid", "AC1", "--numbers", "+442079460018", "--level", "metadata"}
	var out, log bytes.Buffer
	if err := run(t.Context(), args, terminal{In: strings.NewReader("s3cret\n"), Out: &out, Err: &log}); err != nil {
		t.Fatal(err)
	}
	wantParts(t, out.String(), "AC1 is connected, as 01AC.", "wedsync communications sync --account 01AC")
	if s.requests[0] != want || strings.Contains(out.String()+log.String(), "s3cret") {
		t.Errorf("sent %s, want %s; told %s%s", s.requests[0], want, out.String(), log.String())
	}
	_, err := wedsync(t, args...)
	wantParts(t, fmt.Sprint(err), "there is no standard input")
	t.Setenv(twilioTokenName, "s3cret")
	mustRun(t, args...)
	if s.requests[1] != want {
		t.Errorf("sent %s, want %s", s.requests[1], want)
	}
	for args, want := range map[string]string{"--provider=twilio": "needs --sid", "--provider=google --sid=AC1": "belong to --provider twilio", "--provider=fax": "must be one of"} {
		_, err := wedsync(t, append([]string{"communications", "connect"}, strings.Fields(args)...)...)
		wantParts(t, fmt.Sprint(err), want)
	}
}

func TestConnectSaysWhereToGoAndWaitsForTheAccount(t *testing.T) {
	s := newStubHub(t, map[string]string{accountsURL: `{"items":[` + shownAccount + `],"next":null}`, sourcesURL: `{"items":[],"next":null}`})
	args := []string{"communications", "connect", "--provider", "google", "--wait", "0s"}
	_, err := wedsync(t, args...)
	wantParts(t, fmt.Sprint(err), "no account of google came")
	// One that has to be connected again is new once it need not.
	again := strings.Replace(shownAccount, `"state":"connected"`, `"state":"reconnect"`, 1)
	s.answers[accountsURL] = `{"items":[` + again + `],"next":null}`
	var out, log bytes.Buffer
	told := writerFunc(func(b []byte) (int, error) {
		s.answers[accountsURL] = `{"items":[` + shownAccount + `],"next":null}`
		return log.Write(b)
	})
	if err := run(t.Context(), args, terminal{Out: &out, Err: told}); err != nil {
		t.Fatal(err)
	}
	wantParts(t, log.String(), s.url+"/integrations?show=accounts&connect=google")
	wantParts(t, out.String(), "anna@barn.example is connected, as 01AC.")
}

// writerFunc is what is done with what is written.
type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestSyncNamesEverySourceAndFailsIfOneDoes(t *testing.T) {
	const path = "POST /api/integrations/communication/sync"
	s := newStubHub(t, map[string]string{
		path:                                  `{"client_id":"01J","items":[` + shownMail + `}],"sources":[` + gmailSource + `,` + smsSource + `],"next":null}`,
		"POST " + accountsPath + "/01AC/sync": `{"items":[` + strings.Replace(gmailSource, "up_to_date", "reading", 1) + `],"next":null}`,
		sourcesURL:                            `{"items":[` + gmailSource + `,` + smsSource + `],"next":null}`,
	})
	out, err := wedsync(t, "communications", "sync", "--client", "01J")
	wantParts(t, out, "gmail", "up to date", "twilio_sms", "failing: the provider does not", "wedsync communications list --client 01J")
	wantParts(t, fmt.Sprint(err), "not all is up to date: twilio_sms AC1: failing: the provider does not answer")
	if strings.Contains(out+fmt.Sprint(err), "\x1b") || strings.Contains(fmt.Sprint(err), "gmail") {
		t.Errorf("%q %v", out, err)
	}
	if want := path + ` {"client_id":"01J","wait":"10s"}`; s.requests[0] != want {
		t.Errorf("sent %s, want %s", s.requests[0], want)
	}
	s.answers[path] = `{"client_id":"01J","items":[],"sources":[` + gmailSource + `],"next":null}`
	wantParts(t, mustRun(t, "communications", "sync", "--client", "01J"), "nothing was found so far")
	wantParts(t, mustRun(t, "communications", "sync", "--client", "01J", "--json"), `"state": "up_to_date"`)
	_, err = wedsync(t, "communications", "sync", "--account", "01AC", "--wait", "0s")
	wantParts(t, fmt.Sprint(err), "gmail anna@barn.example: reading, 0 left")
	for _, args := range [][]string{{}, {"--client=01J", "--account=01AC"}} {
		if out, err := wedsync(t, append([]string{"communications", "sync"}, args...)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}

func TestProgressOfASyncIsOneLine(t *testing.T) {
	error := "no answer\n"
	c := communicationsSyncCommand{}
	line := c.progress([]remoteSource{
		{Source: "gmail", Account: "anna@barn.example", State: "reading", Left: 120},
		{Source: "outlook", State: "never", Left: -1},
		{Source: "twilio_sms", State: "failing", Error: &error, NextRetry: &time.Time{}},
		{Source: "in_app", State: "up_to_date"},
	})
	if want := "2 of 4 sources looked at; gmail anna@barn.example reading, 120 left; outlook never"; line != want {
		t.Errorf("%q, want %q", line, want)
	}
}

func TestCommunicationsAreListedAndLinked(t *testing.T) {
	const path = "/api/clients/01J/communications"
	s := newStubHub(t, map[string]string{
		"GET " + path:                       `{"items":[` + shownMail + `}],"next":null}`,
		"GET /api/communications/unmatched": `{"items":[` + shownMail + `,"suggestions":[{"client_id":"01J","name":"Ada & Ben","reason":"thread"}]}],"next":null}`,
		"PUT " + path + "/01IT/link":        "",
	})
	out := mustRun(t, "communications", "list", "--client", "01J", "--kind", "email,sms", "-q", "peonies")
	wantParts(t, out, "01IT", "email", "inbound", "Ada", "Peonies", "gmail")
	if strings.Contains(out, "\x1b") || strings.Contains(out, "anna@barn.example") {
		t.Errorf("%q", out)
	}
	if want := "GET " + path + "?kind=email%2Csms&limit=50&q=peonies"; s.requests[0] != want {
		t.Errorf("asked %s, want %s", s.requests[0], want)
	}
	wantParts(t, mustRun(t, "communications", "unmatched"), "Ada & Ben (thread)", "01J", "01IT")
	wantParts(t, mustRun(t, "communications", "link", "01IT", "--client", "01J"), "01IT is about 01J.")
	wantParts(t, mustRun(t, "communications", "link", "01IT", "--client", "01J", "--not"), "01IT is not about 01J.")
	if got, want := s.requests[len(s.requests)-1], "PUT "+path+`/01IT/link {"state":"unlinked"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	s.answers["GET "+path] = `{"items":[],"next":null}`
	wantParts(t, mustRun(t, "communications", "list", "--client", "01J"), "Nothing was found so far.")
}
