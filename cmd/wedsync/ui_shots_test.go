package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shots is the folder for pictures of all pages, which just screenshots names.
var shots = os.Getenv("WEDSYNC_SCREENSHOTS")

// A view is one way in which people see the app.
type view struct {
	name          string
	width, height int64
	scheme        string
}

var views = []view{
	{"360-light", 360, 780, "light"},
	{"360-dark", 360, 780, "dark"},
	{"1280-light", 1280, 860, "light"},
	{"1280-dark", 1280, 860, "dark"},
}

// looking has the tab seen in a way.
func (p *tab) looking(l view) {
	p.t.Helper()
	kind := chromedp.EmulateViewportOption(chromedp.EmulateLandscape)
	if l.width < 600 {
		kind = chromedp.EmulateMobile
	}
	p.do(chromedp.EmulateViewport(l.width, l.height, kind), func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: l.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return chromedp.Void{}, err
	})
}

// shoot keeps a picture of the page, if somebody wants one.
func (p *tab) shoot(name string) {
	p.t.Helper()
	if shots == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestEveryPageFitsEveryScreenAndIsAccessible(t *testing.T) {
	h := startHub(t)
	id := fillWithCouples(h)
	b := startBrowser(t)
	olga := b.person("olga", "http://"+h.address)
	olga.shootSignIn()
	maya := b.person("maya", "http://"+h.address)
	maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/clients/"+id)
	maya.typeNotes(" Deposit paid.")
	maya.enter("wedding_date", "2027-06-19")
	maya.says("Waiting for approval")
	olga.signIn(h.token(owner("olga")), "/inbox")
	for _, page := range []struct{ name, path, shows string }{
		{"inbox", "/inbox", "wed-inbox"},
		{"clients", "/clients", "wed-client-row"},
		{"client", "/clients/" + id, `li[data-peer="maya"]`},
		{"activity", "/activity", "li.line"},
		{"status", "/status", "wed-status"},
		{"devices", "/devices", "wed-devices"},
		{"policy", "/policy", "wed-policy"},
	} {
		olga.goTo(page.path)
		for _, l := range views {
			olga.looking(l)
			olga.see(page.shows)
			olga.until("document.documentElement.scrollWidth <= " + "innerWidth")
			olga.until("wedAll('wed-skeleton').length === 0")
			olga.shoot(page.name + "-" + l.name)
			olga.accessible(page.name + " at " + l.name)
		}
	}
}

// shootSignIn shows the page on which nobody is signed in yet.
func (p *tab) shootSignIn() {
	p.t.Helper()
	p.goTo("/")
	for _, l := range views {
		p.looking(l)
		p.see("textarea")
		p.shoot("sign-in-" + l.name)
		p.accessible("sign-in at " + l.name)
	}
}

// fillWithCouples gives the hub records to show, and says which one has conflicts.
func fillWithCouples(h *hubProcess) (id string) {
	h.t.Helper()
	olga, tom := h.api(owner("olga")), h.api(member("tom"))
	for i, couple := range []struct {
		name, date, venue string
		budget, guests    int
		notes             string
	}{
		{"Ada Okafor & Ben Lindqvist", "2027-06-12", "Orchard Barn", 12500, 84, "Met at the barn: ramp needed. Peonies, no lilies.\n\nBrass band from six, string quartet before."},
		{"Chloe Marsh & Dev Patel", "2027-05-29", "The Old Mill", 18200, 140, "Two ceremonies, one menu."},
		{"Elif Demir & Finn O'Hara", "2027-07-03", "Harbour House", 9800, 60, "String quartet until eight."},
		{"Grace Liu & Hugo Martin", "2027-08-21", "Orchard Barn", 15400, 110, "Vegetarian throughout."},
		{"<img src=x onerror=alert(1)>", "2027-09-11", "Lakeside Pavilion", 22000, 160, "Fireworks if the lake allows."},
		{"Kira Novak & Liam Walsh", "2027-04-17", "St Mary's Hall", 7400, 48, "Brunch, not dinner."},
		{"Mei Tanaka & Noah Schmidt", "2027-10-02", "The Glasshouse", 16800, 95, "Tea ceremony at three."},
		{"Olu Adeyemi & Priya Nair", "2027-06-26", "Harbour House", 30500, 220, "Band needs a 32 A supply."},
		{"Quinn Byrne & Rosa Alvarez", "2027-07-17", "The Old Mill", 11900, 72, "Dog carries the rings."},
		{"Sofia Rossi & Theo Laurent", "2027-12-18", "Winter Garden", 14250, 88, "Candles only."},
	} {
		made := olga.create(map[string]any{
			"name": couple.name, "wedding_date": couple.date, "venue_name": couple.venue, "budget": couple.budget,
			"guests": couple.guests, "notes": couple.notes, "status": "booked", "email": "couple@example.org", "phone": "+44 20 7946 0101",
		})
		if i == 0 {
			id = made.ClientID
			tom.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"budget": 14000}}, nil)
			tom.must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"email": "ada.okafor@example.org"}}, nil)
		}
	}
	return id
}

// accessible fails the test for what axe-core finds wrong with the page as it is.
func (p *tab) accessible(name string) {
	p.t.Helper()
	axe, err := os.ReadFile(filepath.Join(repository, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		p.t.Fatalf("%v (just _setup installs it)", err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("if (!window.axe) {"+string(axe)+"\n}")); err != nil {
		p.t.Fatal(err)
	}
	p.eval(`window.axeFound = null; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(r => {
		window.axeFound = r.violations.map(v => v.id + ": " + v.help + " at " + v.nodes.slice(0, 3).map(n => n.target.flat().join(" ") + " (" + (n.any[0]?.message ?? n.failureSummary) + ")").join("; "))
	}, e => { window.axeFound = [String(e)] }); 0`)
	p.until("window.axeFound")
	if found := p.eval("axeFound"); found != "[]" {
		p.t.Errorf("%s: axe-core finds %s", name, found)
	}
}
