package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"wedsync/testdata/providers"
)

// Of two mails from addresses that nobody knows one answers what Zephyrine wrote, the
// other could be anybody's. Olga says whose they are by keyboard, while Mia looks on.
func TestUnmatchedMailIsPutWithAClientByKeyboardAndTakenBack(t *testing.T) {
	t.Parallel()
	s := newTalkSite(t)
	anna := s.server.Gmail(annaAtGoogle)
	us := []providers.Person{{Name: "Studio", Address: annaAtGoogle}}
	anna.Add(providers.Mail{
		MessageID: "<peonies@quillfeather.example>", From: providers.Person{Name: zephyrine, Address: zephyrineMail}, To: us,
		Subject: "Peonies", Text: "We would love peonies.", Date: s.ago(9),
	})
	anna.Add(providers.Mail{
		MessageID: "<finn@finch.example>", InReplyTo: "<peonies@quillfeather.example>", References: []string{"<peonies@quillfeather.example>"},
		From: providers.Person{Name: "Finn Finch", Address: "finn@finch.example"}, To: us, Subject: "Re: Peonies", Text: "White ones, please.", Date: s.ago(8),
	})
	anna.Add(providers.Mail{
		MessageID: "<band@brass.example>", From: providers.Person{Name: `<img src=x onerror="marked=1">`, Address: "band@brass.example"}, To: us,
		Subject: "Where does the band park?", Text: "We come with a van.", Date: s.ago(7),
	})
	s.connectMailbox("google", annaAtGoogle)
	s.sync()

	b := startBrowser(t)
	address := "http://" + s.hub.address
	p, other := b.person("olga", address), b.person("mia", address)
	for _, tab := range []*tab{p, other} { // what they see changes by what they do and hear alone
		tab.script("const every = setInterval; window.setInterval = (look, ms, ...rest) => ms === 30000 ? 0 : every(look, ms, ...rest)")
	}
	p.signIn(s.hub.token(owner("olga")), "/clients/"+s.other.ClientID)
	p.see(`wed-badge[data-saving="saved"]`)
	p.click(`p.more a[href="/unmatched"]`)
	other.signIn(s.hub.token(who{"barn", "mia", "member", ""}), "/unmatched")
	for _, tab := range []*tab{p, other} {
		tab.until("wedAll('article.item').length === 2")
		tab.says(`<img src=x onerror="marked=1"> `)
		tab.says("finn@finch.example · Incoming email to " + annaAtGoogle)
		tab.until("wedAll('img[src=x]').length === 0 && window.marked === undefined")
	}

	// By search.
	p.focus("article.item button")
	p.keys(kb.Enter)
	p.on("input#client")
	p.see(`[role="option"]`)
	p.press(kb.Enter) // nobody was meant yet
	p.see(`[role="option"][aria-selected="false"]`)
	p.press("otto")
	p.read(`[role="option"][aria-selected="true"] .name`, "Otto Other")
	p.accessible("the choice of a client", allRules)
	p.press(kb.Enter)
	p.on("button.undo")
	p.says("“Where does the band park?” is with Otto Other")
	p.accessible("what was put with a client", allRules)
	other.until("wedAll('article.item').length === 1")
	s.want = nil
	s.client, s.other = s.other, s.client
	s.expect("gmail", "inbound", "email", "Where does the band park?", s.ago(7))
	s.awaits()

	// Back, which is seen everywhere.
	p.keys(kb.Enter)
	p.on("li[data-kind]")
	p.until("wedAll('article.item').length === 2")
	other.until("wedAll('article.item').length === 2")
	s.want = nil
	s.awaits()

	// A suggestion, of a client that is there no more by then.
	s.olga.must(http.MethodDelete, "/api/clients/"+s.other.ClientID, nil, nil)
	p.expect("404")
	p.focus("li:last-child article.item button")
	p.until("wedFocus().innerText.includes('Zephyrine Quillfeather & Finn – same thread')")
	p.keys(kb.Enter)
	p.until("wedFocus().matches('li') && wedFocus().innerText.includes('It was not put with Zephyrine Quillfeather & Finn.')")
	p.seeFocus()

	// What is kept of it is shown without a network.
	p.offline(true)
	p.says("The hub cannot be reached. This is what it said")
	p.until("wedAll('article.item').length >= 2 && wedAll('article.item button:enabled').length === 0")
}

func TestUnmatchedShowsMoreFindsWordsAndKeepsToAKind(t *testing.T) {
	t.Parallel()
	const many = 30 // more than a page
	server := providers.New(providers.Options{Seed: 1})
	phone := server.Telephone(twilioSID, twilioPassword, twilioNumber)
	now := time.Now()
	for i := range many {
		phone.Message(providers.Message{From: fmt.Sprintf("+4420794602%02d", i), To: twilioNumber, Body: fmt.Sprintf("Text%02d", i), Inbound: true, State: "received", Sent: now.Add(-time.Duration(i) * time.Hour)})
	}
	phone.Call(providers.Call{From: "+442079460300", To: twilioNumber, Inbound: true, State: "completed", Start: now.Add(-time.Minute), Duration: time.Minute})
	at := httptest.NewServer(server)
	t.Cleanup(at.Close)
	h := startHubFlags(t, atProviders(at.URL)...)
	olga := h.api(owner("olga"))
	olga.must("POST", "/api/integrations/communication/accounts", map[string]any{"sid": twilioSID, "token": twilioPassword, "numbers": []string{twilioNumber}}, nil)
	olga.must("POST", "/api/integrations/communication/sync", map[string]any{"client_id": olga.create(map[string]any{"name": "Ada"}).ClientID}, nil)

	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/unmatched?kind=sms")
	p.until("wedAll('article.item').length === 25 && wedAll('article.item')[0].innerText.includes('Text00')")
	p.focus(".more button")
	p.keys(kb.Enter)
	p.until(fmt.Sprintf("wedAll('article.item').length === %d && !wed('.more')", many))
	p.until("wedFocus().matches('li') && wedFocus().innerText.includes('Text25')")
	p.choose("select", "")
	p.until("wedAll('article.item').length === 25 && wedAll('article.item')[1].innerText.includes('Incoming call to " + twilioNumber + "') && !location.search")
	p.focus("input[type=search]")
	p.press("text29")
	p.until("wedAll('article.item').length === 1 && location.search === '?q=text29'")
	p.press("9")
	p.says("Nothing fits")
}

func TestUnmatchedIsForPeopleWhoEdit(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	p := startBrowser(t).person("vera", "http://"+h.address)
	p.signIn(h.token(viewer("vera")), "/unmatched")
	p.says("Ask an owner or a member")
	p.until(`wedAll('a[href="/unmatched"]').length === 0`)
}
