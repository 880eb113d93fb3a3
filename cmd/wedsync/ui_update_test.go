package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A nextVersion stands before a hub and, once it is told to, gives out the app's
// service worker as that of a newer version.
type nextVersion struct {
	address string
	out     atomic.Bool
}

func startNextVersion(h *hubProcess) *nextVersion {
	v := &nextVersion{}
	held := regexp.MustCompile(`wedsync-app-[0-9a-f]+`)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: h.address})
			r.Out.Host = r.In.Host // or the hub takes it for another origin
			if r.In.URL.Path == "/sw.js" {
				r.Out.Header.Del("Accept-Encoding")
				r.Out.Header.Del("If-None-Match")
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.URL.Path != "/sw.js" || !v.out.Load() {
				return nil
			}
			script, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			script = held.ReplaceAll(script, []byte("${0}-next"))
			r.Body = io.NopCloser(bytes.NewReader(script))
			r.ContentLength = int64(len(script))
			r.Header.Set("Content-Length", strconv.Itoa(len(script)))
			r.Header.Del("ETag")
			return nil
		},
	})
	h.t.Cleanup(proxy.Close)
	v.address = proxy.URL
	return v
}

func TestNewerVersionOfTheAppWaitsUntilItIsTaken(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	v := startNextVersion(h)
	p := startBrowser(t).tab("olga", v.address)
	p.signIn(h.token(owner("olga")), "/inbox")
	p.until("navigator.serviceWorker.controller")

	v.out.Store(true)
	p.eval("window.same = true; navigator.serviceWorker.getRegistration().then(r => r.update()); 0")
	p.see("wed-update")
	p.until("same && navigator.serviceWorker.controller.state === 'activated'")
	p.keeps(`/^wedsync-app-\w+ wedsync-app-\w+-next$/`)

	p.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.WaitEvent(page.LoadEventFired, nil,
			chromedp.Evaluate[chromedp.Void]("wed('wed-update').shadowRoot.querySelector('button').click()"))(ctx, target)
		return chromedp.Void{}, err
	})
	p.until("window.same === undefined && wed('wed-inbox')")
	p.keeps(`/^wedsync-app-\w+-next$/`)
	p.until("!wed('wed-update')")
}

// keeps waits until the names of the browser's caches, in order, match an expression.
func (p *tab) keeps(names string) {
	p.t.Helper()
	p.until("(caches.keys().then(all => { window.names = all.sort().join(' ') }), " + names + ".test(window.names))")
}
