package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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
	axe           string // what axe-core is to look at, which takes it up to a second
}

// allRules are those that a page has to keep; colours are all that the other scheme
// changes of it.
const (
	allRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	colours  = `{ type: "rule", values: ["color-contrast", "link-in-text-block"] }`
)

var views = []view{
	{"320-light", 320, 640, "light", allRules}, // what fits here fits on every phone
	{"1280-dark", 1280, 860, "dark", colours},
}

// pictured are views that only pictures need. Where pictures are made there is time for
// all rules in all views.
var pictured = []view{
	{"360-light", 360, 780, "light", ""},
	{"360-dark", 360, 780, "dark", ""},
	{"1280-light", 1280, 860, "light", ""},
}

// looking has the tab seen in a way.
func (p *tab) looking(l view) {
	p.t.Helper()
	kinds := []chromedp.EmulateViewportOption{chromedp.EmulateLandscape}
	if l.width < 600 {
		kinds = []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}
	}
	p.do(chromedp.EmulateViewport(l.width, l.height, kinds...), func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
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
	t.Parallel()
	h := startDemo(t)
	b := startBrowser(t)
	seen := views
	if shots != "" {
		seen = slices.Concat(views, pictured)
		for i := range seen {
			seen[i].axe = allRules
		}
	}
	olivia := b.person("olivia", "http://"+h.address)
	olivia.play(scene{name: "sign-in", path: "/", shows: "textarea"}, seen)
	who := who{studio, "Olivia", "owner", ""}
	owner := h.api(who)
	owner.hasASeason()
	olivia.signIn(owner.token, "/inbox")
	for _, s := range scenes(owner) {
		olivia.play(s, seen)
	}
	olivia.until("navigator.serviceWorker.ready.then(r => r.active?.state === 'activated')")
	olivia.expect("net::ERR_")
	olivia.offline(true)
	for _, s := range offlineScenes(owner) {
		olivia.play(s, seen)
	}
	who.supplier = "new-studio"
	nora := b.person("nora", "http://"+h.address)
	nora.signIn(h.token(who), "/inbox")
	for _, s := range bareScenes {
		nora.play(s, seen)
	}
}

// play opens a scene and looks at it in each way.
func (p *tab) play(s scene, views []view) {
	p.t.Helper()
	if s.picture && shots == "" {
		return
	}
	if !s.opened && p.eval("Boolean(window.wed?.('wed-frame'))") == "true" {
		p.turnTo(s.path)
	} else {
		p.goTo(s.path)
	}
	p.see(s.shows)
	p.until("wedAll('wed-skeleton').length === 0")
	p.until(`!navigator.onLine || wedAll("wed-state").length === 0 || wed('p[data-state="Synced"]')`)
	if s.begin != nil {
		s.begin(p)
	}
	if s.once && shots == "" {
		views = views[:1]
	}
	for _, l := range views {
		p.looking(l)
		p.see(s.shows)
		p.until("document.documentElement.scrollWidth <= innerWidth")
		p.until("wedAll('.value').every(e => e.scrollHeight <= e.clientHeight || e.clientHeight > 200)") // only long values scroll
		p.shoot(s.name + "-" + l.name)
		if l.axe != "" {
			p.accessible(s.name+" at "+l.name, l.axe)
		}
	}
	if s.end != nil {
		s.end(p)
	}
}

// accessible fails the test for what axe-core finds wrong with the page as it is, by
// some of its rules.
func (p *tab) accessible(name, rules string) {
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
	p.eval(`window.axeFound = null; axe.run(document, { runOnly: ` + rules + ` }).then(r => {
		window.axeFound = r.violations.map(v => v.id + ": " + v.help + " at " + v.nodes.slice(0, 3).map(n => n.target.flat().join(" ") + " (" + (n.any[0]?.message ?? n.failureSummary) + ")").join("; "))
	}, e => { window.axeFound = [String(e)] }); 0`)
	p.until("window.axeFound")
	if found := p.eval("axeFound"); found != "[]" {
		p.t.Errorf("%s: axe-core finds %s", name, found)
	}
}
