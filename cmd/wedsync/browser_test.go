package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wedsync/cmd/chromium"
)

// pagePatience is how long a page may take: it waits for the hub, which waits for the
// disk, and rests for up to 20 seconds before it tries again to reach one that was away.
const pagePatience = 2 * patience

// A browser is a part of the Chromium of all tests that has a storage of its own, empty
// at first, as another Chromium would. It ends with the test.
type browser struct {
	t   testing.TB
	ctx context.Context
}

func startBrowser(t testing.TB) *browser {
	t.Helper()
	shared, err := startedChromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := chromedp.NewContext(shared, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, ctx: ctx}
}

// frugal has pages follow each other in one process, and none kept in case somebody
// goes back. What chromedp turns off is off too.
var frugal = chromedp.Flag("disable-features", "BackForwardCache,SpareRendererForSitePerProcess,Translate,BlinkGenPropertyTrees")

// stopChromium ends the Chromium of all tests, if one was started.
var stopChromium = func() {}

// startedChromium is the Chromium of all tests: to start one takes seconds.
var startedChromium = sync.OnceValues(func() (context.Context, error) {
	profile, err := os.MkdirTemp("", "wedsync-test-chromium-")
	if err != nil {
		return nil, err
	}
	ctx, stop, err := chromium.Start(context.Background(), profile, frugal)
	stopChromium = func() {
		if err == nil {
			stop()
		}
		_ = os.RemoveAll(profile) // a leftover in /tmp is no failure of the tests
	}
	return ctx, err
})

// in is the browser for a part of a test: its tabs end with that.
func (b *browser) in(t testing.TB) *browser { return &browser{t, b.ctx} }

// A tab is a page of the browser. What it writes to the console as a warning or an
// error fails the test, unless the tab was told to expect it.
type tab struct {
	t    testing.TB
	ctx  context.Context
	name string
	base string // the hub's address

	// close ends the tab before its test does.
	close context.CancelFunc

	mu       sync.Mutex
	expected []string // parts of messages that are no failure
	trouble  []string
	troubled chan struct{} // closed with the next trouble
}

// tab opens a tab that shares its storage with the browser's other tabs.
func (b *browser) tab(name, base string) *tab {
	b.t.Helper()
	return b.open(name, base, chromedp.WithNewWindow(true))
}

// person opens a tab with storage of its own, as on another computer.
func (b *browser) person(name, base string) *tab {
	b.t.Helper()
	return b.open(name, base, chromedp.WithNewBrowserContext())
}

func (b *browser) open(name, base string, o chromedp.ContextOption) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, o)
	p := &tab{t: b.t, ctx: ctx, name: name, base: base, close: cancel, troubled: make(chan struct{})}
	messages := chromedp.Console(ctx)
	listened := make(chan struct{})
	go func() { // ends with the tab
		defer close(listened)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.heard(m)
		}
	}()
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("%s shows %s, its focus is on %s\n%s", p.name, p.eval("location.href"), p.eval("window.wedFocus && wedFocus().cloneNode().outerHTML"), p.eval("window.wedText ? wedText() : document.body.innerText"))
		}
		cancel()
		<-listened
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.trouble {
			b.t.Errorf("console of %s: %s", p.name, m)
		}
	})
	p.do(chromium.Unwatched, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
	p.script(helpers)
	return p
}

// script runs in each page of the tab before the page's own.
func (p *tab) script(source string) {
	p.t.Helper()
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
		return chromedp.Void{}, err
	})
}

// helpers are what tests call in the page. find looks into shadow roots.
const helpers = `
window.wedAll = (selector, root = document) => {
  const found = [...root.querySelectorAll(selector)]
  for (const e of root.querySelectorAll("*")) if (e.shadowRoot) found.push(...wedAll(selector, e.shadowRoot))
  return found
}
window.wed = selector => wedAll(selector).find(e => e.checkVisibility({ visibilityProperty: true })) ?? null
window.wedText = (of = document.body) => {
  const text = root => [...root.childNodes].map(n =>
    n.nodeType === 3 ? n.data : n.nodeType !== 1 || n.localName === "style" ? "" :
    n.localName === "slot" ? n.assignedNodes().map(a => a.data ?? text(a)).join(" ") : text(n.shadowRoot ?? n)).join(" ")
  return of ? text(of.shadowRoot ?? of).replace(/\s+/g, " ").replace(/ ([.,;:])/g, "$1") : ""
}
window.wedFocus = () => {
  let e = document.activeElement
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement
  return e
}`

func (p *tab) heard(m chromedp.ConsoleMessage) {
	switch m.Type {
	case chromedp.ConsoleError, chromedp.ConsoleWarning, chromedp.ConsoleException:
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range p.expected {
		if strings.Contains(m.Text, part) {
			return
		}
	}
	p.trouble = append(p.trouble, fmt.Sprintf("%s (%s:%d)", m, m.URL, m.Line))
	close(p.troubled)
	p.troubled = make(chan struct{})
}

// confess waits until the console has trouble with this part, and forgives it.
func (p *tab) confess(part string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		p.mu.Lock()
		i := slices.IndexFunc(p.trouble, func(m string) bool { return strings.Contains(m, part) })
		if i >= 0 {
			p.trouble = slices.Delete(p.trouble, i, i+1)
		}
		troubled := p.troubled
		p.mu.Unlock()
		if i >= 0 {
			return
		}
		select {
		case <-troubled:
		case <-late:
			p.t.Fatalf("the console of %s does not say %q", p.name, part)
		}
	}
}

// expect lets the console have messages with this part from now on.
func (p *tab) expect(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, part)
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// signIn opens the app with a token in the link.
func (p *tab) signIn(token, path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path + "#token=" + token))
	p.see("wed-frame")
}

// leftEarly is what Chromium says of a page that is left while it connects.
const leftEarly = "WebSocket is closed before the connection is established"

// goTo opens a path of the app.
func (p *tab) goTo(path string) {
	p.t.Helper()
	p.expect(leftEarly)
	p.do(chromedp.Navigate(p.base + path))
}

// turnTo goes to a path within the app that is open, as a link in it does.
func (p *tab) turnTo(path string) {
	p.t.Helper()
	p.until(fmt.Sprintf("(history.pushState(null, '', %s), dispatchEvent(new PopStateEvent('popstate')), true)", quote(path)))
}

func (p *tab) reload() {
	p.t.Helper()
	p.expect(leftEarly)
	p.do(chromedp.Reload())
}

// eval is the value of a JavaScript expression as JSON.
func (p *tab) eval(expression string) string {
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](expression))
	if err != nil {
		return "error: " + err.Error()
	}
	return string(raw)
}

// until waits until an expression is true, on whatever page the tab is by then.
func (p *tab) until(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromium.Until(expression))
		if err == nil {
			return
		}
		if said := (*cdproto.Error)(nil); !errors.As(err, &said) || ctx.Err() != nil { // else the page has just been left
			p.t.Fatalf("%s waits for %s: %v", p.name, expression, err)
		}
	}
}

// see waits until an element is visible, in whatever shadow root.
func (p *tab) see(selector string) {
	p.t.Helper()
	p.until("window.wed && wed(" + quote(selector) + ")")
}

// read waits until the text of an element, or the value of a field, is as wanted.
func (p *tab) read(selector, want string) {
	p.t.Helper()
	p.until(fmt.Sprintf("(e => e && (e.value ?? e.innerText).trim() === %s)(wed(%s))", quote(want), quote(selector)))
}

// says waits until the page has a text in it.
func (p *tab) says(text string) {
	p.t.Helper()
	p.until("window.wedText && wedText().includes(" + quote(text) + ")")
}

// focus puts the cursor at the end of a field.
func (p *tab) focus(selector string) {
	p.t.Helper()
	p.see(selector)
	p.until(fmt.Sprintf("(e => { e.focus(); if (e.setSelectionRange && e.type !== 'date' && e.type !== 'number') e.setSelectionRange(e.value.length, e.value.length); return true })(wed(%s))", quote(selector)))
}

// press types keys into whatever has the focus.
func (p *tab) press(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, asKeyboardsDo))
}

// asKeyboardsDo has the character of a key dropped if the page takes the key for something
// else, which it is not after the kind of event that chromedp sends.
func asKeyboardsDo(e *input.DispatchKeyEventParams) {
	if e.Type == input.DispatchKeyEventTypeKeyDown {
		e.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

// keys presses keys, after each of which people see where the keyboard is.
func (p *tab) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.press(k)
		p.seeFocus()
	}
}

// seeFocus waits until the focus is on something, and that is marked and on the screen.
func (p *tab) seeFocus() {
	p.t.Helper()
	p.until(`(e => {
		const r = e.getBoundingClientRect()
		return e !== document.body && e.matches(":focus-visible") && e.checkVisibility({ visibilityProperty: true }) &&
			r.bottom > 0 && r.top < innerHeight && r.width > 0
	})(wedFocus())`)
}

// on waits until the focus is on what a selector finds.
func (p *tab) on(selector string) {
	p.t.Helper()
	p.until("wedFocus().matches(" + quote(selector) + ")")
	p.seeFocus()
}

// click clicks the middle of an element.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.see(selector)
	var at struct{ X, Y float64 }
	raw := p.eval(fmt.Sprintf("(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2} })(wed(%s))", quote(selector)))
	if err := json.Unmarshal([]byte(raw), &at); err != nil {
		p.t.Fatalf("%s: where %s is: %s", p.name, selector, raw)
	}
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// offline takes the tab's network away, or gives it back.
func (p *tab) offline(gone bool) {
	p.t.Helper()
	p.expect("net::ERR_INTERNET_DISCONNECTED")
	p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			EmulateOfflineServiceWorker: &gone,
			MatchedNetworkConditions:    []*network.Conditions{{Offline: gone, DownloadThroughput: -1, UploadThroughput: -1}},
		}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: gone, DownloadThroughput: -1, UploadThroughput: -1,
		})
		return chromedp.Void{}, err
	})
}

// deaf has the tab hear nothing of what happens, although it reaches the hub.
func (p *tab) deaf() {
	p.t.Helper()
	p.withhold("/api/realtime/*")
	p.until("dispatchEvent(new Event('offline'))") // the app lets go of its sockets
}

// withhold lets the tab have nothing of the hub whose path matches, instead of what
// was withheld before.
func (p *tab) withhold(paths ...string) {
	p.t.Helper()
	p.expect("net::ERR_BLOCKED_BY_CLIENT")
	patterns := []*network.BlockPattern{}
	for _, path := range paths {
		patterns = append(patterns, &network.BlockPattern{URLPattern: "*://*:*" + path, Block: true})
	}
	p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := chromedp.Call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: patterns})
		return chromedp.Void{}, err
	})
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // text has JSON
	}
	return string(b)
}
