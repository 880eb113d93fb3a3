package main

import "testing"

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
