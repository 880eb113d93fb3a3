package main

import (
	"bufio"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// studio is the supplier of the demo.
const studio = "orchard-weddings"

// A scene is something that the app shows, to be looked at.
type scene struct {
	name, path string
	once       bool         // of a page that other scenes show too: tests look at one view of it
	picture    bool         // only pictures are made of it
	opened     bool         // by its address: what the page reads of that when it is loaded
	shows      string       // a selector of what is there once it is whole
	begin      func(p *tab) // has it come about, after the path was opened
	end        func(p *tab) // takes it back
}

// startDemo starts what people see after just run, without the story.
func startDemo(t testing.TB) *hubProcess {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir() + "/hub"
	h := newHub(t, data, "--data", data)
	cmd := exec.Command(path, "demo", "--no-story", "--data", h.data)
	cmd.Stderr = h.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // unless it has ended, which Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v\n%s", err, h.log)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
		if _, url, ok := strings.Cut(lines.Text(), "WEDSYNC_URL=http://"); ok {
			h.address = url
		}
	}
	if h.address == "" {
		t.Fatalf("the demo does not serve:\n%s", h.log)
	}
	return h
}

// hasASeason fails the test if a page would have nothing to show of some kind.
func (a *api) hasASeason() {
	a.t.Helper()
	reasons := make(map[string]bool)
	waiting := a.conflicts("pending")
	for _, c := range waiting {
		reasons[c.Reason] = true
	}
	if decided := a.conflicts("resolved"); len(waiting) != 10 || len(reasons) < 4 || len(decided) != 6 {
		a.t.Errorf("%d conflicts wait for reasons %v and %d are decided, want 10, four of them, and 6", len(waiting), reasons, len(decided))
	}
	var merged struct {
		Items []struct{} `json:"items"`
	}
	a.must("GET", "/api/merged?status=open", nil, &merged)
	var status struct {
		Totals map[string]int `json:"totals"`
	}
	a.must("GET", "/api/clients/sync-status?limit=200", nil, &status)
	if n := status.Totals; len(merged.Items) != 2 || n["in_sync"] == 0 || n["device_behind"] == 0 || n["refused"] != 1 {
		a.t.Errorf("%d fields were merged, want 2; devices stand %v, want some in sync, some behind, one refused", len(merged.Items), n)
	}
	var talk talkAnswer
	a.must("POST", "/api/integrations/communication/sync", map[string]any{"client_id": a.client("Neha Sharma & Arjun Mehta")}, &talk)
	from := make(map[string]bool)
	for _, row := range talk.Items {
		from[row.Source] = true
	}
	for _, s := range talk.Sources {
		if s.State != "up_to_date" {
			a.t.Errorf("%s of %s is %s: %v", s.Source, s.Account, s.State, s.Error)
		}
	}
	if len(talk.Sources) != 8 || len(from) < 6 {
		a.t.Errorf("of %d sources, which should be 8, a couple's timeline has %v, which should be six", len(talk.Sources), from)
	}
}

// client is the id of the record with a name.
func (a *api) client(name string) string {
	a.t.Helper()
	var page struct {
		Items []item `json:"items"`
	}
	a.must("GET", "/api/clients?limit=200", nil, &page)
	for _, i := range page.Items {
		if i.Fields["name"] == name {
			return i.ClientID
		}
	}
	a.t.Fatalf("there is no client %q", name)
	return ""
}

// scenes are what the owner of the studio sees, page by page.
func scenes(olivia *api) []scene {
	record := "/clients/" + olivia.client("Rosa Delgado & Iain MacLeod")
	escape := func(p *tab) { p.press("\x1b") }
	return []scene{
		{name: "inbox", path: "/inbox", shows: ".values"},
		{name: "inbox-several", picture: true, path: "/inbox?search=Rosa", shows: ".values"},
		{name: "inbox-stale", picture: true, path: "/inbox?search=Einar", shows: ".values"},
		{name: "inbox-another-value", once: true, path: "/inbox?search=Siobh", shows: ".values", begin: func(p *tab) {
			p.click(".foot .acts button")
			p.see("wed-value-input")
		}},
		{name: "inbox-all-of-a-kind", once: true, path: "/inbox", shows: ".values", begin: func(p *tab) {
			p.press("b")
			p.see("dialog[open]")
		}, end: escape},
		{name: "inbox-keys", once: true, path: "/inbox", shows: ".values", begin: func(p *tab) {
			p.press("?")
			p.see("dialog[open]")
		}, end: escape},
		{name: "inbox-decided", once: true, path: "/inbox?show=decided", shows: ".values"},
		{name: "clients", path: "/clients", shows: "li[aria-posinset] .name"},
		{name: "clients-new", once: true, path: "/clients", shows: "li[aria-posinset] .name", begin: func(p *tab) {
			p.click("button.primary")
			p.see("dialog[open]")
		}, end: escape},
		{name: "client", path: record, shows: `li[data-peer="Tom"]`},
		{name: "client-communication", once: true, path: record, shows: `li[data-kind="message"]`, begin: func(p *tab) {
			p.click(`li[data-kind="call"] button`)
			p.see("dl dd")
			p.eval("wed('wed-timeline').scrollIntoView({ block: 'start', behavior: 'instant' })")
		}},
		{name: "activity", path: "/activity", shows: "li.line"},
		{name: "status", path: "/status", shows: "wed-standing"},
		{name: "unmatched", path: "/unmatched", shows: "article.item"},
		{name: "unmatched-choice", once: true, path: "/unmatched", shows: "article.item", begin: func(p *tab) {
			p.tap("article.item button.other")
			p.see(`[role="option"]`)
		}, end: escape},
		{name: "unmatched-done", picture: true, path: "/unmatched", shows: "article.item", begin: func(p *tab) {
			p.click("article.item button:not(.other)")
			p.see("button.undo")
		}, end: func(p *tab) { p.tap("button.undo") }},
		{name: "devices", path: "/devices", shows: "li.device"},
		{name: "devices-name", once: true, path: "/devices", shows: "li.device", begin: func(p *tab) {
			p.click("li.device button")
			p.see("dialog[open]")
		}, end: escape},
		{name: "policy", path: "/policy", shows: "wed-policy-row"},
		{name: "connections", once: true, path: "/integrations", shows: "li.item"},
		{name: "connections-new", once: true, path: "/integrations", shows: "li.item", begin: func(p *tab) {
			p.click("button.primary")
			p.see("dialog[open]")
		}, end: escape},
		{name: "connection", path: "/integrations?connection=" + olivia.connection(crmName), shows: "wed-bench", begin: func(p *tab) {
			p.tap("button.latest:enabled") // takes the latest event
			p.until(`wed("#payload").value !== ""`)
			p.tap("button.try:enabled")
			p.see("table")
		}},
		{name: "events", once: true, path: "/integrations?show=events", shows: "li.item"},
		{name: "event-waiting", once: true, path: "/integrations?show=events&event=" + olivia.hookEvent("waiting"), shows: `button[aria-label^="It is theirs"]`},
		{name: "event-dead", picture: true, path: "/integrations?show=events&event=" + olivia.hookEvent("dead"), shows: "textarea.code"},
		{name: "endpoints", picture: true, path: "/integrations?show=endpoints", shows: "li.item"},
		{name: "accounts", picture: true, path: "/integrations?show=accounts", shows: "li[data-state]"},
		{name: "accounts-connect", once: true, opened: true, path: "/integrations?show=accounts&connect=twilio", shows: "input#sid", end: escape},
		{name: "endpoint", once: true, path: "/integrations?show=endpoints&endpoint=" + olivia.endpoint("Bookkeeping"), shows: "wed-delivery", begin: func(p *tab) {
			p.tap(`button[aria-label^="Log: "]`)
			p.see("details")
		}},
	}
}

// crmName is what the demo's CRM is called.
const crmName = "Studio CRM"

// connection is the id of the connection with a name.
func (a *api) connection(name string) string {
	return a.named("/api/webhooks/connections", func(i namedItem) bool { return i.Name == name })
}

// endpoint is the id of the endpoint with a description.
func (a *api) endpoint(name string) string {
	return a.named("/api/webhooks/endpoints", func(i namedItem) bool { return i.Description == name })
}

// hookEvent is the id of the latest event in a state.
func (a *api) hookEvent(state string) string {
	return a.named("/api/webhooks/events?state="+state, func(namedItem) bool { return true })
}

type namedItem struct{ ID, Name, Description string }

// named is the id of the first item of a list that is wanted.
func (a *api) named(path string, wanted func(namedItem) bool) string {
	a.t.Helper()
	var page struct{ Items []namedItem }
	a.must("GET", path, nil, &page)
	i := slices.IndexFunc(page.Items, wanted)
	if i < 0 {
		a.t.Fatalf("%s lists %+v, not what is wanted", path, page.Items)
	}
	return page.Items[i].ID
}

// offlineScenes are what she sees without a network.
func offlineScenes(olivia *api) []scene {
	return []scene{
		{name: "offline-client", once: true, path: "/clients/" + olivia.client("Rosa Delgado & Iain MacLeod"), shows: notesField, begin: func(p *tab) {
			p.typeNotes(" Sent the timetable.")
			p.see(`wed-badge[data-saving="kept"]`)
			p.eval("scrollTo(0, 0)")
		}},
		{name: "offline-inbox", picture: true, path: "/inbox", shows: ".values"},
		{name: "offline-activity", picture: true, path: "/activity", shows: `[aria-label="On its way to the hub"] li`},
		{name: "offline-unmatched", picture: true, path: "/unmatched", shows: "article.item"},
		{name: "offline-status", once: true, path: "/status", shows: `[aria-label="Not at the hub yet"] li`},
	}
}

// bareScenes are what an owner sees who has no clients yet.
var bareScenes = []scene{
	{name: "inbox-empty", once: true, path: "/inbox", shows: "wed-empty"},
	{name: "clients-empty", picture: true, path: "/clients", shows: "wed-empty"},
	{name: "activity-empty", picture: true, path: "/activity", shows: "wed-empty"},
	{name: "unmatched-empty", picture: true, path: "/unmatched", shows: "wed-empty"},
	{name: "status-empty", picture: true, path: "/status", shows: "wed-empty"},
	{name: "connections-empty", picture: true, path: "/integrations", shows: "wed-empty"},
	{name: "events-empty", picture: true, path: "/integrations?show=events", shows: "wed-empty"},
	{name: "endpoints-empty", picture: true, path: "/integrations?show=endpoints", shows: "wed-empty"},
	{name: "accounts-empty", picture: true, path: "/integrations?show=accounts", shows: "wed-empty"},
}
