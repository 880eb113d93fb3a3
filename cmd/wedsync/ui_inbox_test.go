package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// Selectors of the inbox.
const (
	openCard   = "wed-conflict[current]"
	cardHead   = "button#head"
	noteField  = "input#note"
	valueField = "#value"
)

// A desk is a supplier in whose inbox conflicts wait.
type desk struct {
	hub      *hubProcess
	supplier string
	olga     *api
	records  []string
}

// newDesk has tom propose other values for a record each.
func newDesk(h *hubProcess, supplier string, proposed ...map[string]any) *desk {
	h.t.Helper()
	d := &desk{hub: h, supplier: supplier, olga: h.api(who{supplier, "olga", "owner", ""})}
	for i, fields := range proposed {
		made := d.olga.create(map[string]any{
			"name": fmt.Sprintf("Couple %d", i+1), "budget": 10000, "venue_name": "Orchard Barn", "wedding_date": "2027-06-12",
		})
		d.records = append(d.records, made.ClientID)
		d.propose("tom", i, fields)
	}
	return d
}

// propose has a member edit critical fields of the nth record.
func (d *desk) propose(user string, n int, fields map[string]any) {
	d.hub.t.Helper()
	d.hub.api(who{d.supplier, user, "member", user + "-phone"}).must("PATCH", "/api/clients/"+d.records[n], map[string]any{"fields": fields}, nil)
}

// sit opens the inbox as an owner with a browser of their own.
func (d *desk) sit(b *browser, owner string) *tab {
	b.t.Helper()
	p := b.person(owner, "http://"+d.hub.address)
	p.signIn(d.hub.token(who{d.supplier, owner, "owner", ""}), "/inbox")
	p.see(openCard)
	return p
}

// wants fails the test unless a record's field is accepted as this.
func (d *desk) wants(n int, field string, want any) {
	d.hub.t.Helper()
	if got := d.olga.get(d.records[n]).Fields[field]; fmt.Sprint(got) != fmt.Sprint(want) {
		d.hub.t.Errorf("record %d has %s %v, want %v", n, field, got, want)
	}
}

// waits waits until so many cards of the tab wait for a decision.
func (p *tab) waits(n int) {
	p.t.Helper()
	p.until(fmt.Sprintf("wedAll('wed-conflict').filter(c => c.conflict.status === 'pending').length === %d", n))
}

// onCard waits until a client's card is open and has the focus.
func (p *tab) onCard(client string) {
	p.t.Helper()
	p.until("wed(" + quote(openCard) + ")?.conflict.client_name === " + quote(client))
	p.on(cardHead)
}

func TestInbox(t *testing.T) {
	t.Parallel()
	h, b := startHub(t), startBrowser(t)
	t.Run("is run by keys alone", func(t *testing.T) { runByKeys(t, h.in(t), b.in(t)) })
	t.Run("has two people at one conflict", func(t *testing.T) { decideAtOnce(t, h.in(t), b.in(t)) })
	t.Run("shows hostile text as text", func(t *testing.T) { showHostileText(t, h.in(t), b.in(t)) })
}

func runByKeys(t *testing.T, h *hubProcess, b *browser) {
	budget := func(n int) map[string]any { return map[string]any{"budget": n} }
	d := newDesk(h, "keys", budget(11000), map[string]any{"venue_name": "The Old Mill"}, budget(13000), budget(14000), budget(15000), budget(16000),
		map[string]any{"wedding_date": "2027-06-19"})
	p := d.sit(b, "olga")
	p.waits(7)
	p.until("wedAll('wed-skeleton').length === 0")
	p.shoot("inbox-first-load")

	// Up and down; what the help says of it is so.
	p.keys("j")
	p.onCard("Couple 2")
	p.keys("k")
	p.onCard("Couple 1")
	p.keys("?")
	p.until("wed('wed-key-help dialog, dialog[open]') !== null")
	p.shoot("inbox-keys")
	for keys, does := range map[string]string{
		"j ↓": "Next conflict", "k ↑": "Previous conflict", "a": "Accept the proposed value", "x": "Keep what counts now",
		"e": "Type another value; Enter sets it, Esc leaves the field", "n": "Note for the author", "b": "Decide all of this kind",
		"u": "Undo the last decision", "/": "Search",
	} {
		p.until(fmt.Sprintf("(dl => [...dl.querySelectorAll('dt')].some(dt => dt.innerText.replace(/\\s+/g, ' ').trim() === %s && dt.nextElementSibling.innerText === %s))(wed('wed-key-help').shadowRoot.querySelector('dl'))", quote(keys), quote(does)))
	}
	p.press("a") // of no card behind the dialog
	p.keys(kb.Escape)
	p.onCard("Couple 1")
	p.waits(7)

	// Accept; keep with a note; another value.
	p.keys("a")
	p.onCard("Couple 2")
	d.wants(0, "budget", 11000)
	p.keys("n")
	p.on(noteField)
	p.press("The mill is booked.")
	p.keys(kb.Escape, "x")
	p.onCard("Couple 3")
	d.wants(1, "venue_name", "Orchard Barn")
	p.keys("e")
	p.on(valueField)
	p.press(strings.Repeat(kb.Backspace, 10) + "12500")
	p.keys(kb.Enter)
	p.onCard("Couple 4")
	d.wants(2, "budget", 12500)
	p.waits(4)

	// Search, and back.
	p.keys("/")
	p.on("input[type=search]")
	p.keys(kb.Escape)
	p.onCard("Couple 4")

	// All of this kind, and all of it back.
	p.keys("b")
	p.until("wed('wed-bulk')?.shadowRoot.querySelector('ul li') && wedText().includes('Accept 3')")
	p.shoot("inbox-bulk")
	p.tabTo("Accept 3")
	p.keys(kb.Enter)
	p.onCard("Couple 7")
	p.says("3 decided.")
	for n, want := range []int{14000, 15000, 16000} {
		d.wants(3+n, "budget", want)
	}
	p.keys("u")
	p.waits(4)
	p.onCard("Couple 4")
	p.says("This was decided before and reopened.")
	p.shoot("inbox-reopened")

	// A value that arrives while the card is open is asked about.
	p.keys("k", "k", "k", "k") // the oldest first
	p.onCard("Couple 7")
	d.propose("maya", 6, map[string]any{"wedding_date": "2027-06-26"})
	p.says("Another value arrived while this card was open.")
	p.says("just arrived")
	p.keys("2")
	p.keys("a")
	p.says("Nothing is decided yet")
	d.wants(6, "wedding_date", "2027-06-12")
	p.keys("a")
	p.onCard("Couple 4")
	d.wants(6, "wedding_date", "2027-06-26")

	// To the end, and one step back.
	p.keys("x")
	p.onCard("Couple 5")
	p.keys("x")
	p.onCard("Couple 6")
	p.keys("x")
	p.on("wed-empty")
	p.says("All decided")
	p.shoot("inbox-empty")
	p.keys("u")
	p.onCard("Couple 6")
	p.keys("x")
	p.on("wed-empty")
	if left := d.olga.conflicts("pending"); len(left) > 0 {
		t.Errorf("%d conflicts are left", len(left))
	}
	var decided struct {
		Items []struct {
			Decision struct {
				Note string `json:"note"`
			} `json:"decision"`
		} `json:"items"`
	}
	d.olga.must("GET", "/api/conflicts?status=resolved&field=venue_name", nil, &decided)
	if len(decided.Items) != 1 || decided.Items[0].Decision.Note != "The mill is booked." {
		t.Errorf("decided about the venue: %+v", decided.Items)
	}
}

// tabTo presses Tab until the focus is on a button with this text.
func (p *tab) tabTo(text string) {
	p.t.Helper()
	const most = 40
	for range most {
		p.keys(kb.Tab)
		if p.eval("wedFocus().innerText?.trim().startsWith("+quote(text)+")") == "true" {
			return
		}
	}
	p.t.Fatalf("%s: %d times Tab lead to no %q", p.name, most, text)
}

// decideAtOnce has two owners look at the same conflicts. The second types while the first decides.
func decideAtOnce(t *testing.T, h *hubProcess, b *browser) {
	budget := func(n int) map[string]any { return map[string]any{"budget": n} }
	d := newDesk(h, "two", budget(11000), budget(12000), budget(13000))
	olga, omar := d.sit(b, "olga"), d.sit(b, "omar")
	begin := func(value, note string) {
		t.Helper()
		omar.keys("n")
		omar.press(note)
		omar.keys(kb.Escape, "e")
		omar.on(valueField)
		omar.press(strings.Repeat(kb.Backspace, 10) + value)
	}
	typed := func(value, note string) {
		t.Helper()
		omar.read(noteField, note)
		omar.until("wed('wed-value-input')?.text === " + quote(value))
	}

	// The first decides: the second sees how, and still has what was typed.
	omar.keys("j", "k")
	omar.onCard("Couple 1")
	begin("11500", "Ask the band.")
	olga.keys("n")
	olga.press("The band costs less.")
	olga.keys(kb.Escape, "a")
	omar.says("Couple 1 was decided by somebody else.")
	omar.says("olga accepted 11,000")
	omar.says("The band costs less.")
	omar.says("What you typed: 11500")
	omar.says("Your note: Ask the band.")
	omar.onCard("Couple 1")
	omar.shoot("inbox-decided-by-another")
	// Reopened, it takes up what was typed.
	omar.tabTo("Reopen")
	omar.keys(kb.Enter)
	omar.onCard("Couple 1")
	typed("11500", "Ask the band.")
	omar.keys("e", kb.Enter)
	omar.onCard("Couple 3")
	d.wants(0, "budget", 11500)

	// The second hears of nothing, decides, and is told.
	omar.keys("k")
	omar.onCard("Couple 2")
	begin("12500", "The hall was cheaper.")
	omar.deaf()
	omar.expect("409") // how Chromium calls a decision that came too late
	d.propose("maya", 1, budget(12700))
	omar.press(kb.Enter)
	omar.says("Nothing was decided: another value arrived meanwhile. Look again; what you typed is still here.")
	omar.says("12,700")
	omar.says("just arrived")
	omar.onCard("Couple 2")
	typed("12500", "The hall was cheaper.")
	omar.shoot("inbox-moved-on")
	d.wants(1, "budget", 10000)
	omar.keys("e", kb.Enter)
	omar.onCard("Couple 3")
	d.wants(1, "budget", 12500)

	begin("13500", "Flowers.")
	olga.keys("j") // from what omar decided
	olga.onCard("Couple 3")
	olga.waits(1)
	olga.keys("x")
	olga.says("All decided")
	omar.press(kb.Enter)
	omar.says("Nothing was changed by you: this was decided already.")
	omar.says("olga kept 10,000")
	omar.says("What you typed: 13500")
	omar.says("Your note: Flowers.")
	omar.onCard("Couple 3")
	omar.tabTo("Put it away")
	omar.keys(kb.Enter)
	omar.on("wed-empty")
	d.wants(2, "budget", 10000)
}
