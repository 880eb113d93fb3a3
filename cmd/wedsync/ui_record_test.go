package main

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Selectors of a record's page.
const (
	notesField = `wed-cotext[data-field="notes"]`
	dateField  = `wed-critical[data-field="wedding_date"]`
)

// inner is a JavaScript expression for an element in the shadow root of another.
func inner(host, selector string) string {
	return "wed(" + quote(host) + ")?.shadowRoot.querySelector(" + quote(selector) + ")"
}

// typeNotes types at the end of the notes.
func (p *tab) typeNotes(text string) {
	p.t.Helper()
	p.see(notesField)
	p.until("(e => { if (!e || e.readOnly) return false; e.focus(); e.setSelectionRange(e.value.length, e.value.length); return true })(" + inner(notesField, "textarea") + ")")
	p.press(text)
}

// readNotes waits until the document says this; before it is open, the page shows what
// the hub says.
func (p *tab) readNotes(want string) {
	p.t.Helper()
	p.see("wed-badge[data-saving]:not([data-saving=loading])")
	p.showNotes(want)
}

func (p *tab) showNotes(want string) {
	p.t.Helper()
	p.until(inner(notesField, "textarea") + "?.value" + " === " + quote(want))
}

// enter sets a critical field and leaves it.
func (p *tab) enter(field, value string) {
	p.t.Helper()
	host := "wed-critical[data-field=" + quote(field) + "]"
	p.see(host)
	p.until("(e => { if (!e || e.readOnly) return false; e.focus(); e.value = " + quote(value) + "; e.dispatchEvent(new Event('input', {bubbles: true})); e.blur(); return true })(" + inner(host, "input") + ")")
}

func (p *tab) readDate(want string) {
	p.t.Helper()
	p.until(inner(dateField, "input") + "?.value" + " === " + quote(want))
}

func TestTwoTabsTypeInTheSameNotesAndConverge(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	b := startBrowser(t)
	maya, tom := b.person("maya", "http://"+h.address), b.person("tom", "http://"+h.address)
	maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/clients/"+id)
	tom.signIn(h.token(who{"barn", "tom", "member", ""}), "/clients/"+id)
	maya.readNotes("Peonies.")
	tom.readNotes("Peonies.")
	maya.see(`li[data-peer="tom"]`)
	tom.see(`li[data-peer="maya"]`)

	maya.typeNotes(" No lilies.")
	tom.readNotes("Peonies. No lilies.")
	// Both at once, one in front of the other.
	tom.until("(e => { e.focus(); e.setSelectionRange(0, 0); return true })(" + inner(notesField, "textarea") + ")")
	for range 8 {
		tom.press("t")
		maya.press("m")
	}
	want := "tttttttt" + "Peonies. No lilies." + "mmmmmmmm"
	maya.readNotes(want)
	tom.readNotes(want)
	maya.see(`wed-badge[data-saving="saved"]`)
}

// noSync keeps a page's documents from the hub until window.reached.
const noSync = `{
	const real = WebSocket
	window.WebSocket = class extends real {
		constructor(url) { super(window.reached ? url : String(url).replace("/sync?", "/nowhere?")) }
	}
}`

// A page that tried again and again to open a document that nobody could give it yet
// did not let its own socket open.
func TestRecordAppearsOnceTheHubIsReached(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	maya := startBrowser(t).person("maya", "http://"+h.address)
	maya.expect("WebSocket connection to")
	maya.script(noSync)
	maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/clients/"+id)
	maya.says("The hub is not reached yet, and this browser has no copy of this record.")
	maya.eval("window.reached = true")
	maya.readNotes("Peonies.")
	maya.until("!wedText().includes('not reached yet')")
	maya.typeNotes(" Ramp needed.")
	maya.see(`wed-badge[data-saving="saved"]`)
}

// Documents that could not be opened because a part of the app did not come were not
// opened until the app was loaded anew, and nobody was told.
func TestRecordOpensOnceAPartOfTheAppThatWasMissingComes(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	b := startBrowser(t)
	for _, part := range []string{"/app/automerge-*.wasm", "/app/repo-*.js"} {
		id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
		maya := b.person("maya", "http://"+h.address)
		maya.expect("Documents cannot be opened:")
		maya.withhold(part)
		maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/clients/"+id)
		maya.says("Records cannot be edited here for now: a part of the app could not be loaded.")
		maya.see(`[data-state="Not syncing"]`)
		maya.showNotes("Peonies.")
		maya.withhold()
		maya.eval("dispatchEvent(new Event('online'))")
		maya.see(`wed-badge[data-saving="saved"]`)
		maya.until("!wedText().includes('could not be loaded')")
		maya.typeNotes(" Ramp needed.")
		maya.see(`wed-badge[data-saving="saved"]`)
		maya.until("wed('[data-state=Synced]')")
	}
}

// A record whose storage could not be opened stood at "Opening…" for good.
func TestRecordIsEditedInABrowserThatStoresNothing(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	b := startBrowser(t)
	maya, tom := b.person("maya", "http://"+h.address), b.person("tom", "http://"+h.address)
	maya.storesNothing()
	maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/clients/"+id)
	tom.signIn(h.token(who{"barn", "tom", "member", ""}), "/clients/"+id)
	maya.readNotes("Peonies.")
	maya.says("edits made offline")
	maya.typeNotes(" Ramp needed.")
	maya.see(`wed-badge[data-saving="saved"]`)
	tom.readNotes("Peonies. Ramp needed.")
	maya.reload()
	maya.readNotes("Peonies. Ramp needed.")
}

// storesNothing leaves the hub's pages no storage, in this person's browser.
func (p *tab) storesNothing() {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		_, err = chromedp.Call(ctx, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: p.base, QuotaSize: new(1.0)})
		return none, err
	})
}

func TestAppGoesOnWhenItsHubIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	b := startBrowser(t)
	maya, tom := b.person("maya", "http://"+h.address), b.person("tom", "http://"+h.address)
	for _, p := range []*tab{maya, tom} {
		p.expect("net::ERR_") // of requests that find no hub
		p.signIn(h.token(who{"barn", p.name, "member", ""}), "/clients/"+id)
		p.readNotes("Peonies.")
		p.eval("window.notReloaded = true")
	}
	maya.typeNotes(" Ramp")
	h.kill()
	maya.press(" needed.")
	// In front, or what the two write would stand between each other's letters.
	tom.until("(e => { e.focus(); e.setSelectionRange(0, 0); return true })(" + inner(notesField, "textarea") + ")")
	tom.press("Deposit paid. ")
	maya.see(`wed-badge[data-saving="kept"]`)
	tom.see(`wed-badge[data-saving="kept"]`)
	tom.says("No hub · 1 record to send")

	h.start()
	for _, p := range []*tab{maya, tom} {
		p.readNotes("Deposit paid. Peonies. Ramp needed.")
		p.see(`wed-badge[data-saving="saved"]`)
		p.see(`p[data-state="Synced"]`)
		p.until("window.notReloaded")
	}
	maya.see(`li[data-peer="tom"]`)
	tom.see(`li[data-peer="maya"]`)
}
