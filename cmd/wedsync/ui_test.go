package main

import (
	"fmt"
	"testing"
)

func TestAppSignsInWithALinkAndShowsEveryPage(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	token := h.token(owner("olga"))
	p := startBrowser(t).tab("olga", "http://"+h.address)
	p.signIn(token, "/inbox")
	for _, page := range []string{"inbox", "clients", "activity", "status", "unmatched", "devices", "policy", "integrations"} {
		p.click(`nav a[href="/` + page + `"]`)
		p.see("wed-" + page)
		p.see("nav a[aria-current=page]")
	}
	p.read("p[data-state]", "Synced")
}

// An address with half a character in it left an empty page, where the service worker gave the app.
func TestAddressThatIsNoTextIsOfNoPage(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/inbox")
	p.turnTo("/clients/%E0%A4%A")
	p.says("There is no such page")
}

func TestTitleAndKeyboardGoWhereThePageGoes(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"}).ClientID
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/clients")
	p.focus(`li a[href="/clients/` + id + `"]`)
	p.press("\r")
	p.until("document.title === 'Ada & Ben · WedSync'")
	p.on("#main")
	p.turnTo("/clients")
	p.until("document.title === 'Clients · WedSync'")
}

// The page that a supplier had open stayed, with its title and its record's document.
func TestNothingIsLeftOfWhoWasSignedInBefore(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	id := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben", "notes": "Peonies."}).ClientID
	b := startBrowser(t)
	p, other := b.tab("olga", "http://"+h.address), b.tab("olga's other", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/clients/"+id)
	p.readNotes("Peonies.")
	p.until("window.frame = wed('wed-frame')")

	p.expect("404") // of the record that another supplier does not have
	p.expect(leftEarly)
	other.expect(leftEarly)
	other.signIn(h.token(who{"meadow", "xena", "owner", ""}), "/inbox")
	p.until("wed('wed-frame') && wed('wed-frame') !== window.frame && !wedText().includes('Ada & Ben') && !document.title.includes('Ada')")

	p.until("(" + inner("wed-menu", "#menu > button:last-child") + ".click(), true)")
	p.see("wed-sign-in")
	p.until("document.title === 'WedSync'")
	// A link to the page that is open signs in too: a browser loads nothing for it.
	p.until(fmt.Sprintf("(location.hash = 'token=%s', true)", h.token(owner("olga"))))
	p.readNotes("Peonies.")
	p.until("location.hash === ''")
}

// A document that had not come when somebody signed out kept all of the next one's from being opened.
func TestRecordsOpenAfterOneOfAnotherPersonDidNot(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	xena := who{"meadow", "xena", "owner", ""}
	adas := h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"}).ClientID
	eves := h.api(xena).create(map[string]any{"name": "Eve & Jo", "notes": "Tulips."}).ClientID
	b := startBrowser(t)
	p, other := b.tab("olga", "http://"+h.address), b.tab("xena", "http://"+h.address)
	p.expect("WebSocket connection to")
	p.expect("404") // of the record that another supplier does not have
	p.script(noSync)
	p.signIn(h.token(owner("olga")), "/clients/"+adas)
	p.says("The hub is not reached yet")
	p.eval("window.reached = true")
	other.signIn(h.token(xena), "/inbox")
	p.says("xena")
	p.turnTo("/clients/" + eves)
	p.readNotes("Tulips.")
	p.see(`wed-badge[data-saving="saved"]`)
}

// What a supplier was still asking for was kept among the answers of the next one.
func TestAnswerThatComesLateIsKeptForWhoAsked(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.api(owner("olga")).create(map[string]any{"name": "Ada & Ben"})
	b := startBrowser(t)
	p, other := b.tab("olga", "http://"+h.address), b.tab("xena", "http://"+h.address)
	p.script(`{
		const real = fetch
		window.fetch = async (path, asked) => {
			const answer = await real(path, asked)
			if (path.startsWith("/api/clients?") && !window.release) await new Promise(resolve => (window.release = resolve))
			return answer
		}
		window.answersOf = whose => new Promise(resolve => {
			indexedDB.open("wedsync:" + whose + ":answers", 1).onsuccess = ({ target: { result: db } }) => {
				db.transaction("answers").objectStore("answers").getAll().onsuccess = ({ target }) => {
					db.close()
					resolve(window[whose] = JSON.stringify(target.result))
				}
			}
		})
	}`)
	p.signIn(h.token(owner("olga")), "/clients")
	p.until("window.release")
	other.signIn(h.token(who{"meadow", "xena", "owner", ""}), "/clients")
	p.says("No clients yet")
	p.until("(release(), true)")
	p.until("answersOf('barn:olga') && window['barn:olga']?.includes('Ada & Ben')")
	p.until("answersOf('meadow:xena') && window['meadow:xena']")
	if p.eval("window['meadow:xena'].includes('Ada & Ben')") != "false" {
		t.Error("what olga asked for is kept for xena")
	}
}

// While documents wait for a first view to be whole, the hub was said not to be reached.
func TestHubIsNotSaidToBeAwayBeforeItWasTried(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.script("window.requestIdleCallback = () => 0") // never idle, so that nothing is tried
	p.signIn(h.token(owner("olga")), "/activity")
	p.says("Nothing has happened yet")
	p.until("performance.now() > 3000 && wed('p[data-state]').dataset.state === 'Connecting'")
}
