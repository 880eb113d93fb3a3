package main

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"wedsync/store/sqlite"
	"wedsync/testdata/providers"
)

// atProviders has a hub read accounts at a server that speaks as the providers.
func atProviders(url string) []string {
	return []string{
		"--allow-private-targets", "--twilio-url", url + "/twilio",
		"--google-client-id", providers.ClientID, "--google-client-secret", providers.ClientSecret, "--google-url", url + "/google",
	}
}

func TestOwnersConnectAccountsAndSeeHowFarTheyAreRead(t *testing.T) {
	t.Parallel()
	const sid, token = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef" //nolint:gosec // of a test server
	server := providers.New(providers.Options{Seed: 1})
	server.AddAccount(providers.Google, "anna@barn.example", "Anna")
	server.Telephone(sid, token, "+442079460018")
	at := httptest.NewServer(server)
	t.Cleanup(at.Close)
	h := startHubFlags(t, atProviders(at.URL)...)
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/integrations?show=accounts")
	p.says("No account is connected")

	// Twilio is known by its token, which is not shown.
	p.click("button.primary")
	p.choose("select#provider", "twilio")
	p.fill("input#sid", sid)
	p.fill(`input#token[type="password"]`, "fedcba9876543210fedcba9876543210")
	p.fill("input#numbers", "+44 20 7946 0018")
	p.expect("422")
	p.tap(doIt)
	p.see(`input#token[aria-invalid="true"]`)
	p.says("is not what Twilio has for this account")
	p.fill("input#token", token)
	p.tap(doIt)
	p.until("!wed('dialog')")
	p.until(`wedAll('li[data-state="up_to_date"]').length === 2`)
	p.says("Text messages up to date")

	// A mailbox's owner agrees at Google, which sends the browser back.
	p.click("button.primary")
	p.choose("select#level", "subject")
	p.expect(leftEarly)
	p.tap(doIt)
	p.says("anna@barn.example is connected")
	p.tap("a")
	p.see("wed-accounts")
	p.until(`wedAll('li[data-state="up_to_date"]').length === 4`)
	p.says("anna@barn.example Google · colleagues see who, when and the subject")
	p.accessible("accounts", allRules)

	// What was taken back at the provider has to be connected again.
	server.Disconnect(providers.Google, "anna@barn.example")
	server.ExpireTokens(providers.Google, "anna@barn.example")
	p.tap(`button[aria-label="Read now: anna@barn.example"]`)
	p.see(`button[aria-label="Connect again: anna@barn.example"]`)
	p.says("The permission to read the account was taken back")
	command := func(args ...string) (string, error) {
		return wedsync(t, append(append([]string{"communications"}, args...), "--url", "http://"+h.address, "--token", h.token(owner("olga")))...)
	}
	if out, err := command("accounts"); err != nil || !strings.Contains(out, "twilio_calls: up to date") || !strings.Contains(out, "gmail: reconnect: the permission") {
		t.Errorf("%s, %v", out, err)
	}
	ada := h.api(owner("olga")).create(map[string]any{"name": "Ada"})
	if out, err := command("sync", "--client", ada.ClientID); err == nil || !strings.Contains(err.Error(), "gmail anna@barn.example: reconnect") || strings.Contains(err.Error(), "twilio") {
		t.Errorf("%s, %v", out, err)
	}

	p.tap(`button[aria-label="Pause: ` + sid + `"]`)
	p.until(`wedAll('li[data-state="paused"]').length === 2`)
	p.tap(`button[aria-label="Settings: ` + sid + `"]`)
	p.fill("input#name", `<img src=x onerror="marked=1">`)
	p.tap(doIt)
	p.until("!wed('dialog')")
	p.says(`<img src=x onerror="marked=1">`)
	p.tap(`button[aria-label="Disconnect: anna@barn.example"]`)
	p.says("What only this account had is removed")
	p.tap("wed-dialog button.danger")
	p.until("wedAll('li.item').length === 1 && wedAll('img[src=x]').length === 0 && window.marked === undefined")
	if strings.Contains(p.eval("wedText()"), token) {
		t.Error("the token is shown")
	}
}

func TestOwnersConnectAnAccountBesideOneThatTheHubCannotRead(t *testing.T) {
	t.Parallel()
	server := providers.New(providers.Options{Seed: 1})
	server.Telephone(twilioSID, twilioPassword, twilioNumber)
	at := httptest.NewServer(server)
	t.Cleanup(at.Close)
	h := startHubFlags(t, atProviders(at.URL)...)
	var lost struct{ ID string }
	h.api(owner("olga")).must("POST", accountsPath, map[string]any{"sid": twilioSID, "token": twilioPassword}, &lost)
	h.stop()
	s, err := sqlite.Open(t.Context(), h.data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Account(t.Context(), lost.ID)
	a.Settings = []byte("{")
	if err := errors.Join(err, s.SetAccount(t.Context(), a), s.Close()); err != nil {
		t.Fatal(err)
	}
	h.start()

	out, err := wedsync(t, "communications", "accounts", "--url", "http://"+h.address, "--token", h.token(owner("olga")))
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, out, lost.ID, "twilio_calls: reconnect: the hub")
	p := startBrowser(t).person("olga", "http://"+h.address)
	p.signIn(h.token(owner("olga")), "/integrations?show=accounts")
	p.says("The hub cannot read what it stored of this account: connect it again, then disconnect this one.")
	p.tap(`button[aria-label="Connect again: ` + lost.ID + `"]`)
	p.until("wed('select#provider')?.value === 'twilio'")
	p.fill("input#sid", twilioSID)
	p.fill("input#token", twilioPassword)
	p.fill("input#numbers", twilioNumber)
	p.tap(doIt)
	p.until("!wed('dialog')")
	p.until(`wedAll('li[data-state="up_to_date"]').length === 2`)
	p.tap(`button[aria-label="Disconnect: ` + lost.ID + `"]`)
	p.tap("wed-dialog button.danger")
	p.until(`wedAll('li.item').length === 1 && wedAll('li[data-state="up_to_date"]').length === 2`)
}
