package main

import (
	"strings"
	"testing"
)

// choose chooses an option of a select.
func (p *tab) choose(selector, value string) {
	p.t.Helper()
	p.see(selector)
	p.until("(e => { e.value = " + quote(value) + "; e.dispatchEvent(new Event('change', {bubbles: true})); return true })(wed(" + quote(selector) + "))")
}

// line waits until a line of the feed of a type has all of the texts.
func (p *tab) line(kind string, texts ...string) {
	p.t.Helper()
	p.until("wedAll(" + quote(`li.line[data-type="`+kind+`"]`) + ").some(e => " + quoteAll(texts) + ".every(text => wedText(e).includes(text)))")
}

// noLine waits until no line has a text.
func (p *tab) noLine(text string) {
	p.t.Helper()
	p.until("wed('li.line') && !wedAll('li.line').some(e => wedText(e).includes(" + quote(text) + "))")
}

func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// The feed of the time before grew line by line at its top, which moved all that stood there.
func TestFeedOfTheTimeBeforeComesAtOnce(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga := h.api(owner("olga"))
	for range 40 {
		olga.create(map[string]any{"name": "Ada & Ben"})
	}
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.script(`{
		window.moved = 0
		new PerformanceObserver(l => l.getEntries().forEach(e => moved += e.value)).observe({ type: "layout-shift", buffered: true })
	}`)
	p.signIn(h.token(owner("olga")), "/activity")
	p.line("wedsync.client.created", "added Ada & Ben")
	p.see(`p[data-state="Synced"]`)
	if moved := p.eval("moved < 0.1 || moved"); moved != "true" {
		t.Errorf("the page moved by %s, of which 0.1 is good", moved)
	}
}

func TestFeedTellsWhatHappensAsItHappens(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga, tom := h.api(owner("olga")), h.api(member("tom"))
	ada := olga.create(map[string]any{"name": "Ada & Ben", "notes": "Peonies.", "wedding_date": "2027-06-12"}).ClientID
	eve := olga.create(map[string]any{"name": "Eve & Jo", "wedding_date": "2027-08-01"}).ClientID
	b := startBrowser(t)
	feed, record := b.tab("maya's feed", "http://"+h.address), b.tab("maya's record", "http://"+h.address)
	feed.signIn(h.token(who{"barn", "maya", "member", ""}), "/activity")
	record.goTo("/clients/" + ada)
	record.readNotes("Peonies.")
	for _, p := range []*tab{feed, record} {
		p.expect("net::ERR_") // of requests that find no hub
	}
	feed.line("wedsync.client.created", "olga added Ada & Ben")
	feed.says("live")

	// What others do.
	olga.must("PATCH", "/api/clients/"+ada, map[string]any{"fields": map[string]any{"phone": "0123"}}, nil)
	feed.line("wedsync.client.changed", "olga changed phone of Ada & Ben", "through the API")
	tom.must("PATCH", "/api/clients/"+eve, map[string]any{"fields": map[string]any{"wedding_date": "2027-08-08"}}, nil)
	feed.line("wedsync.verdict.diverted", "tom proposed another wedding date for Eve & Jo; it waits for approval")
	c := olga.conflicts("pending")[0]
	olga.resolve(c, map[string]any{"action": "accept", "proposal_id": c.Proposals[0].ID})
	feed.line("wedsync.conflict.resolved", "olga decided wedding date of Eve & Jo: tom was accepted")

	// One's own before it is true, and after.
	h.kill()
	record.typeNotes(" Ramp needed.")
	record.enter("wedding_date", "2027-06-19")
	feed.until(`["You edited", "notes", "wedding date", "Ada & Ben", "kept here"].every(text => wedText(wed("wed-sending")).includes(text))`)
	feed.says("not live")
	h.start()
	feed.line("wedsync.client.changed", "You changed notes of Ada & Ben", "saved")
	feed.line("wedsync.verdict.diverted", "You proposed another wedding date for Ada & Ben", "waits")
	feed.until(`!wed("wed-sending li")`)

	// On after a break, with nothing missed.
	feed.says("nothing was missed")
	feed.says("live")
	feed.until(`wedAll("li.line").filter(e => wedText(e).includes("olga added Ada & Ben")).length === 1`)
	feed.eval("{ const now = Date.now; Date.now = () => now() + 600_000 }; 0") // the computer slept for ten minutes
	feed.until(`wedText().split("nothing was missed").length === 3`)
	olga.must("PATCH", "/api/clients/"+eve, map[string]any{"fields": map[string]any{"email": "eve@example.org"}}, nil)
	feed.line("wedsync.client.changed", "olga changed email of Eve & Jo")

	// Only what was chosen.
	feed.choose("select.kind", "decisions")
	feed.noLine("changed email")
	feed.line("wedsync.conflict.resolved", "olga decided")
	feed.choose("select.person", "tom")
	feed.noLine("olga decided")
	feed.line("wedsync.verdict.diverted", "tom proposed")
	feed.choose("select.kind", "")
	feed.choose("select.person", "")
	feed.choose("select.client", eve)
	feed.noLine("Ada & Ben")
	feed.line("wedsync.client.created", "olga added Eve & Jo")
	feed.says("That is all that is known of this client.")
}

// A feed that was loaded after the stream had begun did not know that it had, and told of no first break.
func TestBreakIsToldByAFeedThatWasLoadedLate(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"})
	p := startBrowser(t).person("maya", "http://"+h.address)
	p.expect("net::ERR_") // of requests that find no hub
	p.signIn(h.token(member("maya")), "/inbox")
	p.see(`[data-state="Synced"]`)
	p.turnTo("/activity")
	p.says("live")
	p.until("navigator.serviceWorker.controller")
	h.kill()
	p.says("not live")
	h.start()
	p.says("nothing was missed")
}
