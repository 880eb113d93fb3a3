package main

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// readButton says that a verdict was read.
const readButton = `button[aria-label="Read"]`

// unsays waits until the page does not have a text in it.
func (p *tab) unsays(text string) {
	p.t.Helper()
	p.until("window.wedText && !wedText().includes(" + quote(text) + ")")
}

// Maya has two tabs in one browser, olga decides in another. What maya edits offline is
// shared by her tabs, sent once, decided on, and told to her, whatever she has closed meanwhile.
func TestWhatWasEditedOfflineIsDecidedElsewhereAndTold(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	desk := h.api(owner("olga"))
	id := desk.create(map[string]any{"name": "Ada & Ben", "notes": "Peonies.", "wedding_date": "2027-06-12", "budget": 10000}).ClientID
	b := startBrowser(t)
	address, token := "http://"+h.address, h.token(who{"barn", "maya", "member", ""})
	maya, other := b.tab("maya", address), b.tab("maya's other tab", address)
	olga := b.person("olga", address)
	maya.signIn(token, "/clients/"+id)
	maya.readDate("2027-06-12")
	maya.see(`wed-badge[data-saving="saved"]`)
	maya.until("navigator.serviceWorker.ready.then(r => r.active?.state === 'activated')")
	other.goTo("/clients/" + id)
	other.readDate("2027-06-12")
	other.see(`wed-badge[data-saving="saved"]`)
	olga.signIn(h.token(owner("olga")), "/inbox")
	olga.says("All decided")

	// Offline, tabs hear each other.
	maya.offline(true)
	other.offline(true)
	maya.typeNotes(" Ramp needed.")
	other.readNotes("Peonies. Ramp needed.")
	other.typeNotes(" Dog comes.")
	maya.readNotes("Peonies. Ramp needed. Dog comes.")
	maya.enter("wedding_date", "2027-06-19")
	other.readDate("2027-06-19")
	maya.see("[data-unsent]")
	for _, p := range []*tab{maya, other} {
		p.see(`wed-badge[data-saving="kept"]`)
		p.says("Offline · 1 record to send")
	}
	// What was typed outlives the page.
	maya.reload()
	maya.readNotes("Peonies. Ramp needed. Dog comes.")
	maya.readDate("2027-06-19")
	desk.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"notes": "Pink peonies."}}, nil)

	maya.offline(false)
	other.offline(false)
	for _, p := range []*tab{maya, other} {
		p.readNotes("Pink peonies. Ramp needed. Dog comes.")
		p.readDate("2027-06-12")
		p.says("Waiting for approval")
		p.see(`wed-badge[data-saving="saved"]`)
		p.see(`p[data-state="Synced"]`)
	}

	// Another window decides; the edit is told of where it was made.
	olga.see(openCard)
	olga.until("wed(" + quote(openCard) + ").conflict.proposals[0].value === '2027-06-19'")
	olga.waits(1)
	olga.keys("n")
	olga.press("The barn is free.")
	olga.keys(kb.Escape, "a")
	olga.says("All decided")
	told := "Your wedding date for Ada & Ben was accepted by olga: Jun 19, 2027."
	for _, p := range []*tab{maya, other} {
		p.says(told)
		p.says("The barn is free.")
		p.readDate("2027-06-19")
		p.unsays("Waiting for approval")
	}
	// What is read in one tab is read in the other.
	maya.click(readButton)
	for _, p := range []*tab{maya, other} {
		p.unsays(told)
	}

	// No tab is open when it is decided: the next one tells.
	other.enter("budget", "12500")
	other.says("Waiting for approval")
	other.see(`p[data-state="Synced"]`)
	maya.close()
	other.close()
	olga.see(openCard)
	olga.waits(1)
	olga.keys("x")
	olga.says("All decided")
	kept := "Your budget for Ada & Ben, 12,500, was not taken: olga kept 10,000."
	back := b.tab("maya, back", address)
	back.goTo("/clients")
	back.says(kept)
	back.unsays(told)
	back.reload()
	back.says(kept) // until it is read
	back.click(readButton)
	back.unsays(kept)
	back.until("performance.getEntriesByType('resource').some(e => e.name.includes('/ack?') && e.responseEnd > 0)")
	back.reload()
	back.see("li[aria-posinset] .name")
	back.unsays(kept)

	// Who signs out does so in every tab.
	third := b.tab("maya's third tab", address)
	third.goTo("/inbox")
	third.see("wed-frame")
	back.click("button.open")
	back.click("#menu > button")
	back.see("wed-sign-in")
	third.see("wed-sign-in")
}
