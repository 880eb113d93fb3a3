package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestOwnersLookAfterWebhooks(t *testing.T) {
	t.Parallel()
	h := startHubFlags(t, "--allow-private-targets")
	var refuses atomic.Bool
	ids := make(chan string, 100)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("webhook-id")
		status := http.StatusNoContent
		if refuses.Load() {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(app.Close)
	api := h.api(owner("olga"))
	b := startBrowser(t)
	p := b.person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/integrations")
	p.says("Nothing is connected yet")

	// A connection, whose secret is shown once.
	const hostile = `<img src=x onerror="marked=1">`
	p.click("button.primary")
	p.fill("input#name", hostile)
	p.tap(doIt)
	p.see("input#secret[readonly]")
	var made struct{ url, secret string }
	made.url, made.secret = p.value("input#url"), p.value("input#secret")
	p.tap(doIt)
	p.see("wed-bench")
	p.until("!wed('dialog')")
	if strings.Contains(p.eval("wedText()"), made.secret) || made.secret == "" {
		t.Errorf("the secret %q is shown again", made.secret)
	}

	// What an event would lead to.
	p.fill("textarea#payload", `{"id":"c-1","full_name":"Ada & Ben","budget":"12,500.00 EUR"}`)
	p.tap("button.try")
	p.says("It would make a new client.")
	p.until(`wedText(wed("wed-bench")).includes("Ada & Ben") && wedText(wed("wed-bench")).includes("12,500")`)
	p.fill("textarea#mapping", `{"rules": [`)
	p.tap("button.try")
	p.says("The rules are no JSON")
	p.fill("textarea#mapping", `{"rules": [{"from": ["n"], "to": "name", "do": [{"do": "fold"}]}]}`)
	p.expect("422")
	p.tap("button.try")
	p.until(`wed(".error")?.textContent.includes("mapping.rules[0].do[0]")`)
	p.fill("textarea#mapping", `{"rules": [{"from": ["full_name"], "to": "name"}, {"from": ["notes"], "to": "notes"}]}`)
	p.tap("section button.primary:enabled")
	p.says("It holds from the next event on.")

	// An event that cannot be read is corrected and replayed.
	post := func(body string) {
		t.Helper()
		req, err := http.NewRequest("POST", made.url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-WedSync-Secret", made.secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("%s was answered %s", body, resp.Status)
		}
	}
	post(`{"id": "c-1", "full_name": "Ada", "notes": "a "golden" hour"} ` + hostile)
	p.click(`nav[aria-label="Integrations"] a[href="/integrations?show=events"]`)
	p.until(`wedAll("li.item wed-badge").some(e => e.textContent === "failed")`)
	p.click("li.item a.link")
	p.see("textarea.code")
	p.until(`wed("textarea.code").value.includes("<img src=x")`)
	p.fill("textarea.code", fmt.Sprintf(`{"id": "c-1", "type": %q, "full_name": "Ada", "notes": "a golden hour"}`, hostile))
	p.tap("section button.primary:enabled")
	p.until(`wedAll("wed-badge").some(e => e.textContent === "done")`)
	p.says("Notes a golden hour")
	p.until("wedAll('img[src=x]').length === 0 && window.marked === undefined")
	ada := api.client("Ada")

	// Somebody is told, and told again.
	p.click(`nav[aria-label="Integrations"] a[href="/integrations?show=endpoints"]`)
	p.says("Nobody is told yet")
	p.click("button.primary")
	p.fill("input#url", "ftp://"+hostile)
	p.tap(doIt)
	p.see(`input#url[aria-invalid="true"]`)
	p.fill("input#url", app.URL)
	p.fill("input#description", hostile)
	p.tap(doIt)
	p.see("input#secret[readonly]")
	p.tap(doIt)
	p.until("!wed('dialog')")
	api.must("PATCH", "/api/clients/"+ada, map[string]any{"fields": map[string]any{"notes": hostile}}, nil)
	p.until(`wedAll("wed-badge").some(e => e.textContent === "delivered")`)
	p.tap(`button[aria-label^="Log: "]`)
	p.says("answered 204")
	p.tap(`button[aria-label^="Send again: "]`)
	p.until(`wedAll("li.attempt").length === 2`)
	if first, second := <-ids, <-ids; first != second || first == "" {
		t.Errorf("sent %q, then %q, want the same", first, second)
	}
	refuses.Store(true)
	p.tap("section button:enabled") // sends a test
	p.says("The test did not come through: answered 400")
	p.until("wedAll('img[src=x]').length === 0 && window.marked === undefined")
	p.accessible("endpoint", allRules)

	// Nobody else sees it.
	maya := b.person("maya", "http://"+h.address)
	maya.signIn(h.token(who{"barn", "maya", "member", ""}), "/integrations")
	maya.says("Owners look after these")
	maya.until(`wedAll('a[href="/integrations"]').length === 0`)
}

// fill puts a text into a field, in place of what it has.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(e => e && !e.disabled && (e.value = %s, e.dispatchEvent(new Event("input", { bubbles: true })), true))(wed(%s))`, quote(text), quote(selector)))
}

// value is what a field has.
func (p *tab) value(selector string) string {
	p.t.Helper()
	return strings.Trim(p.eval("wed("+quote(selector)+").value"), `"`)
}
