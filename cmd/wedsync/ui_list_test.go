package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// fillWithMany gives the hub many records by a table.
func fillWithMany(h *hubProcess, n int) {
	h.t.Helper()
	var table strings.Builder
	table.WriteString("name,wedding_date,venue_name,budget\n")
	for i := range n {
		fmt.Fprintf(&table, "Couple %04d,%s,Hall %d,%d\n", i, time.Date(2027, 1, 1+i%700, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), i%37, 5000+i)
	}
	req, err := http.NewRequest("POST", "http://"+h.address+"/api/clients/import", strings.NewReader(table.String()))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token(owner("olga")))
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Idempotency-Key", "many")
	client := http.Client{Timeout: 4 * patience}
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode >= 300 {
		h.t.Fatalf("import: %s %s %v", resp.Status, body, err)
	}
}

func TestThousandClientsAreFoundScrolledAndTabbedThrough(t *testing.T) {
	t.Parallel()
	const many, found = 1000, 2 // just bench has five times as many
	h := startHub(t)
	fillWithMany(h, many)
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/clients?sort=name")
	p.until("wedText().includes('" + thousands(many) + " clients') && !wedText().includes('reading more')")

	const tabs = 60 // more rows than a window shows
	p.focus("li[aria-posinset] a")
	for range tabs {
		p.keys(kb.Tab)
	}
	p.until(fmt.Sprintf("wedFocus().closest('li')?.getAttribute('aria-posinset') === '%d'", tabs+1))

	p.eval(`window.longest = 0; window.most = 0
		new PerformanceObserver(l => { for (const e of l.getEntries()) longest = Math.max(longest, e.duration) }).observe({ type: "longtask" })
		window.scrolled = false
		{
			const step = () => {
				most = Math.max(most, wedAll("li[aria-posinset]").length)
				scrollBy(0, 700)
				if (scrollY + innerHeight < document.documentElement.scrollHeight - 5) requestAnimationFrame(step)
				else scrolled = true
			}
			requestAnimationFrame(step)
		}; 0`)
	p.until("scrolled")
	p.see("li[aria-posinset] .name")
	if most, err := strconv.Atoi(p.eval("most")); err != nil || most > 100 {
		t.Errorf("%d rows stood on the page at once (%v), want at most 100", most, err)
	}
	t.Logf("the longest task while scrolling took %s ms (0: none over 50 ms)", p.eval("longest"))

	p.until("wed('li[aria-posinset] .name')?.textContent.startsWith('Couple')")
	p.focus("input[type=search]")
	p.press("2027-02-14")
	p.says(fmt.Sprintf("%d of %s", found, thousands(many)))
	p.until("wed('li[aria-posinset] .name').textContent === 'Couple 0044'")
}

// thousands is a number of four digits as English writes it.
func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// Who was in a field without signal saw a client in the list, and nothing of it on its page.
func TestClientThatWasNeverOpenedIsReadWithoutANetwork(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga := h.api(owner("olga"))
	ada := olga.create(map[string]any{"name": "Ada & Ben", "notes": "Peonies.", "venue_name": "Hobley Barn"}).ClientID
	eve := olga.create(map[string]any{"name": "Eve & Jo", "notes": "Tulips."}).ClientID
	p := startBrowser(t).person("maya", "http://"+h.address)
	p.signIn(h.token(member("maya")), "/clients")
	p.says("Eve & Jo")
	p.until("navigator.serviceWorker.controller")
	p.see(`[data-state="Synced"]`)
	p.until(`performance.getEntriesByName(location.origin + "/api/policy").length > 0`)
	p.offline(true)
	p.turnTo("/clients/" + ada)
	p.showNotes("Peonies.")
	p.until(inner(`wed-critical[data-field="venue_name"]`, "input") + "?.value === 'Hobley Barn'")
	p.says("This record was never opened in this browser")
	p.turnTo("/clients/" + eve)
	p.showNotes("Tulips.")
	p.turnTo("/clients/01HZZZZZZZZZZZZZZZZZZZZZZZ")
	p.says("This record cannot be shown")
	p.offline(false)
	p.turnTo("/clients/" + ada)
	p.typeNotes(" Ramp needed.")
	p.see(`wed-badge[data-saving="saved"]`)
}

func TestNextWeddingsAreEditedWithoutANetworkThoughNobodyOpenedThemBefore(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	olga := h.api(owner("olga"))
	soon := time.Now().AddDate(0, 0, 10).Format(time.DateOnly)
	made := olga.create(map[string]any{"name": "Ada & Ben", "notes": "Peonies.", "wedding_date": soon})
	ada := made.ClientID
	p := startBrowser(t).person("maya", "http://"+h.address)
	p.signIn(h.token(member("maya")), "/clients")
	p.says("Ada & Ben")
	p.until("navigator.serviceWorker.controller")
	p.see(`[data-state="Synced"]`)
	p.until(`(indexedDB.open("wedsync:barn:maya:documents").onsuccess = ({ target: { result: db } }) => {
		db.transaction("documents").objectStore("documents").getAllKeys().onsuccess = ({ target }) => {
			db.close()
			window.kept = target.result.some(([id]) => id === ` + quote(made.DocumentID) + `)
		}
	}, window.kept)`)
	p.until(`performance.getEntriesByName(location.origin + "/api/policy").length > 0`)
	p.offline(true)
	p.turnTo("/clients/" + ada)
	p.typeNotes(" Ramp needed.")
	p.see(`wed-badge[data-saving="kept"]`)
	p.offline(false)
	p.see(`wed-badge[data-saving="saved"]`)
	if notes := olga.get(ada).Fields["notes"]; notes != "Peonies. Ramp needed." {
		t.Errorf("the hub has %q", notes)
	}
}
