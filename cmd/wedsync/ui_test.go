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
