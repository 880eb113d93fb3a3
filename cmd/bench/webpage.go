package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"wedsync/cmd/chromium"
)

// webScript is what measures in the page.
//
//go:embed web.js
var webScript string

const (
	pagePatience = time.Minute             // for anything in a page, then it is stuck
	tabRests     = 1500 * time.Millisecond // for a new tab until all that it begins with is done
)

// A webPage is a tab of the browser.
type webPage struct {
	ctx   context.Context
	close func()
	url   string // of the hub
}

func openPage(browser context.Context, url string) (*webPage, error) {
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewWindow(true))
	p := &webPage{ctx: ctx, close: cancel, url: url}
	// Not with patience: a tab ends with the context in which it is first used.
	err := chromedp.Do(ctx, chromium.Unwatched, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		// A page that tells of the network copies each file.
		if _, err := chromedp.Call(ctx, network.Disable, cdp.Empty{}); err != nil {
			return chromedp.Void{}, err
		}
		if _, err := chromedp.Call(ctx, serviceworker.Enable, cdp.Empty{}); err != nil {
			return chromedp.Void{}, err
		}
		if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: webScript})
		return chromedp.Void{}, err
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open a page: %w", err)
	}
	return p, nil
}

func (p *webPage) do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// settleIn signs in, and waits until the browser holds the app, its documents
// and all that its pages keep.
func (p *webPage) settleIn(token string, z webSize) error {
	if err := p.do(chromedp.Navigate(p.url + "/inbox#token=" + token)); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if err := p.await(fmt.Sprintf("bench.find(%q) && navigator.serviceWorker.controller", openCard)); err != nil {
		return err
	}
	if err := p.visitList(z); err != nil {
		return err
	}
	return p.visit("/inbox", fmt.Sprintf("bench.find(%q) && bench.find(%q)", openCard, synced))
}

// visitList opens the list and waits until all of it is there.
func (p *webPage) visitList(z webSize) error {
	return p.visit("/clients?sort=name", fmt.Sprintf("bench.find(%q)?.items.length === %d", list, z.records))
}

// visit opens a path and waits until an expression is true.
func (p *webPage) visit(path, until string) error {
	if err := p.leave(); err != nil {
		return err
	}
	if err := p.do(chromedp.Navigate(p.url + path)); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return p.await(until)
}

// leave ends the app in this tab.
func (p *webPage) leave() error {
	if err := p.do(chromedp.Navigate("about:blank")); err != nil {
		return fmt.Errorf("leave the app: %w", err)
	}
	return nil
}

// await waits until an expression is true, on whatever page the tab is by then.
func (p *webPage) await(expression string) (err error) {
	wait := chromium.Until(expression)
	for said := (*cdproto.Error)(nil); ; {
		if err = p.do(wait); !errors.As(err, &said) { // else the page has just been left
			break
		}
	}
	if err != nil {
		shows, _ := promised[string](p, "location.pathname + ' ' + document.title") // the error that matters is at hand
		return fmt.Errorf("%s waits for %s: %w", shows, expression, err)
	}
	return nil
}

// firstView opens a path in a new tab that is at rest, as tabs are when an address
// is typed: nothing of the app is in memory, and the service worker sleeps. It says
// how many milliseconds pass until an element can be used, as the page itself sees
// it from its beginning on.
func firstView(browser context.Context, url, path, usable string) (ms float64, err error) {
	p, err := openPage(browser, url)
	if err != nil {
		return 0, err
	}
	defer p.close()
	err = p.do(func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: fmt.Sprintf("bench.firstView = bench.usable(%q)", usable),
		}); err != nil {
			return none, err
		}
		time.Sleep(tabRests)
		if _, err := chromedp.Call(ctx, serviceworker.StopAllWorkers, cdp.Empty{}); err != nil {
			return none, err
		}
		return none, chromedp.Do(ctx, chromedp.Navigate(p.url+path))
	})
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	return p.ask("bench.firstView")
}

// ask is the number that an expression promises.
func (p *webPage) ask(expression string) (float64, error) {
	return promised[float64](p, expression)
}

// askAll are the numbers that an expression promises.
func (p *webPage) askAll(expression string) ([]float64, error) {
	return promised[[]float64](p, expression)
}

func promised[T any](p *webPage, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("%s: %w", expression, err)
	}
	return v, nil
}
