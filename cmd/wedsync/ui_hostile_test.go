package main

import (
	"net/http"
	"strings"
	"testing"
)

// showHostileText has everything that people can store look like markup, and visits every page.
func showHostileText(t *testing.T, h *hubProcess, b *browser) {
	const (
		image  = `<img src=x onerror="marked=1">`
		script = `"><script>marked=2</script>`
		venue  = `<svg onload=marked=3>`
		note   = `</q></p><iframe srcdoc="<script>parent.marked=4</script>">`
		notes  = `</textarea><img src=x onerror=marked=5>`
	)
	policy := servedPolicy(t, h)
	if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") || !strings.Contains(policy, "script-src 'self'") {
		t.Errorf("the page's policy is %q", policy)
	}
	olga := h.api(who{"hostile", "olga", "owner", ""})
	id := olga.create(map[string]any{"name": image, "venue_name": script, "notes": notes, "email": image, script: venue}).ClientID
	author := who{"hostile", image, "member", script}
	h.api(author).must("PATCH", "/api/clients/"+id, map[string]any{"fields": map[string]any{"venue_name": venue}}, nil)
	olga.must("POST", "/api/clients/"+id+"/activities", map[string]any{"kind": "call", "text": note}, nil)

	theirs := b.person("hostile", "http://"+h.address)
	theirs.signIn(h.token(author), "/clients/"+id)
	theirs.see(`p[data-state="Synced"]`)
	olgas := b.person("olga", "http://"+h.address)
	olgas.signIn(h.token(who{"hostile", "olga", "owner", ""}), "/inbox")
	harmless := func(p *tab, texts ...string) {
		t.Helper()
		for _, text := range texts {
			p.until("wedText().includes(" + quote(text) + ") || wedAll('input, textarea').some(e => e.value.includes(" + quote(text) + "))")
		}
		p.until("wedAll('img[src=x], svg[onload], iframe, script:not([src])').length === 0 && window.marked === undefined")
	}
	harmless(olgas, image, script) // and the other value, marked where it differs
	olgas.keys("b")
	olgas.until(inner("wed-bulk", "ul li") + "?.innerText.includes('marked=3')")
	harmless(olgas, image)
	for path, texts := range map[string][]string{
		"/clients":               {image},
		"/clients/" + id:         {image, script, venue, notes},
		"/activity":              {image, note},
		"/activity?client=" + id: {image, note},
		"/status":                {image},
		"/devices":               {image, script},
		"/policy":                {},
	} {
		olgas.goTo(path)
		olgas.see("h1")
		harmless(olgas, texts...)
	}
	olga.resolve(olga.conflicts("pending")[0], map[string]any{"action": "custom", "value": image + script, "note": note})
	olgas.goTo("/inbox?show=decided")
	harmless(olgas, image+script, note)

	harmless(theirs, image, venue, note)

	// What tells of such faults does so, and the policy stops what the app would let through.
	theirs.eval("console.error('said by the test'); setTimeout(() => { throw new Error('thrown by the test') }); 0")
	theirs.confess("said by the test")
	theirs.confess("thrown by the test")
	theirs.expect("404") // of the image
	theirs.eval("document.body.insertAdjacentHTML('beforeend', " + quote(image) + "); 0")
	theirs.confess("Content Security Policy")
	theirs.until("window.marked === undefined")
}

// servedPolicy is the Content-Security-Policy of the app's page.
func servedPolicy(t *testing.T, h *hubProcess) string {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+h.address+"/inbox", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	client := http.Client{Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("Content-Security-Policy")
}
